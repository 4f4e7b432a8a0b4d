"""Cuts a document at headings and paragraphs into passages of about a given length.

Passages cover the document without overlap and in order. Each knows the headings above it, so
that a passage from the middle of a handbook still says what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from laras.sources.code_fences import fence_of

_HEADING = re.compile(r"^(#{1,6})\s+\S")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？;:])\s+|\n")
_LINE_END = re.compile(r"\n")
_TABLE_HEAD = re.compile(r"\|[^\n]*\|[ \t]*\n[ \t]*\|[ \t:|-]+\|[ \t]*(?=\n)")
_SMALLEST_SHARE = 0.25  # a last piece below this share joins the one before it


@dataclass(frozen=True)
class Passage:
    """``text[start:end]`` of the document, and the heading lines above ``start``.

    ``table_head``: the first lines of the table in whose middle the passage begins, else "".
    """

    start: int
    end: int
    headings: tuple[str, ...]
    table_head: str = ""

    def within(self, text: str) -> str:
        """The passage of ``text`` as it is learnt: below the headings and the names of columns
        without which it would not say what it is about."""
        body = text[self.start : self.end]
        if self.table_head:
            body = f"{self.table_head}\n{body}"
        return "\n".join(self.headings) + "\n\n" + body if self.headings else body


@dataclass(frozen=True)
class Block:
    """A paragraph, heading or code block: ``text[start:end]`` of the document."""

    start: int
    end: int
    level: int  # of a heading; 0 for anything else
    table_head: str = ""  # of the table that it continues


def blocks(text: str) -> Iterator[Block]:
    """Paragraphs, headings and whole code blocks, by position."""
    position = 0
    start: int | None = None
    end = 0
    fence = ""  # of the code that the line before stands in
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        heading = None if fence else _HEADING.match(line)
        if start is not None and not fence and (heading or not bare):
            yield Block(start, end, 0)
            start = None
        if heading:
            yield Block(position, position + len(line.rstrip()), len(heading.group(1)))
        elif bare:
            start = position if start is None else start
            end = position + len(line.rstrip())
        fence = fence_of(line, fence)
        position += len(line)
    if start is not None:
        yield Block(start, end, 0)


def _pieces(text: str, block: Block, length: int) -> Iterator[Block]:
    """``block`` itself, or cut at line ends and sentences, then at spaces, where too long.

    A table is cut between rows, and each piece knows the names of the columns.
    """
    start = block.start
    table = _TABLE_HEAD.match(text, start, block.end)
    head = table.group() if table and len(table.group()) < length / 2 else ""
    ends_at = _LINE_END if table else _SENTENCE_END
    while block.end - start > length * 1.25:
        window = text[start : start + length]
        ends = [found.end() for found in ends_at.finditer(window) if found.end() > length / 3]
        cut = ends[-1] if ends else window.rfind(" ") + 1 or length
        end = start + len(text[start : start + cut].rstrip())
        yield Block(start, end, block.level, head if start > block.start else "")
        start += cut
    if text[start : block.end].strip():
        yield Block(start, block.end, block.level, head if start > block.start else "")


def passages(text: str, length: int) -> list[Passage]:
    """``text`` cut into passages of about ``length`` characters (at most 1.5 times that)."""
    above: dict[int, str] = {}
    result: list[Passage] = []
    current: list[Block] = []
    headings: tuple[str, ...] = ()
    pieces = (piece for whole in blocks(text) for piece in _pieces(text, whole, length))
    for block in pieces:
        following = _starts_passage(current, block, length)
        if following is not None:
            if current:
                result.append(_passage(current, headings))
            current = following
            depth = (current[0] if current else block).level or 7
            headings = tuple(above[level] for level in sorted(above) if level < depth)
        current.append(block)
        if block.level:
            above = {level: line for level, line in above.items() if level < block.level}
            above[block.level] = text[block.start : block.end].strip()
    if current:
        result.append(_passage(current, headings))
    return _with_last_joined(result, length)


def _passage(parts: list[Block], headings: tuple[str, ...]) -> Passage:
    return Passage(parts[0].start, parts[-1].end, headings, parts[0].table_head)


def _starts_passage(current: list[Block], block: Block, length: int) -> list[Block] | None:
    """Whether ``block`` ends the passage ``current``: then the headings at its end, which are
    taken out of it, because they belong to what follows. Else None."""
    if not current:
        return []
    size = current[-1].end - current[0].start
    too_long = block.end - current[0].start > length
    at_heading = block.level > 0 and size >= length / 2
    if all(part.level for part in current) or not (too_long or at_heading):
        return None
    following: list[Block] = []
    while current[-1].level:
        following.insert(0, current.pop())
    return following


def _with_last_joined(result: list[Passage], length: int) -> list[Passage]:
    if len(result) < 2:
        return result
    before, last = result[-2:]
    small = last.end - last.start < _SMALLEST_SHARE * length
    if small and last.end - before.start <= length * 1.5:
        return [*result[:-2], replace(before, end=last.end)]
    return result
