"""Indonesian written out: reduplication ("anak2") and customary short forms ("yg", "dgn").

Only in texts found to be Indonesian, and there not in code, addresses, file names, units, or names:
a capital letter within a sentence makes a word a name. What a rule can't be sure of stays.
"""

from __future__ import annotations

import re
from collections import Counter

import pyarrow as pa

from laras.preparation.clean import FIXES, code_parts, fixes_as_list
from laras.preparation.indonesian_words import DOUBLED_PART, NUMBERED, SHORT_FORMS
from laras.preparation.steps import Step, batch_of
from laras.records import DIALOGUE_SCHEMA

_DOCUMENT_WRITES = pa.schema([("text", pa.large_string()), ("fixes", FIXES)])
_DIALOGUE_WRITES = pa.schema([DIALOGUE_SCHEMA.field("turns"), ("fixes", FIXES)])

# Not in the middle of an address, a path, a tag, an identifier or a hyphenated word.
_BEFORE = r"(?<![\w.@/\\#:+=&?%$<>~'’-])"
_AFTER = r"(?![\w@/\\#=&%$<>~'’-]|[.:]\w)"
_DOUBLED = re.compile(
    rf"{_BEFORE}([A-Za-z]{{2,24}})[2²](nya|an|ku|mu|kan|lah|kah|pun)?{_AFTER}(?![.,]\d)"
)
_OTHER_NUMBER = re.compile(r"(?<![a-z])([a-z]{2,24})[13](?![a-z\d])")
_SHORT_WORD = re.compile(r"[A-Za-z]+")
_LONGEST_SHORT_FORM = max(map(len, SHORT_FORMS))
_SHORT_FORM = re.compile(rf"{_BEFORE}([A-Za-z]{{2,{_LONGEST_SHORT_FORM}}}){_AFTER}")
_SENTENCE_START = re.compile(r"(?:\A|[\n.!?…:])[\s\"“‘'(*_>-]*\Z")
_LEAST_DOUBLED = 3  # letters: "m2" and "ke2" are not reduplications


def normalise_indonesian(text: str, fixes: Counter[str]) -> str:
    """``text``, which is Indonesian, written out; ``fixes`` counts the changes of each rule."""
    words = set(_SHORT_WORD.findall(text.lower()))
    doubled = "2" in text or "²" in text
    if not doubled and words.isdisjoint(SHORT_FORMS):
        return text
    if "`" not in text and "~~~" not in text:
        return _write_out(text, fixes)
    return "".join(
        part if is_code else _write_out(part, fixes) for is_code, part in code_parts(text)
    )


def _write_out(text: str, fixes: Counter[str]) -> str:
    # Where there is a first or a third, the second is no reduplication.
    numbered = NUMBERED.union(_OTHER_NUMBER.findall(text.lower())) if "2" in text else NUMBERED

    def doubled(found: re.Match[str]) -> str:
        word, suffix = found[1], found[2] or ""
        base = SHORT_FORMS.get(word.lower(), word.lower())
        if len(base) < _LEAST_DOUBLED or base in numbered or " " in base:
            return found.group()
        if _is_name(word, found):
            return found.group()
        fixes["reduplication"] += 1
        return _like(word, f"{base}-{DOUBLED_PART.get(base, base)}{suffix}")

    def short_form(found: re.Match[str]) -> str:
        word = found[1]
        full = SHORT_FORMS.get(word.lower())
        if full is None or _is_name(word, found) or _is_other(word, found):
            return found.group()
        fixes["short-forms"] += 1
        return _like(word, full)

    text = _DOUBLED.sub(doubled, text)
    return _SHORT_FORM.sub(short_form, text)


def _is_name(word: str, found: re.Match[str]) -> bool:
    """Whether capitals make ``word`` a name or an abbreviation of another kind."""
    if word.islower():
        return False
    if not word[1:].islower():
        return True
    before = found.string[max(0, found.start() - 24) : found.start()]
    if found.start() > len(before):
        before = f" {before}"  # what is cut off is no beginning
    return _SENTENCE_START.search(before) is None


def _is_other(word: str, found: re.Match[str]) -> bool:
    """Whether what follows gives the short form another meaning: "dr. Ani", "dr Ani", "tgl."."""
    follows = found.string[found.end() : found.end() + 2]
    if follows[:1] == ".":
        return word.lower() in ("dr", "jln", "tgl", "org", "hr", "bs")
    return word.lower() == "dr" and follows[1:].isupper()


def _like(word: str, written: str) -> str:
    return written if word.islower() else written[0].upper() + written[1:]


def _documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts: list[object] = []
    all_fixes: list[object] = []
    columns = (batch.column(name).to_pylist() for name in ("text", "language"))
    for text, language in zip(*columns, strict=True):
        fixes: Counter[str] = Counter()
        texts.append(normalise_indonesian(text, fixes) if language == "id" else text)
        all_fixes.append(fixes_as_list(fixes))
    return batch_of(_DOCUMENT_WRITES, {"text": texts, "fixes": all_fixes})


def _dialogues(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows: list[object] = []
    all_fixes: list[object] = []
    columns = (batch.column(name).to_pylist() for name in ("turns", "language"))
    for turns, language in zip(*columns, strict=True):
        fixes: Counter[str] = Counter()
        if language == "id":
            turns = [{**t, "content": normalise_indonesian(t["content"], fixes)} for t in turns]
        rows.append(turns)
        all_fixes.append(fixes_as_list(fixes))
    return batch_of(_DIALOGUE_WRITES, {"turns": rows, "fixes": all_fixes})


NORMALISE_DOCUMENTS = Step(
    "normalise-indonesian-documents", 2, ("text", "language"), _DOCUMENT_WRITES, _documents
)
NORMALISE_DIALOGUES = Step(
    "normalise-indonesian-dialogues", 2, ("turns", "language"), _DIALOGUE_WRITES, _dialogues
)
