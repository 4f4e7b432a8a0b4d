"""Paragraphs and styles of OpenDocument files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE = f"{_NAMES}office:1.0}}"
STYLE = f"{_NAMES}style:1.0}}"
TABLE = f"{_NAMES}table:1.0}}"
TEXT = f"{_NAMES}text:1.0}}"
DRAW = f"{_NAMES}drawing:1.0}}"
_MAX_SPACES = 100
_MAX_DEPTH = 20
_LIST_LEVELS = (f"{TEXT}list-level-style-number", f"{TEXT}list-level-style-bullet")
# Blocks that stand in a paragraph, and what is not to be read.
_NOT_INLINE = frozenset(
    (f"{DRAW}frame", f"{DRAW}custom-shape", f"{OFFICE}annotation", f"{TEXT}ruby-text")
)


class Notes:
    """Footnotes and endnotes in the order in which the text refers to them."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def mark(self, note: Any) -> str:
        """What stands in the text for a note."""
        paragraphs = (
            paragraph_text(paragraph, None) for paragraph in note.iter(f"{TEXT}p", f"{TEXT}h")
        )
        self._notes.append(" ".join(" ".join(paragraphs).split()))
        return f"[^{len(self._notes)}]"

    def texts(self) -> Iterator[str]:
        """The notes, each with its mark."""
        for number, text in enumerate(self._notes, 1):
            if text:
                yield f"[^{number}]: {text}"


class Styles:
    """Which paragraphs are titles or code, and which lists are numbered."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._parents: dict[str, str] = {}
        self._numbered: dict[str, dict[int, bool]] = {}
        for root in roots:
            for style in root.iter(f"{STYLE}style"):
                name = style.get(f"{STYLE}name", "")
                self._parents.setdefault(name, style.get(f"{STYLE}parent-style-name", ""))
            for style in root.iter(f"{TEXT}list-style"):
                levels = {
                    number_of(level, f"{TEXT}level", 1): level.tag == _LIST_LEVELS[0]
                    and bool(level.get(f"{STYLE}num-format"))
                    for level in style.iterchildren(*_LIST_LEVELS)
                }
                self._numbered.setdefault(style.get(f"{STYLE}name", ""), levels)

    def is_numbered(self, list_style: str, level: int) -> bool:
        """Whether items of a list have numbers at a level, counted from 1."""
        return self._numbered.get(list_style, {}).get(level, False)

    def names(self, style: str) -> Iterator[str]:
        """The name of a style and of those it is based on, in lower case, ``_20_`` as space."""
        for _depth in range(_MAX_DEPTH):
            if not style:
                return
            yield style.replace("_20_", " ").lower()
            style = self._parents.get(style, "")


def number_of(element: Any, attribute: str, default: int) -> int:
    """A small whole number among the attributes."""
    given = element.get(attribute, "")
    return int(given[:6]) if given.isdecimal() else default


def paragraph_text(paragraph: Any, notes: Notes | None) -> str:
    """Text with line breaks, tabs and the spaces that XML would fold. Without ``notes``, marks of
    notes are left out."""
    parts: list[str] = []
    stack: list[Any] = [paragraph]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        if item is not paragraph and item.tail:
            # What follows an element belongs to what it stands in.
            stack.append(" ".join(item.tail.split("\n")))
        tag = item.tag
        if tag == f"{TEXT}s":
            parts.append(" " * min(number_of(item, f"{TEXT}c", 1), _MAX_SPACES))
        elif tag == f"{TEXT}tab":
            parts.append("\t")
        elif tag == f"{TEXT}line-break":
            parts.append("\n")
        elif tag == f"{TEXT}note":
            parts.append(notes.mark(item) if notes else "")
        elif tag not in _NOT_INLINE:
            stack.extend(reversed(item))
            stack.append((item.text or "").replace("\n", " "))
    return "".join(parts)
