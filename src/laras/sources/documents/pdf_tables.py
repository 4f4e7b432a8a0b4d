"""PDF: tables where ruling lines or the alignment of cells make them certain, as rows of cells.

A table that is taken for prose loses its grid; prose that is taken for a table loses its reading
order, which is worse. So in doubt there is no table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from laras.sources.documents.pdf_lines import Line, Piece
from laras.sources.documents.pdf_rules import Grid
from laras.sources.documents.table_text import table_text

_WIDE = 0.9  # of the letters' height: a gap between cells
_LEAST_ROWS = 3
_MOST_COLUMNS = 24
_CELL = 40  # characters: shorter lines may belong to a table whose other lines have gaps
_LONG_CELL = 45
_PROSE_LINE = 20
_LONG_RULED_CELL = 200
_LEADERS = re.compile(r"(?:\s?[._]){5,}")
_LABEL = re.compile(r"^(?:[^\w\s]{1,2}|[\[(]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[\])]?\.?)$")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Rows of cells, and the numbers of the lines that they were made of."""

    rows: tuple[tuple[str, ...], ...]
    lines: frozenset[int]

    @property
    def markdown(self) -> str:
        """The table in Markdown; its first row is the header."""
        return table_text(self.rows)


def tables_in(lines: Sequence[Line], grids: Sequence[Grid]) -> list[FoundTable]:
    """The tables on a page: first what is ruled, then what is aligned."""
    tables: list[FoundTable] = []
    taken: set[int] = set()
    for grid in sorted(grids, key=_area, reverse=True):
        table = _ruled(lines, grid, taken)
        if table:
            tables.append(table)
            taken |= table.lines
    for run in _runs(lines, taken):
        table = _aligned(lines, run)
        if table:
            tables.append(table)
    return tables


def may_hold_tables(lines: Sequence[Line]) -> bool:
    """Whether it is worth looking for ruling lines."""
    return sum(_has_cells(line) for line in lines) >= 2


def _area(grid: Grid) -> float:
    return (grid.downs[-1] - grid.downs[0]) * (grid.alongs[-1] - grid.alongs[0])


def _pieces(line: Line) -> Sequence[Piece]:
    return line.pieces or (Piece(line.text, line.left, line.right),)


def _has_cells(line: Line) -> bool:
    return (
        not line.is_fixed
        and not _LEADERS.search(line.text)
        and any(
            after.left - before.right > _WIDE * line.size for before, after in pairwise(line.pieces)
        )
        and not _LABEL.match(line.pieces[0].text)
    )


def _ruled(lines: Sequence[Line], grid: Grid, taken: set[int]) -> FoundTable | None:
    top, bottom = grid.downs[0], grid.downs[-1]
    left, right = grid.alongs[0], grid.alongs[-1]
    cells: dict[tuple[int, int], list[tuple[float, int, float, str]]] = {}
    used: set[int] = set()
    pieces = crossing = 0
    for number, line in enumerate(lines):
        middle = line.down - 0.3 * line.size  # of the letters, which stand on the base line
        if number in taken or not top < middle < bottom:
            continue
        if not left - line.size < min(line.left, line.right) < right:
            continue
        used.add(number)
        row = sum(place < middle for place in grid.downs) - 1
        for piece in _pieces(line):
            pieces += 1
            begins = _band(grid.alongs, piece.left + 0.25 * line.size)
            ends = _band(grid.alongs, piece.right - 0.25 * line.size)
            crossing += begins != ends
            column = (
                begins if begins == ends else _band(grid.alongs, (piece.left + piece.right) / 2)
            )
            cells.setdefault((row, column), []).append((line.down, number, piece.left, piece.text))
    rows_used = sorted({row for row, _column in cells})
    columns_used = sorted({column for _row, column in cells})
    if len(rows_used) < 2 or len(columns_used) < 2 or crossing > 0.1 * pieces:
        return None
    rows = [[_cell(cells.get((row, column), [])) for column in columns_used] for row in rows_used]
    filled = [cell for row in rows for cell in row if cell]
    if len(filled) < 0.25 * len(rows) * len(columns_used):
        return None
    if sum(map(len, filled)) > _LONG_RULED_CELL * len(filled):  # a page in boxes
        return None
    return FoundTable(tuple(tuple(row) for row in rows), frozenset(used))


def _band(places: Sequence[float], at: float) -> int:
    return min(max(sum(place <= at for place in places) - 1, 0), len(places) - 2)


def _cell(parts: list[tuple[float, int, float, str]]) -> str:
    """The text of a cell: its parts in the order of its lines (those a sign's height apart are
    one line, from left to right)."""
    ordered = sorted(parts, key=lambda part: (round(part[0] / 3), part[1], part[2]))
    return " ".join(part[3] for part in ordered).strip()


def _runs(lines: Sequence[Line], taken: set[int]) -> list[list[int]]:
    """Lines that follow each other and may be rows of one table."""
    runs: list[list[int]] = []
    run: list[int] = []
    for number, line in enumerate(lines):
        fits = number not in taken and line.is_upright and not line.is_fixed
        if fits and run:
            near = abs(line.down - lines[run[-1]].down) < 3.5 * line.size
            fits = near and (_has_cells(line) or len(line.text) <= _CELL)
        elif fits:
            fits = _has_cells(line)
        if fits:
            run.append(number)
            continue
        if run:
            runs.append(run)
        run = [number] if number not in taken and line.is_upright and _has_cells(line) else []
    if run:
        runs.append(run)
    trimmed = (_with_header(lines, _trimmed(lines, run), taken) for run in runs)
    return [run for run in trimmed if sum(_has_cells(lines[at]) for at in run) >= _LEAST_ROWS]


def _trimmed(lines: Sequence[Line], run: list[int]) -> list[int]:
    """The run up to its last line with cells."""
    last = max((at for at in range(len(run)) if _has_cells(lines[run[at]])), default=-1)
    return run[: last + 1]


def _with_header(lines: Sequence[Line], run: list[int], taken: set[int]) -> list[int]:
    """The run with the short lines right above it, which may be parts of its header."""
    if not run:
        return run
    left = min(min(lines[at].left, lines[at].right) for at in run)
    right = max(max(lines[at].left, lines[at].right) for at in run)
    first = run[0]
    while (
        first > 0
        and first - 1 not in taken
        and run[0] - first < 8
        and len(lines[first - 1].text) <= _CELL / 2
        and abs(lines[run[0]].down - lines[first - 1].down) < 2.2 * lines[run[0]].size
        and left - 20 <= lines[first - 1].left
        and lines[first - 1].right <= right + 20
    ):
        first -= 1
    return [*range(first, run[0]), *run]


def _aligned(lines: Sequence[Line], run: list[int]) -> FoundTable | None:
    rows = _visual_rows(lines, run)
    parts = [[piece for at in row for piece in _pieces(lines[at])] for row in rows]
    size = median(lines[at].size for at in run)
    gutters = _gutters(parts, size)
    if not 1 <= len(gutters) < _MOST_COLUMNS:
        return None
    columns = len(gutters) + 1
    grid: list[list[str]] = []
    edges: list[list[tuple[float, float]]] = [[] for _ in range(columns)]
    crossing = 0
    for row in parts:
        cells: list[list[Piece]] = [[] for _ in range(columns)]
        for piece in row:
            column = sum((piece.left + piece.right) / 2 > gutter for gutter in gutters)
            crossing += any(piece.left < gutter < piece.right for gutter in gutters)
            cells[column].append(piece)
        grid.append([_cell([(0, at, 0, p.text) for at, p in enumerate(c)]) for c in cells])
        for column, cell in enumerate(cells):
            if cell:
                edges[column].append((min(p.left for p in cell), max(p.right for p in cell)))
    if crossing > 0.1 * sum(map(len, parts)) or not _is_certain(grid, edges, size):
        return None
    downs = [median(lines[at].down for at in row) for row in rows]
    merged = _merged(grid, downs, size)
    return FoundTable(tuple(tuple(row) for row in merged), frozenset(run))


def _visual_rows(lines: Sequence[Line], run: list[int]) -> list[list[int]]:
    """The lines of a run by base line, each row from left to right."""
    rows: list[list[int]] = []
    for at in sorted(run, key=lambda at: (lines[at].down, lines[at].left)):
        if rows and lines[at].down - lines[rows[-1][0]].down < 0.3 * lines[at].size:
            rows[-1].append(at)
        else:
            rows.append([at])
    return [sorted(row, key=lambda at: lines[at].left) for row in rows]


def _gutters(rows: list[list[Piece]], size: float) -> list[float]:
    """The middles of the white stripes that run down through (nearly) all rows."""
    spans = [(piece.left, piece.right) for row in rows for piece in row]
    starts, ends = sorted(a for a, _b in spans), sorted(b for _a, b in spans)
    allowed = len(rows) // 10
    gutters: list[float] = []
    covered = at_start = 0
    begin: float | None = None
    for end in ends:
        while at_start < len(starts) and starts[at_start] < end:
            if covered <= allowed and begin is not None and starts[at_start] - begin >= 0.5 * size:
                gutters.append((begin + starts[at_start]) / 2)
            covered += 1
            at_start += 1
            if covered > allowed:
                begin = None
        covered -= 1
        if covered <= allowed:
            begin = end
    return gutters


def _is_certain(grid: list[list[str]], edges: list[list[tuple[float, float]]], size: float) -> bool:
    """Whether rows are full, columns aligned, and cells not the lines of two columns of prose."""
    several = [row for row in grid if sum(map(bool, row)) >= 2]
    least = _LEAST_ROWS + (len(grid[0]) == 2)  # two columns are more easily there by chance
    if len(several) < least or len(several) < 0.6 * len(grid):
        return False
    cells = [cell for row in grid for cell in row if cell]
    if len(cells) < 0.45 * len(grid) * len(grid[0]):
        return False
    if any(len(column) < max(2, 0.3 * len(grid)) for column in edges):
        return False
    first = [row[0] for row in grid if row[0]]
    if len(grid[0]) == 2 and sum(bool(_LABEL.match(cell)) for cell in first) > 0.5 * len(first):
        return False  # a list
    if sum(len(cell) > _LONG_CELL for cell in cells) > 0.35 * len(cells):
        return False
    if sum(_goes_on([row[column] for row in grid]) for column in range(len(grid[0]))) >= 2:
        return False
    return all(_is_aligned(column, size) for column in edges)


def _goes_on(cells: list[str]) -> bool:
    """Whether the cells of a column are lines of prose: long, and sentences run through them."""
    if sum(map(len, cells)) < _PROSE_LINE * len(cells):
        return False
    pairs = [(above, below) for above, below in pairwise(cells) if above and below]
    running = sum(above[-1].isalpha() and below[0].islower() for above, below in pairs)
    return running >= 0.3 * max(len(pairs), 1)


def _is_aligned(cells: list[tuple[float, float]], size: float) -> bool:
    lefts, rights = [a for a, _ in cells], [b for _, b in cells]
    middles = [(a + b) / 2 for a, b in cells]
    return any(
        sum(abs(place - median(places)) <= 0.6 * size for place in places) >= 0.6 * len(places)
        for places in (lefts, rights, middles)
    )


def _merged(grid: list[list[str]], downs: list[float], size: float) -> list[list[str]]:
    """Rows with the further lines of their cells put to them: what stands less than a line below
    the row above, or goes on below it with an empty first cell."""
    full = [down for row, down in zip(grid, downs, strict=True) if row[0]]
    usual = median([b - a for a, b in pairwise(full)] or [0.0])
    merged = [grid[0]]
    for row, before, down in zip(grid[1:], downs, downs[1:], strict=False):
        gap = down - before
        goes_on = not row[0] and gap < 0.8 * usual
        if gap < 0.6 * size or goes_on:
            merged[-1] = [f"{a} {b}".strip() for a, b in zip(merged[-1], row, strict=True)]
        else:
            merged.append(row)
    return merged
