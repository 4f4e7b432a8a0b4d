"""XLSX, XLSM, XLSB, XLS and ODS: each sheet a heading, below it its tables and lines.

Cells give the value that was last computed; formulas and macros are never run. Hidden sheets are
left out and named. Runs in the child process (see worker.py).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.documents.drawn import A, C, R, chart_title
from laras.sources.documents.html import decoded_page
from laras.sources.documents.html_text import page_text
from laras.sources.documents.package import OLE, Package, open_package, refuse_protected
from laras.sources.documents.sheet_tables import Grid, Merge, fill_merged, sheet_blocks, shown
from laras.sources.extraction import Extracted, RefusedError

_MAX_XML_BYTES = 512 << 20  # read as a stream, unlike those of a text document
_MAX_CELLS = 20_000_000
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL = re.compile(rb"""<(?:\w+:)?c (?:[^>]*? )?r=["']([A-Z]{1,4})(\d{1,9})["']""")
_PLACE = re.compile(rb"""(<(?:\w+:)?(?:c|row) (?:[^>]*? )?r=["'])([A-Z]{0,4})(\d{1,9})(["'])""")
_MERGES = re.compile(
    rb"<((?:\w+:)?)mergeCells\b.*?</\1mergeCells>|<(?:\w+:)?dimension\b[^>]*>", re.S
)
_APART = 3  # rows or columns: what stood far apart must not touch


class _Book:
    """An open workbook: its visible sheets, and what is drawn on them."""

    def __init__(self, path: Path) -> None:
        from python_calamine import CalamineWorkbook, PasswordError

        self.package: Package | None = None
        with path.open("rb") as stream:
            is_old = stream.read(len(OLE)) == OLE
        data: io.BytesIO
        if is_old:
            content = path.read_bytes()
            refuse_protected(content)
            data = io.BytesIO(content)
        else:
            self.package = open_package(path, max_xml_bytes=_MAX_XML_BYTES)
            data = self.package.unpacked((".bin",), _drawn_together(self.package))
        try:
            self.workbook = CalamineWorkbook.from_filelike(data)
        except PasswordError:
            raise RefusedError("encrypted") from None
        self.notes: list[tuple[str, str, str]] = []

    def sheets(self) -> Iterator[tuple[str, Grid, int]]:
        """Name, cells and number of the first row of each sheet that people see."""
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        for sheet in self.workbook.sheets_metadata:
            if sheet.visible != SheetVisibleEnum.Visible:
                self.notes.append(("hidden-sheet", f"sheet {sheet.name}", ""))
                continue
            if sheet.typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.DialogSheet):
                yield sheet.name, [], 1
                continue
            cells = self.workbook.get_sheet_by_name(sheet.name)
            grid = [[shown(value) for value in row] for row in cells.iter_rows()]
            top, left = cells.start or (0, 0)
            merges: list[Merge] = cells.merged_cell_ranges or []
            fill_merged(grid, merges, top, left)
            yield sheet.name, grid, top + 1


def extract(path: Path) -> Extracted:
    """All sheets as one text."""
    if not _is_binary(path):
        return _web_page(path)
    book = _Book(path)
    drawn = _drawn(book.package) if book.package else {}
    texts: list[str] = []
    for name, grid, _first in book.sheets():
        blocks = [*sheet_blocks(grid), *drawn.get(name, [])]
        if blocks:
            heading = " ".join(name.split())
            texts.append("\n\n".join([f"# {heading}", *blocks]))
    title = book.package.title() if book.package else ""
    return Extracted(text="\n\n".join(texts), title=title, notes=tuple(book.notes))


def extract_rows(path: Path) -> list[Extracted]:
    """Each sheet as rows for a reader of tables: lines of JSON, ``[row number, [cells]]``."""
    book = _Book(path)
    parts: list[Extracted] = []
    for name, grid, first in book.sheets():
        lines = [
            json.dumps([number, cells], ensure_ascii=False)
            for number, cells in enumerate(grid, first)
            if any(cells)
        ]
        if lines:
            parts.append(Extracted("\n".join(lines), title=name, locator=f"sheet {name}"))
    if not parts:
        parts = [Extracted("")]
    first_part, *others = parts
    noted = Extracted(
        first_part.text, first_part.title, first_part.locator, notes=tuple(book.notes)
    )
    return [noted, *others]


def _is_binary(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4)[:2] in (b"PK", OLE[:2])


def _web_page(path: Path) -> Extracted:
    """What many programs export as a spreadsheet is a web page with a table."""
    data = path.read_bytes()
    if b"<table" not in data[:100_000].lower():
        raise RefusedError("parser-failed", "not a spreadsheet")
    page = page_text(decoded_page(data).text)
    return Extracted(page.text, title=page.title)


def _drawn_together(package: Package) -> dict[str, bytes]:
    """Sheets whose cells stand absurdly far apart, with these moved together: the library keeps
    a place for every cell between the first and the last."""
    moved: dict[str, bytes] = {}
    for name in package:
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        part = package.xml(name)
        places = _CELL.findall(part)
        rows = {int(row) for _column, row in places}
        columns = {_column_number(column) for column in {column for column, _row in places}}
        if rows and _extent(rows) * _extent(columns) > _MAX_CELLS:
            new_rows, new_columns = _closer(rows), _closer(columns)
            if max(new_rows.values()) * max(new_columns.values()) > _MAX_CELLS:
                raise RefusedError("too-much-text", f"{name}: {len(rows)} x {len(columns)}")
            moved[name] = _with_places(part, new_rows, new_columns)
    return moved


def _extent(numbers: set[int]) -> int:
    return max(numbers) - min(numbers) + 1


def _closer(numbers: set[int]) -> dict[int, int]:
    """Numbers to numbers from 1, with gaps of a few where there were wider ones."""
    result: dict[int, int] = {}
    before = place = 0
    for number in sorted(numbers):
        place += min(number - before, _APART) if result else 1
        result[number] = place
        before = number
    return result


def _with_places(part: bytes, rows: dict[int, int], columns: dict[int, int]) -> bytes:
    def place(match: re.Match[bytes]) -> bytes:
        start, column, row, end = match.groups()
        if int(row) not in rows:  # a row without cells
            return match[0].replace(b"row", b"gone", 1)
        letters = _column_letters(columns[_column_number(column)]) if column else b""
        return start + letters + str(rows[int(row)]).encode() + end

    return _PLACE.sub(place, _MERGES.sub(b"", part))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _column_letters(number: int) -> bytes:
    letters = b""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = bytes([ord("A") + rest]) + letters
    return letters


def _drawn(package: Package) -> dict[str, list[str]]:
    """Titles of charts and the texts of shapes by the name of their sheet. (The numbers of a
    chart stand in cells already.)"""
    if not any(name.startswith("xl/drawings/") for name in package):
        return {}
    main = package.main_part()
    targets = {relation.id: relation.target for relation in package.relations(main)}
    found: dict[str, list[str]] = {}
    for sheet in package.tree(main).iterfind(f"{_S}sheets/{_S}sheet"):
        part = targets.get(sheet.get(f"{R}id", ""))
        texts: list[str] = []
        for drawing in package.related(part, "drawing") if part else ():
            tree = package.tree(drawing)
            charts = {relation.id: relation.target for relation in package.relations(drawing)}
            texts.extend(_drawing_texts(package, tree, charts))
        found[sheet.get("name", "")] = texts
    return found


def _drawing_texts(package: Package, drawing: Any, charts: dict[str, str]) -> Iterator[str]:
    for element in drawing.iter(f"{A}p", f"{C}chart"):
        if element.tag == f"{A}p":
            text = " ".join("".join(run.text or "" for run in element.iter(f"{A}t")).split())
        else:
            part = charts.get(element.get(f"{R}id", ""))
            text = chart_title(package.tree(part)) if part else ""
        if text:
            yield text
