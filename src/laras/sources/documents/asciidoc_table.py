"""AsciiDoc's tables as Markdown rows."""

from __future__ import annotations

import csv
import re

from laras.sources.documents.asciidoc_inline import Attributes, inline
from laras.sources.documents.table_text import table_text

_CELL = re.compile(
    r"(?:(?<=\s)|^)(?:(\d{1,3})(\*)|(\d{1,2})?(?:\.(\d{1,2}))?\+)?([<^>]?(?:\.[<^>])?)([aehlmsv]?)(?<!\\)\|"
)
_COLUMN = re.compile(r"^\s*(\d{1,3})\*")
_MAX_SPAN = 50


def table_of_lines(lines: list[str], options: str, mark: str, attributes: Attributes) -> str:
    """The lines between ``|===`` and ``|===``; ``mark`` is the first character of that."""
    if mark in ",:":
        delimiter = "," if mark == "," else ":"
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        rows = [[_one_line(cell, attributes) for cell in row] for row in rows]
        return table_text(rows)
    cells = _cells(lines)
    width = _width(options) or sum(span for _text, span, _down in _first_line(lines)) or 1
    rows = _rows(cells, width, attributes)
    if not rows:
        return ""
    if width == 1:
        return "\n\n".join(row[0] for row in rows)
    return table_text(rows)


def _width(options: str) -> int:
    """How many columns the attribute ``cols`` names."""
    found = re.search(r"cols\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^,\]]*))", options)
    if not found:
        return 0
    columns = next(filter(None, found.groups()), "")
    width = 0
    for column in re.split(r"[,;]", columns):
        times = _COLUMN.match(column)
        width += int(times.group(1)) if times else 1
    return min(width, 1000)


def _first_line(lines: list[str]) -> list[tuple[str, int, int]]:
    first = next((line for line in lines if line.strip()), "")
    return _cells([first])


def _cells(lines: list[str]) -> list[tuple[str, int, int]]:
    """Text, columns and rows of each cell. A cell that is repeated ("3*|") stands that often."""
    text = "\n".join(lines)
    marks = list(_CELL.finditer(text))
    found: list[tuple[str, int, int]] = []
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        inside = text[mark.end() : end]
        times = min(int(mark.group(1)), _MAX_SPAN) if mark.group(2) else 1
        span = min(int(mark.group(3) or 1), _MAX_SPAN)
        down = min(int(mark.group(4) or 1), _MAX_SPAN)
        found += [(inside, span, down)] * times
    return found


def _rows(cells: list[tuple[str, int, int]], width: int, attributes: Attributes) -> list[list[str]]:
    rows: list[list[str]] = []
    row: list[str] = []
    carried: dict[int, tuple[int, str]] = {}
    following: dict[int, tuple[int, str]] = {}
    for text, span, down in cells:
        shown = _one_line(text, attributes)
        while len(row) in carried and len(row) < width:
            row.append(_carry(carried, following, len(row)))
        for _ in range(span):
            if down > 1:
                following[len(row)] = (down - 1, shown)
            row.append(shown)
        while len(row) in carried and len(row) < width:
            row.append(_carry(carried, following, len(row)))
        if len(row) >= width:
            rows.append(row[:width])
            row, carried, following = [], following, {}
    if row:
        rows.append(row)
    return rows


def _carry(
    carried: dict[int, tuple[int, str]], following: dict[int, tuple[int, str]], column: int
) -> str:
    left, text = carried[column]
    if left > 1:
        following[column] = (left - 1, text)
    return text


def _one_line(cell: str, attributes: Attributes) -> str:
    return inline(" ".join(cell.split()), attributes).replace("\\|", "|")
