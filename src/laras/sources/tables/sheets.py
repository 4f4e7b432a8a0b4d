"""Spreadsheets: rows of known columns under examples and conversations, texts to read elsewhere.

The child process hands over the cells as text; from there on a sheet is read like a CSV file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from laras.sources.context import READERS, FileContext, Record
from laras.sources.documents.parsed import parsed_by
from laras.sources.extraction import RefusedError
from laras.sources.tables.delimited import Row
from laras.sources.tables.table import read_rows_below_header

_read_text = parsed_by("spreadsheet")


def read_spreadsheet(context: FileContext) -> Iterator[Record]:
    """Records of each sheet's rows; one document of all sheets where texts are wanted and the
    recipe names no columns."""
    named = any(value is not None for value in context.source.columns.model_dump().values())
    if context.reads_texts and not named:
        yield from _read_text(context)
        return
    try:
        sheets = context.parser.extract("spreadsheet-rows", context.file.location)
    except RefusedError as error:
        yield context.rejection(error.reason, fact=error.fact)
        return
    if not any(sheet.text for sheet in sheets):
        yield context.rejection("empty")
    for sheet in sheets:
        for reason, locator, fact in sheet.notes:
            yield context.note(reason, locator, fact)
        if not sheet.text:
            continue
        # Rows of two sheets may stand in the same lines.
        file = replace(context.file, key=f"{context.file.key}#{sheet.title}")
        inner = replace(context, file=file)
        for record in read_rows_below_header(_rows(sheet.text), inner):
            yield _located(record, sheet.locator)


def _rows(lines: str) -> Iterator[Row]:
    """Rows from the first that has several cells on: above it stand titles."""
    rows = [Row(number, cells) for number, cells in map(json.loads, lines.split("\n"))]
    header = next((at for at, row in enumerate(rows) if sum(map(bool, row.cells)) > 1), 0)
    return iter(rows[header:])


def _located(record: Record, sheet: str) -> Record:
    locator = f"{sheet}, {record.locator}" if record.locator else sheet
    return replace(record, locator=locator)


for _suffix in ("xlsx", "xlsm", "xlsb", "xls", "ods"):
    READERS.register(_suffix, read_spreadsheet)
