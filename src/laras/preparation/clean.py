"""Cleaning of characters: what a text carries from its container and no reader would miss.

Each rule counts what it changed. The rules leave meaning alone: no lower case, no NFKC, no
removal of marks, code or emoji. Running them twice changes nothing more.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any

import pyarrow as pa

from laras.preparation.steps import Step, batch_of
from laras.records import DIALOGUE_SCHEMA
from laras.sources.characters import clean_characters, replace_counted

FIXES = pa.list_(pa.struct([("rule", pa.string()), ("count", pa.int64())]))

# UTF-8 read as something else leaves two characters beyond ASCII side by side, or one before a
# space that was a no-break space. Looking for these costs a tenth of asking ftfy.
_MAYBE_MISREAD = re.compile("[^\x00-\x7f]{2}|[\u00c0-\u00ff] ")
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
    text = clean_characters(text, fixes)
    text = _outside_code(text, lambda part: replace_counted(_RUN, " ", part, fixes, "spaces"))
    text = replace_counted(_TRAILING, "", text, fixes, "spaces")
    text = replace_counted(_BLANK_LINES, "\n\n", text, fixes, "blank-lines")
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
