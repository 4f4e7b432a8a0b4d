"""Rows of cells as a Markdown table: in one form, whatever file they come from."""

from __future__ import annotations

from collections.abc import Sequence


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a Markdown table, whose first row is the header; "" where no cell says anything.
    A bar in a cell is escaped."""
    filled = [row for row in rows if any(row)]
    if not filled:
        return ""
    width = max(map(len, filled))
    lines = [_line([*row, *[""] * (width - len(row))]) for row in filled]
    return "\n".join([lines[0], _line(["-"] * width), *lines[1:]])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
