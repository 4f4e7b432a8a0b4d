"""Cleaning of characters: what a text carries from its container and no reader would miss.

Each rule counts what it changed. The rules leave meaning alone: no lower case, no NFKC, no
removal of marks, code or emoji. Running them twice changes nothing more.

Most texts need nothing. Each rule therefore has a gate, a search that costs a fraction of the
rule and finds whatever the rule could change.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from laras.preparation.layout_noise import clean_layout
from laras.preparation.steps import Step, batch_of
from laras.records import DIALOGUE_SCHEMA
from laras.sources.characters import LIGATURES, clean_characters, replace_counted
from laras.sources.code_fences import fenced_parts

FIXES = pa.list_(pa.struct([("rule", pa.string()), ("count", pa.int64())]))

# A repair can make room for another: what was taken out stood between two spaces. The rules run
# until nothing changes; each shortens the text or brings it into a normal form.
_MOST_PASSES = 12

_ASCII_DEBRIS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_DEBRIS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2060"
    "\u2066-\u2069\u3000\ufb00-\ufb06\ufeff\ufffe\uffff]"
)
# What UTF-8 looks like after it was read as Latin-1, as Windows' code pages 1250 to 1252, or as
# those of the Macintosh and of DOS: the lead byte's character, then a continuation's. All leads
# come first, in one class, so that the search can leap to them.
_MAYBE_MISREAD = re.compile(
    "[\u00c2-\u00f4\u0102-\u0163\u0393\u0420\u0421\u0432\u201a\u221a\u251c](?:"
    "(?<=[\u00c2-\u0163])[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6"
    "\u02dc\u2013-\u203a\u20ac\u2122]"
    "|(?<=[\u00c2\u00c3]) "
    "|(?<=[\u0420\u0421])[\u00a0-\u00bf\u0402-\u040f\u0452-\u045f\u2013-\u203a]"
    "|(?<=\u0432)\u0402|(?<=\u201a)\u00c4|(?<=\u0393)\u00c7|(?<=[\u221a\u251c])[^\\s\\w])"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ESCAPED_TAG = re.compile(r"&(?:lt|#60|#[xX]3[cC]);[A-Za-z/!?|]")
_INLINE_CODE = re.compile(r"`[^`\n]+`")
# Written so that the search can leap from blank to blank; a lookbehind in front would stop it.
_RUN = re.compile(r"[ \t](?<=\S[ \t])[ \t]++(?=\S)")
_BLANK_LINES = re.compile(r"\n\n\n+")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_SOFT_BREAK = re.compile("\u00ad[ \t]?\r?\n[ \t]*+(?=[^\\W\\d_])")


def clean_text(text: str, fixes: Counter[str]) -> str:
    """``text`` repaired; ``fixes`` counts the changes of each rule."""
    text = text.strip("\n").rstrip()
    for _round in range(_MOST_PASSES):
        cleaned = _pass(text, fixes)
        if cleaned == text:
            break
        text = cleaned
    return text


def _pass(text: str, fixes: Counter[str]) -> str:
    text = _clean_debris(text, fixes)
    if "`" not in text and "~~~" not in text:
        return _clean_prose(text, fixes).strip("\n").rstrip()
    parts = code_parts(text)
    # Only whole texts begin and end somewhere; the edges of a part touch code.
    return (
        "".join(part if is_code else _clean_prose(part, fixes) for is_code, part in parts)
        .strip("\n")
        .rstrip()
    )


def _clean_debris(text: str, fixes: Counter[str]) -> str:
    """Repairs of characters, which code needs as much as prose."""
    if text.isascii():
        return clean_characters(text, fixes) if _ASCII_DEBRIS.search(text) else text
    text = _repair_encoding(text, fixes)
    if _DEBRIS.search(text):
        text = replace_counted(_SOFT_BREAK, "", text, fixes, "hyphenation")
        text, count = _LIGATURE.subn(lambda found: LIGATURES[found.group()], text)
        if count:
            fixes["ligatures"] += count
        return clean_characters(text, fixes)
    if not unicodedata.is_normalized("NFC", text):
        return clean_characters(text, fixes)
    return text


def _clean_prose(text: str, fixes: Counter[str]) -> str:
    """Repairs that would spoil code."""
    if "&" in text:
        text = _unescape(text, fixes)
    text = clean_layout(text, fixes)
    if "  " in text or "\t" in text:
        text = replace_counted(_RUN, " ", text, fixes, "spaces")
    if " \n" in text or "\t\n" in text:
        text = _strip_line_ends(text, fixes)
    if "\n\n\n" in text:
        text = replace_counted(_BLANK_LINES, "\n\n", text, fixes, "blank-lines")
    return text


def code_parts(text: str) -> list[tuple[bool, str]]:
    """``text`` in parts, and whether each is a fenced block or inline code."""
    parts: list[tuple[bool, str]] = []
    for is_code, part in fenced_parts(text):
        end = 0
        for found in () if is_code else _INLINE_CODE.finditer(part):
            parts += [(False, part[end : found.start()]), (True, found.group())]
            end = found.end()
        parts.append((is_code, part[end:]))
    return parts


def _repair_encoding(text: str, fixes: Counter[str]) -> str:
    """UTF-8 that was read as something else, where the damage is plain to see.

    The gate comes first: the repair itself is too slow for every row, and must not touch text
    that is right.
    """
    if not _MAYBE_MISREAD.search(text):
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


def _strip_line_ends(text: str, fixes: Counter[str]) -> str:
    lines = text.split("\n")
    stripped = [line.rstrip(" \t") for line in lines[:-1]]
    count = sum(map(str.__ne__, lines, stripped))
    fixes["spaces"] += count
    # What follows the last line break may go on in code.
    return "\n".join([*stripped, lines[-1]])


_DOCUMENT_WRITES = pa.schema([("text", pa.large_string()), ("fixes", FIXES)])
_DIALOGUE_WRITES = pa.schema([DIALOGUE_SCHEMA.field("turns"), ("fixes", FIXES)])


def fixes_as_list(fixes: Mapping[str, int]) -> list[dict[str, object]]:
    """The counts of one record as the column FIXES takes them."""
    return [{"rule": rule, "count": count} for rule, count in sorted(fixes.items())]


def _clean_documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts: list[object] = []
    all_fixes: list[object] = []
    for text in batch.column("text").to_pylist():
        fixes: Counter[str] = Counter()
        texts.append(clean_text(text, fixes))
        all_fixes.append(fixes_as_list(fixes))
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
        all_fixes.append(fixes_as_list(fixes))
    return batch_of(_DIALOGUE_WRITES, {"turns": rows, "fixes": all_fixes})


CLEAN_DOCUMENTS = Step("clean-documents", 3, ("text",), _DOCUMENT_WRITES, _clean_documents)
CLEAN_DIALOGUES = Step("clean-dialogues", 3, ("turns",), _DIALOGUE_WRITES, _clean_dialogues)
