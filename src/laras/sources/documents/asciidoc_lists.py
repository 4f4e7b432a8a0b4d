"""AsciiDoc's lists: bulleted, numbered, of terms, and what ``+`` joins to their items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from laras.sources.documents.asciidoc_lines import ATTRIBUTES, DELIMITER, DIRECTIVE

if TYPE_CHECKING:
    from laras.sources.documents.asciidoc_blocks import Cursor

_ITEM = re.compile(r"^\s*(\*{1,6}|-|\.{1,6}|\d{1,6}\.|[a-zA-Z]\.|<(?:\d{1,4}|\.)>)[ \t]+(\S.*)$")
_CHECK = re.compile(r"^\[[ xX*]\][ \t]+")
_TERM = re.compile(r"^\s*(\S.*?)(:{2,4}|;;)(?:[ \t]+(\S.*))?$")
MAX_DEPTH = 20


def list_text(cursor: Cursor) -> str:
    """Items with those below them, until something else comes."""
    written: list[str] = []
    marks: list[str] = []
    numbers: list[int] = []
    while cursor.at < len(cursor.lines):
        line = cursor.lines[cursor.at]
        item = _ITEM.match(line)
        if not line.strip():
            ahead = _after_blank(cursor)
            if ahead is None:
                break
            cursor.at = ahead
        elif line == "+":
            written += _attached(cursor, len(marks))
        elif item:
            if marks and (marks[0][0] == "<") != (item.group(1)[0] == "<"):
                break  # the notes to a piece of code are a list of their own
            mark = _kind(item.group(1))
            depth = _depth(mark, marks, numbers)
            numbers[depth] += 1
            shown = "-" if mark[0] in "*-" else f"{numbers[depth]}."
            text = _CHECK.sub("", item.group(2))
            written.append(f"{'  ' * depth}{shown} {_item_text(cursor, text)}")
        elif term := _term(line):
            _depth(term.group(2), marks, numbers)
            gap = [""] if written else []
            written += [*gap, cursor.inline(term.group(1))]
            meaning = _item_text(cursor, term.group(3) or "")
            written += [f": {meaning}"] if meaning else []
        else:
            break
    return "\n".join(written)


def _kind(mark: str) -> str:
    """What the marks of one list have in common: ``2.`` and ``3.`` are ``1.``."""
    if mark[0] == "<":
        return "<1>"
    if mark[0].isdigit():
        return "1."
    return "a." if mark[0].isalpha() else mark


def _term(line: str) -> re.Match[str] | None:
    if "::" not in line and ";;" not in line:
        return None
    return _TERM.match(line) if not DIRECTIVE.match(line) else None


def starts_item(line: str) -> bool:
    """Whether a list, or its next item, begins here."""
    return bool(_ITEM.match(line)) or _term(line) is not None


def _item_text(cursor: Cursor, first: str) -> str:
    cursor.at += 1
    lines = cursor.take_while(
        lambda line: (
            bool(line.strip())
            and line != "+"
            and not starts_item(line)
            and not DELIMITER.match(line)
            and not ATTRIBUTES.match(line)
        )
    )
    return cursor.inline(" ".join([first, *(line.strip() for line in lines)]).strip())


def _after_blank(cursor: Cursor) -> int | None:
    at = cursor.at
    while at < len(cursor.lines) and (not cursor.lines[at].strip()):
        at += 1
    goes_on = at < len(cursor.lines) and starts_item(cursor.lines[at])
    return at if goes_on else None


def _attached(cursor: Cursor, depth: int) -> list[str]:
    """The block that a line with ``+`` joins to the item above it."""
    cursor.at += 1
    if cursor.state.depth > MAX_DEPTH:
        return []
    inner = cursor.again()
    cursor.state.depth += 1
    while inner.at < len(cursor.lines) and not inner.found:
        inner.next()
    cursor.state.depth -= 1
    cursor.at = inner.at
    indent = "  " * depth
    return [indent + line for block in inner.found for line in block.split("\n")]


def _depth(mark: str, marks: list[str], numbers: list[int]) -> int:
    """How deep an item with this mark lies: a new mark begins a list in the one before."""
    if mark in marks:
        depth = marks.index(mark)
        del marks[depth + 1 :], numbers[depth + 1 :]
    else:
        depth = len(marks)
        marks.append(mark)
        numbers.append(0)
    return depth
