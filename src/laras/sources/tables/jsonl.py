"""JSON and JSON lines: rows a line, in a list or wrapped in an object; each bad one is named.

Whatever comes first decides what the file is: an export of chats in a known format, single
messages, rows without names, or rows that stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from laras.records import Rejection
from laras.sources.context import READERS, FileContext, Record
from laras.sources.conversations.formats import format_of, read_rows
from laras.sources.encoding import UndecodableError, decode
from laras.sources.extraction import RefusedError
from laras.sources.journals.abstracts import holds_abstracts
from laras.sources.tables import json_values, singles, unnamed
from laras.sources.tables.json_rows import is_unnamed_row, rows_within, with_inner
from laras.sources.tables.json_values import Parsed
from laras.sources.tables.ratings import Scale
from laras.sources.tables.rows import read_row, shaped_row
from laras.sources.tables.shapes import shape_of

Item = tuple[str, Any] | Rejection
"""A value with its locator, or why there is none."""


def read_jsonl(context: FileContext) -> Iterator[Record]:
    """The records of lines of JSON."""
    data = context.read_bytes()
    try:
        decoded = decode(data)
    except UndecodableError as error:
        # Lines stand for themselves: where most are UTF-8, only the others are lost.
        if not json_values.is_mostly_utf8(data):
            yield context.rejection("bad-encoding", fact=error.fact)
            return
        yield from read_items(_items(json_values.byte_lines(data), context), context)
        return
    if decoded.guessed:
        yield context.note("guessed-encoding", fact=decoded.encoding)
    yield from read_items(_items(json_values.lines(decoded.text), context), context)


def read_json(context: FileContext) -> Iterator[Record]:
    """The records of a list's items, or of the one object that the file is."""
    content = yield from context.read_text()
    if content is None:
        return
    yield from read_items(_items(_parsed(content, context), context), context)


def _parsed(text: str, context: FileContext) -> Iterable[Parsed | None]:
    if context.file.fragment:
        return json_values.values_under(text, context.file.fragment)
    start = json_values.skip_space(text, 0)
    if start < len(text) and text[start] == "[":
        return json_values.items_of(text, start)
    whole = json_values.parse(text, 1)
    if whole.fact and json_values.begins_with_object_line(text):
        return json_values.lines(text)
    if whole.fact:
        return [whole] if text.strip() else []
    return [Parsed(0, whole.value)]  # the file itself: it stands in no particular line


def _items(parsed: Iterable[Parsed | None], context: FileContext) -> Iterator[Item]:
    """The values, with ledger rows for those that are none and a note on blank lines."""
    has_value, is_empty = False, True
    blank_lines = first_blank = 0
    for number, item in enumerate(parsed, 1):
        if item is None:
            blank_lines += 1
            first_blank = first_blank or number
            continue
        is_empty = False
        if item.fact:
            yield context.rejection(item.reason, item.locator, item.fact)
            continue
        if item.item == 1 and not _may_be_row(item.value, context):
            # A list of something else altogether (names, numbers): that is said once.
            yield context.rejection("unknown-shape", fact=type(item.value).__name__)
            return
        has_value = True
        yield item.locator, item.value
    if is_empty:
        yield context.rejection("empty")
    elif blank_lines and has_value:
        yield context.note("blank-line", f"line {first_blank}", str(blank_lines))


def _may_be_row(value: Any, context: FileContext) -> bool:
    if isinstance(value, str):
        return context.reads_texts
    is_conversation = isinstance(value, list) and value and isinstance(value[0], dict)
    return isinstance(value, dict) or is_conversation or is_unnamed_row(value)


def read_items(items: Iterable[Item], context: FileContext) -> Iterator[Record]:
    """The records of values. What they are is decided by the first of them, and again by the
    first row where that one wraps rows."""
    value: Any = None
    for is_wrapped in (True, False):
        first, before, rest = _first_of(items if is_wrapped else _unwrapped(items, context))
        yield from before
        if first is None:
            return
        value = first[1]
        found = format_of("json", value, context)
        if found is not None:
            yield from read_rows(found, rest, context)
            return
        items = rest
    columns = context.source.columns
    if is_unnamed_row(value):
        yield from _read_unnamed(items, context)
    elif isinstance(value, dict) and singles.are_messages(with_inner(value, columns), context):
        yield from singles.read_messages(items, context)
    else:
        yield from _read_rows(items, context)


def _first_of(
    items: Iterable[Item],
) -> tuple[tuple[str, Any] | None, list[Rejection], Iterator[Item]]:
    """The first value, the ledger rows before it, and all items from that value on."""
    before: list[Rejection] = []
    iterator = iter(items)
    for item in iterator:
        if not isinstance(item, Rejection):
            return item, before, chain([item], iterator)
        before.append(item)
    return None, before, iterator


def _unwrapped(items: Iterable[Item], context: FileContext) -> Iterator[Item]:
    """The rows of values that wrap some, and all other values as they are."""
    for item in items:
        if isinstance(item, Rejection) or not isinstance(item[1], dict):
            yield item
            continue
        locator, value = item
        if holds_abstracts(value, context):  # with its authors as a list, which are no rows
            yield item
            continue
        try:
            rows = rows_within(value, context.source.columns)
        except RefusedError as error:
            yield context.rejection(error.reason, locator, error.fact)
            continue
        if rows is None:
            yield item
            continue
        for name, row in rows:
            yield f"{locator}, {name}" if locator else name, row


def _read_rows(items: Iterable[Item], context: FileContext) -> Iterator[Record]:
    columns = context.source.columns
    scale = None
    if columns.rating:  # the scale of ratings shows in all of them
        items = list(items)
        values = (item[1] for item in items if not isinstance(item, Rejection))
        rows = (with_inner(value, columns) for value in values if isinstance(value, dict))
        scale = Scale.of(row.get(columns.rating) for row in rows)
    for item in items:
        if isinstance(item, Rejection):
            yield item
            continue
        locator, value = item
        if isinstance(value, str) and context.reads_texts:
            value = {"text": value}
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            value = {"messages": value}  # a conversation a line
        if isinstance(value, dict):
            yield from read_row(with_inner(value, columns), locator, context, scale)
        else:
            yield context.rejection("unknown-shape", locator, type(value).__name__)


def _read_unnamed(items: Iterable[Item], context: FileContext) -> Iterator[Record]:
    """Rows that are lists of cells: a table without header, whose columns are called "0", "1"."""
    rows: list[tuple[str, list[str]]] = []
    for item in items:
        if isinstance(item, Rejection):
            yield item
        elif not is_unnamed_row(item[1]) or (rows and len(item[1]) != len(rows[0][1])):
            yield context.rejection("bad-row", item[0])
        else:
            rows.append((item[0], ["" if cell is None else str(cell) for cell in item[1]]))
    names = [str(number) for number in range(len(rows[0][1]))]
    columns = context.source.columns
    if not columns.model_dump(exclude_none=True):
        found = unnamed.text_and_label([cells for _locator, cells in rows])
        if found is None or context.reads_texts:
            yield context.rejection("unnamed-columns", fact=", ".join(names))
            return
        columns = unnamed.as_columns(names, *found)
        yield context.note("guessed-columns", fact=f"text: {columns.text}, label: {columns.label}")
    absent = [name for name in columns.model_dump(exclude_none=True).values() if name not in names]
    shape = shape_of(names, columns)
    if absent or not shape.is_known:
        named = " / ".join(filter(None, (", ".join(absent), ", ".join(names))))
        yield context.rejection("unnamed-columns", fact=named)
        return
    for locator, cells in rows:
        yield from shaped_row(dict(zip(names, cells, strict=True)), shape, locator, context)


READERS.register("jsonl", read_jsonl)
READERS.register("ndjson", read_jsonl)
READERS.register("json", read_json)
