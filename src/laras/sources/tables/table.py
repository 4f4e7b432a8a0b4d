"""CSV and TSV: rows of known columns to records, any other table to one readable document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from difflib import get_close_matches
from itertools import chain

from laras.recipe.schema import ColumnMap
from laras.records import Rejection
from laras.sources.context import READERS, FileContext, Record
from laras.sources.conversations.formats import format_of, read_rows
from laras.sources.documents.table_text import table_text
from laras.sources.journals.abstracts import holds_abstracts, read_abstracts
from laras.sources.tables import singles, unnamed
from laras.sources.tables.delimited import Row, parse, sniff_delimiter
from laras.sources.tables.ratings import Scale
from laras.sources.tables.rows import shaped_row, without_plain_text
from laras.sources.tables.shapes import Shape, missing_columns, shape_of

_MAX_COLUMNS_NAMED = 12
_NUMBERS = ("1", "2")  # names of the columns of a table of two without a header


def read_csv(context: FileContext) -> Iterator[Record]:
    """Records of a table whose columns are guessed or named, else one document of it."""
    yield from _read(context, None)


def read_tsv(context: FileContext) -> Iterator[Record]:
    """The same for columns apart by tabs."""
    yield from _read(context, "\t")


def _read(context: FileContext, delimiter: str | None) -> Iterator[Record]:
    content = yield from context.read_text()
    if content is None:
        return
    delimiter = delimiter or sniff_delimiter(content)
    yield from read_rows_below_header(parse(content, delimiter), context)


def read_rows_below_header(rows: Iterator[Row], context: FileContext) -> Iterator[Record]:
    """Records of rows, of which the first has the columns' names unless the recipe calls these
    by their numbers."""
    header = next(rows, None)
    if header is None:
        yield context.rejection("empty")
        return
    names = [name.strip() for name in header.cells]
    by_number = _numbered(names, context.source.columns)
    if by_number is not None:  # no header: the first row is data
        names, rows = by_number, chain([header], rows)
    yield from read_table(names, rows, context, header=None if by_number else header)


def read_table(
    names: list[str], rows: Iterator[Row], context: FileContext, *, header: Row | None
) -> Iterator[Record]:
    """Records of rows under the column ``names``. ``header``: the row that these stand in, which
    may turn out to be data like any other."""
    columns = context.source.columns
    export = format_of("table", names, context)
    if export:
        yield from read_rows(export, _cells(_unique(names), rows, context), context)
        return
    if holds_abstracts(names, context):
        yield from read_abstracts(_cells(_unique(names), rows, context), context)
        return
    first = next(rows, None)
    rows = rows if first is None else chain([first], rows)
    missing = missing_columns(names, columns)
    shape = _shape(names, first, columns)
    by_message = singles.are_messages(dict.fromkeys(names, ""), context)
    if missing or not (by_message or shape.is_known):
        yield from _unknown(names, rows, missing, header, context)
        return
    used = _used(shape) | set(columns.model_dump().values())
    repeated = sorted(name for name, count in Counter(names).items() if count > 1 and name in used)
    if repeated:  # which of the two was meant is anyone's guess
        yield context.rejection("duplicate-columns", fact=", ".join(repeated))
    elif by_message:
        yield from singles.read_messages(_cells(_unique(names), rows, context), context)
    else:
        yield from _records(_unique(names), rows, shape, context)


def _shape(names: list[str], first: Row | None, columns: ColumnMap) -> Shape:
    """The shape of rows under ``names``, of which ``first`` is one."""
    shape = shape_of(names, columns)
    if shape.messages and shape.messages != columns.messages:
        sample = dict(zip(names, first.cells if first else [], strict=False))
        shape = without_plain_text(shape, sample, columns)
    # "weight" in a table is as likely a product's as an example's: the recipe has to name it.
    return replace(shape, weight=columns.weight)


def _unknown(
    names: list[str],
    rows: Iterator[Row],
    missing: list[str],
    header: Row | None,
    context: FileContext,
) -> Iterator[Record]:
    """What becomes of a table whose columns say nothing: rows with labels without a header, one
    document where texts are wanted, or one ledger row."""
    if header and not missing and context.source.kind == "examples":
        listed = list(rows)
        guess = _without_header(header, listed)
        if guess:
            yield context.note("guessed-columns", fact=f"text: {guess.text}, label: {guess.label}")
            shape = shape_of(_NUMBERS, guess)
            yield from _records(list(_NUMBERS), chain([header], listed), shape, context)
            return
    if missing or not context.reads_texts:
        absent = f"{', '.join(_with_the_like(missing, names))} / " if missing else ""
        named = ", ".join(names[:_MAX_COLUMNS_NAMED])
        yield context.rejection("unknown-columns", fact=f"{absent}{named}")
    else:
        yield from _whole_table(names, rows, context)


def _with_the_like(missing: list[str], names: list[str]) -> list[str]:
    """``missing`` names of columns, each with the one that may have been meant."""
    alike = [get_close_matches(name, names, n=1) for name in missing]
    return [
        f"{name} ({found[0]}?)" if found else name
        for name, found in zip(missing, alike, strict=True)
    ]


def _cells(
    names: list[str], rows: Iterator[Row], context: FileContext
) -> Iterator[tuple[str, dict[str, str]] | Rejection]:
    """The rows with their locators; a ledger row for those that don't fit the header."""
    for row in rows:
        locator = f"line {row.line}"
        if row.fact:
            yield context.rejection("bad-row", locator, row.fact)
        elif any(cell.strip() for cell in row.cells[len(names) :]):
            # More cells than columns: a delimiter inside a text that was not quoted, most likely.
            yield context.rejection("bad-row", locator, f"{len(row.cells)} > {len(names)}")
        else:
            yield locator, dict(zip(names, row.cells, strict=False))


def _records(
    names: list[str], rows: Iterator[Row], shape: Shape, context: FileContext
) -> Iterator[Record]:
    items = _cells(names, rows, context)
    scale = None
    if shape.rating:  # the scale of ratings shows in all of them
        listed = list(items)
        ratings = (item[1].get(shape.rating) for item in listed if not isinstance(item, Rejection))
        items, scale = iter(listed), Scale.of(ratings)
    empty = True
    for item in items:
        empty = False
        if isinstance(item, Rejection):
            yield item
        else:
            locator, row = item
            yield from shaped_row(row, shape, locator, context, scale)
    if empty:
        yield context.rejection("empty")


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


def _without_header(first: Row, others: list[Row]) -> ColumnMap | None:
    """Which column of a table of two holds texts and which labels, where its first row is one of
    its rows: its label must stand in others too."""
    rows = [row.cells for row in (first, *others) if not row.fact]
    found = unnamed.text_and_label(rows)
    if found is None:
        return None
    text, label = found
    if not any(cells[label].strip() == first.cells[label].strip() for cells in rows[1:]):
        return None
    return unnamed.as_columns(_NUMBERS, text, label)


def _whole_table(names: list[str], rows: Iterator[Row], context: FileContext) -> Iterator[Record]:
    """One document: the table itself, in Markdown."""
    lines = [[_on_one_line(name) for name in names]]
    for row in rows:
        if row.fact:
            yield context.rejection("bad-row", f"line {row.line}", row.fact)
        elif any(cell.strip() for cell in row.cells):
            lines.append([_on_one_line(cell) for cell in row.cells])
    if len(lines) < 2:
        yield context.rejection("empty")
        return
    yield context.document(table_text(lines))


def _on_one_line(cell: str) -> str:
    return " ".join(cell.split())


def _numbered(names: list[str], columns: ColumnMap) -> list[str] | None:
    """Numbers from 1 as names, where the recipe's columns are numbers that no header has."""
    named = [value for value in columns.model_dump().values() if value is not None]
    numbers = [str(number) for number in range(1, len(names) + 1)]
    if named and all(value in numbers for value in named) and not set(named) & set(names):
        return numbers
    return None


READERS.register("csv", read_csv)
READERS.register("tsv", read_tsv)
READERS.register("tab", read_tsv)
