"""PDF: lines on pages to running text: headers and footers out, paragraphs, headings and tables.

What belongs together is decided page by page; what repeats, how large the body's letters are and
which words there are is known only from the whole document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from laras.sources.documents.pdf_headings import Typography, heading_level, typography
from laras.sources.documents.pdf_lines import Line
from laras.sources.documents.pdf_order import in_reading_order
from laras.sources.documents.pdf_paragraphs import SENTENCE_END, code_text, one_text, paragraphs
from laras.sources.documents.pdf_rules import Grid
from laras.sources.documents.pdf_running import without_running_lines
from laras.sources.documents.pdf_tables import FoundTable, tables_in
from laras.sources.documents.pdf_words import join, vocabulary

_NOTE = re.compile(r"^\^?(\d{1,3})\)?\s+(?=\S)")
_MARK = re.compile(r"\[\^(\d{1,3})\]")
_TYPEWRITTEN = 0.5  # of all letters: then equal widths say nothing about code


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading (with its ``level`` from 1), table, footnote or block of code.

    ``size`` is the height of its letters, ``place`` where on its page (from 0) it begins;
    ``breaks`` are the pages on which it goes on, each with the offset in its text.
    """

    kind: str
    text: str
    page: int
    level: int = 0
    size: float = 0.0
    place: float = 0.0
    breaks: tuple[tuple[int, int], ...] = ()

    @property
    def written(self) -> str:
        """The block as it stands in the text."""
        return f"{'#' * self.level} {self.text}" if self.kind == "heading" else self.text


@dataclass(frozen=True, slots=True)
class JoinedPages:
    """Running text, the offset in it at which each page begins, its first heading, its parts,
    and how many lines of which kind were left out."""

    text: str
    page_starts: tuple[int, ...]
    first_heading: str
    blocks: tuple[Block, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)


def join_pages(
    pages: Sequence[Sequence[Line]], grids: Sequence[Sequence[Grid]] | None = None
) -> JoinedPages:
    """The text of ``pages``: paragraphs apart by a blank line, headings as ``#`` lines, tables
    in Markdown. ``grids`` are the ruled grids of each page."""
    blocks, left_out = blocks_of(pages, grids)
    return joined(blocks, len(pages), left_out)


def joined(
    blocks: Sequence[Block], pages: int, left_out: Counter[str] | None = None
) -> JoinedPages:
    """Blocks of a document of so many pages as running text."""
    starts: list[int | None] = [None] * pages
    length = 0
    parts = [block.written for block in blocks]
    for block, part in zip(blocks, parts, strict=True):
        extra = len(part) - len(block.text)
        for page, offset in ((block.page, -extra), *block.breaks):
            if starts[page] is None:
                starts[page] = length + extra + offset
        length += len(part) + 2
    text = "\n\n".join(parts)
    following = len(text)
    known: list[int] = []
    for start in reversed(starts):  # a page without text begins where the next one does
        following = min(following, len(text) if start is None else start)
        known.append(following)
    first = next((block.text for block in blocks if block.kind == "heading"), "")
    return JoinedPages(
        text, tuple(reversed(known)), first, tuple(blocks), left_out or Counter[str]()
    )


def blocks_of(
    pages: Sequence[Sequence[Line]], grids: Sequence[Sequence[Grid]] | None = None
) -> tuple[list[Block], Counter[str]]:
    """The blocks of a document in the order in which they are read, and what was left out."""
    kept, left_out = without_running_lines(pages)
    words = vocabulary(line.text for page in kept for line in page)
    letters = typography(kept)
    total = sum(len(line.text) for page in kept for line in page)
    fixed = sum(len(line.text) for page in kept for line in page if line.is_fixed)
    if fixed > _TYPEWRITTEN * total:
        kept = [[replace(line, is_fixed=False) for line in page] for page in kept]
    blocks: list[Block] = []
    for number, page in enumerate(kept):
        tables = tables_in(page, grids[number] if grids else ())
        new = _page_blocks(page, tables, number, letters, words)
        _continue(blocks, new, words)
        blocks.extend(new)
    return blocks, left_out


def _page_blocks(
    page: list[Line],
    tables: Sequence[FoundTable],
    number: int,
    letters: Typography,
    words: Counter[str],
) -> list[Block]:
    """The blocks of one page. A table stands in the order of reading as one line of its size."""
    by_line: dict[Line, FoundTable] = {}
    lines = [line for line in page if line.is_upright]
    for table in tables:
        inside = [page[at] for at in sorted(table.lines)]
        marker = Line(
            "",
            min(min(line.left, line.right) for line in inside),
            max(max(line.left, line.right) for line in inside),
            max(line.down for line in inside),
            max(line.size for line in inside),
            min(line.place for line in inside),
        )
        by_line[marker] = table
        within = set(inside)
        first = next((at for at, line in enumerate(lines) if line in within), len(lines))
        before = [line for line in lines[:first] if line not in within]
        lines = [*before, marker, *(line for line in lines[first:] if line not in within)]
    blocks: list[Block] = []
    run: list[Line] = []
    for line in [*in_reading_order(lines), None]:
        if line is not None and line not in by_line:
            run.append(line)
            continue
        blocks += _text_blocks(run, number, letters, words)
        run = []
        if line is not None:
            markdown = by_line[line].markdown
            blocks.append(Block("table", markdown, number, 0, line.size, line.place))
    return _with_notes(blocks, letters)


def _text_blocks(
    lines: list[Line], number: int, letters: Typography, words: Counter[str]
) -> list[Block]:
    blocks = []
    for group in paragraphs(lines, letters.body):
        first = group[0]
        if first.is_fixed and len(group) > 1:
            blocks.append(Block("code", code_text(group), number, 0, first.size, first.place))
            continue
        level = heading_level(group, letters)
        text = one_text(group, words)
        if text:
            kind = "heading" if level else "paragraph"
            blocks.append(Block(kind, text, number, level, first.size, first.place))
    return blocks


def _with_notes(blocks: list[Block], letters: Typography) -> list[Block]:
    """The page's footnotes, told by the marks in its text, in the form that Markdown has."""
    marks = {mark for block in blocks for mark in _MARK.findall(block.text)}
    if not marks:
        return blocks
    with_notes = []
    for block in blocks:
        found = _NOTE.match(block.text) if block.size < 0.95 * letters.body else None
        if block.kind == "paragraph" and found and found.group(1) in marks:
            text = f"[^{found.group(1)}]: {block.text[found.end() :]}"
            with_notes.append(replace(block, kind="note", text=text))
        else:
            with_notes.append(block)
    return with_notes


def _continue(blocks: list[Block], new: list[Block], words: Counter[str]) -> None:
    """Where a sentence goes on over the page, put its rest (taken out of ``new``) to it."""
    at = len(blocks) - 1
    while at >= 0 and blocks[at].kind == "note":
        at -= 1
    if at < 0 or not new or blocks[at].kind != "paragraph" or new[0].kind != "paragraph":
        return
    before, after = blocks[at], new[0]
    if before.page != after.page - 1 and not any(p == after.page - 1 for p, _ in before.breaks):
        return
    if before.text.endswith(SENTENCE_END) or not after.text[0].islower():
        return
    text = join(before.text, after.text, words)
    pages = (*before.breaks, (after.page, len(text) - len(after.text)))
    blocks[at] = replace(before, text=text, breaks=pages)
    del new[0]
