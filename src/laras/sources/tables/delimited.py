"""Text with delimiters to rows of cells: which delimiter it is, and what a broken quote costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_LINES = 50
_MAX_BROKEN_QUOTES = 20
_LONGEST_CELL = 1 << 27  # characters; an article may stand in one


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, with the line on which they begin. ``fact``: why they can't be used."""

    line: int
    cells: list[str]
    fact: str = ""


def sniff_delimiter(text: str) -> str:
    """The delimiter that splits the first rows into the most even rows of several cells.

    Counting characters would choose the comma of prose over the semicolon between cells: what
    decides is in how large a share of rows the number of cells is that of the header.
    """
    sample = "\n".join(text.split("\n", _SNIFFED_LINES)[:_SNIFFED_LINES])
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row.cells) for row in parse(sample, delimiter) if not row.fact]
        if not widths or widths[0] < 2:
            continue
        even = sum(width == widths[0] for width in widths) / len(widths)
        if even > best_score:
            best, best_score = delimiter, even
    return best


def parse(text: str, delimiter: str) -> Iterator[Row]:
    """Rows that hold anything, with the line on which each begins.

    A quote that is never closed would swallow the rest of the file; the row it stands in is
    given up instead, and reading goes on below it.
    """
    # The csv module knows one limit for the whole process, 128 KiB unless told; it is only raised.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    if delimiter == "\t" and _tabs_alone_suffice(text):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield Row(number, line.split("\t"))
        return
    lines = text.split("\n")
    start = 0
    for _attempt in range(_MAX_BROKEN_QUOTES):
        broken = None
        for row in _rows(lines, start, delimiter):
            if row.fact:
                broken = row
            yield row
        if broken is None:
            return
        start = broken.line  # one line below: lines count from 1
    rest = len(lines) - start
    if rest > 0:
        yield Row(start + 1, [], f"+{rest} lines")


def _rows(lines: list[str], start: int, delimiter: str) -> Iterator[Row]:
    """Rows from line ``start`` (from 0) on, up to the first with a broken quote."""
    reader = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=delimiter)
    before = start
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(before + 1, [], str(error))
            return
        after = start + reader.line_num
        runs_to_end = after >= len(lines) and after - before > 1
        if runs_to_end and _is_unclosed("\n".join(lines[before:after]), delimiter):
            yield Row(before + 1, [], "unclosed quote")
            return
        if any(cell.strip() for cell in cells):
            yield Row(before + 1, cells)
        before = after


def _is_unclosed(record: str, delimiter: str) -> bool:
    try:
        list(csv.reader(io.StringIO(record), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _tabs_alone_suffice(text: str) -> bool:
    """Whether quotes in a tab-separated text are but characters: every line has as many cells as
    the first, and not every cell that begins with a quote also ends with one."""
    if '"' not in text:
        return False
    width = text.split("\n", 1)[0].count("\t")
    quoted = True
    for line in text.split("\n"):
        if not line.strip():
            continue
        if line.count("\t") != width:
            return False
        for cell in line.split("\t"):
            if cell.startswith('"') and (len(cell) < 2 or not cell.endswith('"')):
                quoted = False
    return not quoted
