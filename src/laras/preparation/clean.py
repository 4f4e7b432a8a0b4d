"""Cleaning of characters: what a text carries from its container and no reader would miss.

Each rule counts what it changed. The rules leave meaning alone: no lower case, no NFKC, no
removal of marks, code or emoji. Running them twice changes nothing more.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from typing import Any

import pyarrow as pa

from laras.preparation.steps import Step, batch_of
from laras.records import DIALOGUE_SCHEMA

FIXES = pa.list_(pa.struct([("rule", pa.string()), ("count", pa.int64())]))

# UTF-8 read as something else leaves two characters beyond ASCII side by side, or one before a
# space that was a no-break space. Looking for these costs a tenth of asking ftfy.
_MAYBE_MISREAD = re.compile("[^\x00-\x7f]{2}|[\u00c0-\u00ff] ")
_LINE_END = re.compile("\r\n?|[\u2028\u2029\u0085]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u180e]")
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
# The joiners change how Arabic, Indic and emoji are drawn; elsewhere they are debris.
_JOINER = re.compile(
    "(?<![\u0600-\u0dff\u1000-\u109f\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPED_TAG = re.compile(r"&(?:lt|#60|#[xX]3[cC]);[A-Za-z/!?|]")
_CODE = re.compile(r"(^```.*?(?:^```|\Z)|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_RUN = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_text(text: str, fixes: Counter[str]) -> str:
    """``text`` repaired; ``fixes`` counts the changes of each rule."""
    text = _repair_encoding(text, fixes)
    if "&" in text:
        text = _outside_code(text, lambda part: _unescape(part, fixes))
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        fixes["nfc"] += 1
    text = _replace(_LINE_END, "\n", text, fixes, "line-ends")
    text = _replace(_CONTROL, "", text, fixes, "control-characters")
    if not text.isascii():
        text = _replace(_INVISIBLE, "", text, fixes, "invisible-characters")
        text = _replace(_BIDI, "", text, fixes, "direction-marks")
        text = _replace(_JOINER, "", text, fixes, "invisible-characters")
        text = _replace(_ODD_SPACE, " ", text, fixes, "spaces")
    text = _outside_code(text, lambda part: _replace(_RUN, " ", part, fixes, "spaces"))
    text = _replace(_TRAILING, "", text, fixes, "spaces")
    text = _replace(_BLANK_LINES, "\n\n", text, fixes, "blank-lines")
    return text.strip("\n").rstrip()


def _repair_encoding(text: str, fixes: Counter[str]) -> str:
    """UTF-8 that was read as something else, where the damage is plain to see.

    The gate comes first: the repair itself is too slow for every row, and must not touch text
    that is right.
    """
    if text.isascii() or not _MAYBE_MISREAD.search(text):
        return text
    from ftfy import badness, fix_encoding

    if not badness.is_bad(text):
        return text
    repaired: str = fix_encoding(text)
    if repaired == text or badness.badness(repaired) >= badness.badness(text):
        return text
    fixes["encoding"] += 1
    return repaired


def _unescape(text: str, fixes: Counter[str]) -> str:
    """HTML entities as characters, unless that would make a tag or another entity of them."""
    holds_markup = _ESCAPED_TAG.search(text) is not None

    def character(found: re.Match[str]) -> str:
        entity = found.group()
        plain = html.unescape(entity)
        follows = text[found.end() : found.end() + 32]
        makes_tag = plain in "<>" and holds_markup
        makes_entity = plain == "&" and re.match(r"#?\w+;", follows)
        if plain == entity or makes_tag or makes_entity:
            return entity
        fixes["html-entities"] += 1
        return plain

    return _ENTITY.sub(character, text)


def _outside_code(text: str, change: Any) -> str:
    """``change`` applied to what is neither a fenced block nor inline code."""
    if "`" not in text:
        return str(change(text))
    parts = _CODE.split(text)
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))


def _replace(
    pattern: re.Pattern[str], with_text: str, text: str, fixes: Counter[str], rule: str
) -> str:
    text, count = pattern.subn(with_text, text)
    if count:
        fixes[rule] += count
    return text


def _as_list(fixes: Counter[str]) -> list[dict[str, object]]:
    return [{"rule": rule, "count": count} for rule, count in sorted(fixes.items())]


_DOCUMENT_WRITES = pa.schema([("text", pa.large_string()), ("fixes", FIXES)])
_DIALOGUE_WRITES = pa.schema([DIALOGUE_SCHEMA.field("turns"), ("fixes", FIXES)])


def _clean_documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts: list[object] = []
    all_fixes: list[object] = []
    for text in batch.column("text").to_pylist():
        fixes: Counter[str] = Counter()
        texts.append(clean_text(text, fixes))
        all_fixes.append(_as_list(fixes))
    return batch_of(_DOCUMENT_WRITES, {"text": texts, "fixes": all_fixes})


def _clean_dialogues(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows: list[object] = []
    all_fixes: list[object] = []
    for turns in batch.column("turns").to_pylist():
        fixes: Counter[str] = Counter()
        cleaned = [{**turn, "content": clean_text(turn["content"], fixes)} for turn in turns]
        spoken = [turn for turn in cleaned if turn["content"].strip()]
        if len(spoken) < len(cleaned):
            fixes["empty-turns"] += len(cleaned) - len(spoken)
        rows.append(spoken)
        all_fixes.append(_as_list(fixes))
    return batch_of(_DIALOGUE_WRITES, {"turns": rows, "fixes": all_fixes})


CLEAN_DOCUMENTS = Step("clean-documents", 1, ("text",), _DOCUMENT_WRITES, _clean_documents)
CLEAN_DIALOGUES = Step("clean-dialogues", 1, ("turns",), _DIALOGUE_WRITES, _clean_dialogues)
