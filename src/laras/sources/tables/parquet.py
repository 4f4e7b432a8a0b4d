"""Parquet: the rows of a table that may be nested, read like lines of JSON.

The child process turns a page of rows after another into JSON; each row is then checked and read
here like any other, and is called by its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from laras.sources.context import READERS, FileContext, Record
from laras.sources.extraction import RefusedError
from laras.sources.tables import json_values
from laras.sources.tables.jsonl import Item, read_items

# One value that is stored once may stand in any number of rows: a file of a kilobyte has no end.
_MOST_TIMES_ITS_SIZE = 100


def read_parquet(context: FileContext) -> Iterator[Record]:
    """The records of a parquet file's rows."""
    yield from read_items(_items(context), context)


def _items(context: FileContext) -> Iterator[Item]:
    start: int | None = 0
    number = characters = 0
    most = max(context.parser.limits.max_characters, _MOST_TIMES_ITS_SIZE * context.file.size_bytes)
    while start is not None:
        try:
            (page,) = context.parser.extract("parquet", context.file.location, start)
        except RefusedError as error:
            yield context.rejection(error.reason, f"row {number + 1}" if number else "", error.fact)
            return
        characters += len(page.text)
        if characters > most:
            yield context.rejection("too-much-text", f"row {number + 1}", f"{most}")
            return
        for parsed in json_values.lines(page.text) if page.text else ():
            number += 1
            if parsed is None:
                continue
            if parsed.fact:
                yield context.rejection(parsed.reason, f"row {number}", parsed.fact)
            else:
                yield f"row {number}", parsed.value
        start = number if page.metadata.get("next") == str(number) else None
    if number == 0:
        yield context.rejection("empty")


READERS.register("parquet", read_parquet)
READERS.register("pq", read_parquet)
