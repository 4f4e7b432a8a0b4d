"""Rows of cells as a Markdown table: in one form, whatever file they come from."""

from __future__ import annotations

from collections.abc import Sequence


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a Markdown table, whose first row is the header; "" where no cell says anything.

    Cells are given as they read: a bar in one is escaped here, and what breaks a line in one
    becomes a space.
    """
    filled = [row for row in rows if any(row)]
    if not filled:
        return ""
    width = max(map(len, filled))
    lines = [_line([*row, *[""] * (width - len(row))]) for row in filled]
    return "\n".join([lines[0], _line(["-"] * width), *lines[1:]])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    return text.replace("|", "\\|") if "|" in text else text
