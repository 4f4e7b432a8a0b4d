"""A document as its headings with what stands under each, by position in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from laras.preparation.chunks import Block, blocks

# Anchors that site generators put behind headings go with the other markup.
_MARKUP = re.compile(r"\s*\{[#/][^{}]*\}\s*$|^#{1,6}\s+|\s+#+$|[*`]+|(?<!\w)_+|_+(?!\w)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
# "3.2 Payment", "IV. Results", "Bab 2: Cuti": the number says nothing about the content.
_NUMBER = re.compile(
    r"^(?:(?:bab|pasal|bagian|chapter|section|part)\s+)?(?:\d+(?:\.\d+)*|[ivxlc]+)[.):]\s+"
    r"|^\d+(?:\.\d+)+\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading in plain words, the plain headings above it, and its own text
    ``text[start:end]``, which ends where the next heading begins."""

    heading: str
    level: int
    above: tuple[str, ...]
    start: int
    end: int
    blocks: tuple[Block, ...]


def plain(line: str) -> str:
    """A heading or a cell without its markup."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", line.strip())).split())


def without_number(heading: str) -> str:
    """``heading`` without the number of its chapter, unless nothing else is in it."""
    return _NUMBER.sub("", heading) or heading


def sections(text: str) -> list[Section]:
    """The sections of ``text`` in order; what stands before the first heading has none."""
    found: list[Section] = []
    above: dict[int, str] = {}
    heading: Block | None = None
    body: list[Block] = []

    def close() -> None:
        if heading is None:
            return
        name = plain(text[heading.start : heading.end])
        parents = tuple(above[level] for level in sorted(above) if level < heading.level)
        start, end = (body[0].start, body[-1].end) if body else (heading.end, heading.end)
        found.append(Section(name, heading.level, parents, start, end, tuple(body)))

    for block in blocks(text):
        if not block.level:
            body.append(block)
            continue
        close()
        heading, body = block, []
        above = {level: name for level, name in above.items() if level < block.level}
        above[block.level] = plain(text[block.start : block.end])
    close()
    return found


def title_of(given: str, found: Sequence[Section]) -> str:
    """What the document calls itself: its title, else its only heading of the first level."""
    if given.strip():
        return plain(given)
    first = [section.heading for section in found if section.level == 1]
    return first[0] if len(first) == 1 else ""
