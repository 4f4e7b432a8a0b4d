"""Rows of tables: what a table says about the thing that its first column names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from laras.preparation.pairs.outline import Section, plain
from laras.preparation.pairs.pair import Pair, Read

_TABLE = re.compile(r"(?:^[ \t]*\|[^\n]*\|[ \t]*(?:\n|\Z)){3,}", re.MULTILINE)
_RULE = re.compile(r"^[\s|:\-]+$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_LEADER = ". . ."  # a table of contents that was taken for a table
_MOST_ROWS = 200  # of one table: a long list of numbers is data, not knowledge


def row_pairs(read: Read) -> Iterator[Pair]:
    """A question for each row whose first cell names it alone."""
    for table in _TABLE.finditer(read.text):
        rows = list(_rows(table.group(), table.start()))
        if len(rows) < 2:
            continue
        (_start, _end, header), *body = rows
        names = Counter(cells[0] for _s, _e, cells in body if cells)
        for start, end, cells in body[:_MOST_ROWS]:
            whole = len(cells) == len(header) and bool(cells[0])
            if not whole or names[cells[0]] > 1 or _LEADER in cells[0]:
                continue
            said = [f"{name}: {cell}" for name, cell in zip(header, cells, strict=True) if cell]
            answer = "; ".join(said[1:])
            if len(said) > 1 and len(answer) <= read.longest:
                yield Pair(_question(read, start, header[0], cells[0]), answer, start, end)


def _rows(table: str, position: int) -> Iterator[tuple[int, int, list[str]]]:
    """Where each row stands in the text, and its cells in plain words."""
    for line in table.splitlines(keepends=True):
        bare = line.strip()
        if bare and not _RULE.match(bare):
            begin = position + len(line) - len(line.lstrip())
            parts = _CELL_BORDER.split(bare.removeprefix("|").removesuffix("|"))
            yield begin, begin + len(bare), [plain(part.replace("\\|", "|")) for part in parts]
        position += len(line)


def _question(read: Read, start: int, column: str, cell: str) -> str:
    holding = next((s for s in read.sections if s.start <= start < s.end), None)
    about = _about(read, holding) if holding else read.title
    thing = f"{column} {cell}".strip()
    if not about:
        return read.asks(
            f"What does the table say about {thing}?", f"Apa isi tabel tentang {thing}?"
        )
    return read.asks(
        f"What does the table in “{about}” say about {thing}?",
        f"Apa isi tabel dalam “{about}” tentang {thing}?",
    )


def _about(read: Read, section: Section) -> str:
    heading = "" if section.heading.endswith("?") else section.heading
    return ", ".join(filter(None, (read.about(section), heading)))
