"""CSV and TSV: rows of known columns to records, any other table to one readable document."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from laras.recipe.schema import ColumnMap
from laras.sources.context import READERS, FileContext, Record
from laras.sources.encoding import UndecodableError, decode
from laras.sources.tables.rows import shaped_row
from laras.sources.tables.shapes import Shape, missing_columns, shape_of

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_LINES = 50
_MAX_COLUMNS_NAMED = 12
_MAX_BROKEN_QUOTES = 20
# An article may stand in one cell; the csv module's own limit, 128 KiB, is for the whole process.
csv.field_size_limit(1 << 27)


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, with the line on which they begin. ``fact``: why they can't be used."""

    line: int
    cells: list[str]
    fact: str = ""


def read_csv(context: FileContext) -> Iterator[Record]:
    """Records of a table whose columns are guessed or named, else one document of it."""
    yield from _read(context, None)


def read_tsv(context: FileContext) -> Iterator[Record]:
    """The same for columns apart by tabs."""
    yield from _read(context, "\t")


def _read(context: FileContext, delimiter: str | None) -> Iterator[Record]:
    try:
        decoded = decode(context.read_bytes())
    except UndecodableError as error:
        yield context.rejection("bad-encoding", fact=error.fact)
        return
    if decoded.guessed:
        yield context.note("guessed-encoding", fact=decoded.encoding)
    delimiter = delimiter or sniff_delimiter(decoded.text)
    rows = parse(decoded.text, delimiter)
    header = next(rows, None)
    if header is None:
        yield context.rejection("empty")
        return
    names = [name.strip() for name in header.cells]
    columns = context.source.columns
    by_number = _numbered(names, columns)
    if by_number is not None:  # no header: the first row is data
        names, rows = by_number, _with_first(header, rows)
    missing = [name for name in missing_columns(names, columns) if name != columns.group]
    # "weight" in a table is as likely a product's as an example's.
    shape = replace(shape_of(names, columns), weight=None)
    if missing or not shape.is_known:
        named = ", ".join(names[:_MAX_COLUMNS_NAMED])
        if missing or not context.reads_texts:
            absent = f"{', '.join(missing)} / " if missing else ""
            yield context.rejection("unknown-columns", fact=f"{absent}{named}")
        else:
            yield from _whole_table(names, rows, context)
        return
    used = _used(shape) | set(columns.model_dump().values())
    repeated = sorted(name for name, count in Counter(names).items() if count > 1 and name in used)
    if repeated:  # which of the two was meant is anyone's guess
        yield context.rejection("duplicate-columns", fact=", ".join(repeated))
        return
    yield from _records(_unique(names), rows, shape, context)


def _used(shape: Shape) -> set[str]:
    """Names of the columns that the shape reads."""
    values = (getattr(shape, field.name) for field in fields(shape))
    return {value for value in values if isinstance(value, str)}


def _unique(names: list[str]) -> list[str]:
    """The names, with a number after each that was there before."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def _records(
    names: list[str], rows: Iterator[Row], shape: Shape, context: FileContext
) -> Iterator[Record]:
    empty = True
    for row in rows:
        empty = False
        locator = f"line {row.line}"
        if row.fact:
            yield context.rejection("bad-row", locator, row.fact)
        elif any(cell.strip() for cell in row.cells[len(names) :]):
            # More cells than columns: a delimiter inside a text that was not quoted, most likely.
            yield context.rejection("bad-row", locator, f"{len(row.cells)} > {len(names)}")
        else:
            yield from shaped_row(
                dict(zip(names, row.cells, strict=False)), shape, locator, context
            )
    if empty:
        yield context.rejection("empty")


def _whole_table(names: list[str], rows: Iterator[Row], context: FileContext) -> Iterator[Record]:
    """One document: a paragraph a row, in lines of "column: value"."""
    paragraphs: list[str] = []
    for row in rows:
        if row.fact:
            yield context.rejection("bad-row", f"line {row.line}", row.fact)
            continue
        lines = []
        for index, cell in enumerate(row.cells):
            name = names[index] if index < len(names) and names[index] else f"{index + 1}"
            if cell.strip():
                lines.append(f"{name}: {' '.join(cell.split())}")
        if lines:
            paragraphs.append("\n".join(lines))
    if not paragraphs:
        yield context.rejection("empty")
        return
    yield context.document("\n\n".join(paragraphs))


def _numbered(names: list[str], columns: ColumnMap) -> list[str] | None:
    """Numbers from 1 as names, where the recipe's columns are numbers that no header has."""
    named = [value for value in columns.model_dump().values() if value is not None]
    numbers = [str(number) for number in range(1, len(names) + 1)]
    if named and all(value in numbers for value in named) and not set(named) & set(names):
        return numbers
    return None


def _with_first(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


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


READERS.register("csv", read_csv)
READERS.register("tsv", read_tsv)
READERS.register("tab", read_tsv)
