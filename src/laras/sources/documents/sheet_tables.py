"""The cells of a sheet as the tables and lines that people see on it.

A sheet may hold several tables, apart by empty rows or columns, with titles above and remarks
beside them. What touches belongs together.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from laras.sources.documents.table_text import table_text

Value = (
    int
    | float
    | str
    | bool
    | datetime.time
    | datetime.date
    | datetime.datetime
    | datetime.timedelta
)
Grid = list[list[str]]
Merge = tuple[tuple[int, int], tuple[int, int]]  # (row, column) of the first and the last cell
_DENSE_SHARE = 0.8
_EXACT_DIGITS = 15  # of a double; what a spreadsheet shows at most
_MAX_MERGED_CELLS = 10_000


@dataclass(frozen=True, slots=True)
class _Area:
    """Rows and columns of a grid: first and one after the last."""

    top: int
    bottom: int
    left: int
    right: int


def shown(value: Value) -> str:
    """A cell as a person reads it: whole numbers without a point, dates as ISO 8601."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 10**_EXACT_DIGITS:
            return str(int(value))
        return f"{value:.{_EXACT_DIGITS}g}"
    if isinstance(value, datetime.datetime):
        if not (value.hour or value.minute or value.second):
            return value.date().isoformat()
        return value.isoformat(" ", "seconds" if value.second else "minutes")
    if isinstance(value, datetime.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def fill_merged(grid: Grid, merges: list[Merge], top: int, left: int) -> None:
    """Repeat the text of merged cells in each of them, so that every row can be read by itself.
    ``top`` and ``left`` say where the grid begins on its sheet."""
    width = max((len(row) for row in grid), default=0)
    for (first_row, first_column), (last_row, last_column) in merges:
        if not (0 <= first_row - top < len(grid) and 0 <= first_column - left < width):
            continue
        text = grid[first_row - top][first_column - left]
        rows = range(first_row - top, min(last_row - top + 1, len(grid)))
        columns = range(first_column - left, min(last_column - left + 1, width))
        if not text or len(rows) * len(columns) > _MAX_MERGED_CELLS:
            continue
        for row in rows:
            for column in columns:
                grid[row][column] = grid[row][column] or text


def sheet_blocks(grid: Grid) -> Iterator[str]:
    """The tables and lines of a sheet, from the top down and from left to right."""
    width = max((len(row) for row in grid), default=0)
    for row in grid:
        row.extend([""] * (width - len(row)))
    for area in _areas(grid, _Area(0, len(grid), 0, width)):
        yield from _written(grid, area)


def _areas(grid: Grid, whole: _Area) -> Iterator[_Area]:
    """Parts of ``whole`` that no empty row or column runs through."""
    waiting = [whole]
    while waiting:
        area = waiting.pop()
        rows = [
            row for row in range(area.top, area.bottom) if any(grid[row][area.left : area.right])
        ]
        parts = [_Area(a, b, area.left, area.right) for a, b in _runs(rows)]
        if len(parts) == 1:
            parts = _side_by_side(grid, parts[0])
        if len(parts) == 1 and parts[0] == area:
            yield area
        else:
            waiting.extend(reversed(parts))


def _side_by_side(grid: Grid, area: _Area) -> list[_Area]:
    columns = [
        column
        for column in range(area.left, area.right)
        if any(grid[row][column] for row in range(area.top, area.bottom))
    ]
    parts: list[_Area] = []
    for left, right in _runs(columns):
        part = _Area(area.top, area.bottom, left, right)
        if parts and _is_one_form(grid, parts[-1], part):
            parts[-1] = _Area(area.top, area.bottom, parts[-1].left, right)
        else:
            parts.append(part)
    return parts


def _is_one_form(grid: Grid, left: _Area, right: _Area) -> bool:
    """Whether one empty column between two parts is but space within the lines of a form: labels
    and what was filled in. Two tables beside each other are both dense, or not in the same rows.
    """
    if right.left - left.right != 1:
        return False
    first, second = _rows_used(grid, left), _rows_used(grid, right)
    if not (first <= second or second <= first):
        return False
    is_column = 1 in (left.right - left.left, right.right - right.left)
    return is_column or not (_is_dense(grid, left) and _is_dense(grid, right))


def _rows_used(grid: Grid, area: _Area) -> set[int]:
    return {row for row in range(area.top, area.bottom) if any(grid[row][area.left : area.right])}


def _is_dense(grid: Grid, area: _Area) -> bool:
    rows = _rows_used(grid, area)
    filled = sum(bool(cell) for row in rows for cell in grid[row][area.left : area.right])
    return filled >= _DENSE_SHARE * len(rows) * (area.right - area.left)


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, one after the last)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _written(grid: Grid, area: _Area) -> Iterator[str]:
    """A table, with the titles that stand right above it as lines of their own."""
    rows = [grid[row][area.left : area.right] for row in range(area.top, area.bottom)]
    table = next((number for number, row in enumerate(rows) if len(_different(row)) > 1), 0)
    if all(row[0] for row in rows[:table]):
        for row in rows[:table]:
            yield row[0]
        rows = rows[table:]
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    rows = [[row[column] for column in used] for row in rows]
    if len(used) == 1:
        yield "\n".join(row[0] for row in rows)
    elif len(rows) == 1 and len(_different(rows[0])) == 1:  # one merged cell
        yield rows[0][0]
    else:
        yield table_text([[" ".join(cell.split()) for cell in row] for row in rows])


def _different(row: list[str]) -> set[str]:
    return {cell for cell in row if cell}
