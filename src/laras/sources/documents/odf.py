"""ODT and ODP: headings, paragraphs, lists, tables and notes of OpenDocument files; the slides of
a presentation with their titles as headings.

What a reviewer deleted, comments and generated tables of contents are left out. OASIS OpenDocument
1.3, part 3. Runs in the child process (see worker.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.documents.blocks import Block, joined
from laras.sources.documents.odf_text import (
    DRAW,
    OFFICE,
    TABLE,
    TEXT,
    Notes,
    Styles,
    number_of,
    paragraph_text,
)
from laras.sources.documents.package import Package, open_package
from laras.sources.documents.table_text import table_text
from laras.sources.extraction import Extracted

_CLASS = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}class"
_STYLE_NAME = f"{TEXT}style-name"
_FRAMES = (f"{DRAW}frame", f"{DRAW}custom-shape", f"{TEXT}note", f"{OFFICE}annotation")
_ROW_GROUPS = frozenset(
    f"{TABLE}{name}" for name in ("table-header-rows", "table-rows", "table-row-group")
)
_CODE_STYLES = ("preformatted text", "source code", "code")
_LEFT_OUT = frozenset(
    (
        *(f"{TEXT}tracked-changes", f"{TEXT}table-of-content", f"{OFFICE}annotation"),
        *(f"{TEXT}sequence-decls", f"{OFFICE}forms", f"{TEXT}user-index"),
        *(f"{TEXT}alphabetical-index", f"{TEXT}illustration-index", f"{TEXT}table-index"),
    )
)
_LEFT_OUT_CLASSES = ("date-time", "footer", "header", "page-number")
_MAX_SPAN = 50
_MAX_ROWS_REPEATED = 50


def extract(path: Path) -> Extracted:
    """The text of an OpenDocument text or presentation."""
    package = open_package(path)
    content = package.tree("content.xml")
    others = [package.tree("styles.xml")] if "styles.xml" in package else []
    reader = _Reader(Styles([content, *others]))
    body = content.find(f"{OFFICE}body")
    blocks = list(reader.document(body)) if body is not None else []
    title = _title(package) or reader.first_heading
    return Extracted(text=joined(blocks), title=title)


class _Reader:
    """Walks a document, counts its lists and collects its notes."""

    def __init__(self, styles: Styles) -> None:
        self.first_heading = ""
        self.notes = Notes()
        self._styles = styles
        self._has_title = False
        self._counts: dict[str, int] = {}  # of the top levels of lists that may be continued

    def document(self, body: Any) -> Iterator[Block]:
        """All blocks of a text or a presentation, and its notes."""
        for part in body.iterchildren():
            if part.tag == f"{OFFICE}presentation":
                yield from self._slides(part)
            else:
                self._has_title = any(
                    self._is_title(paragraph) for paragraph in part.iterchildren(f"{TEXT}p")
                )
                yield from self._blocks(part)
        for note in self.notes.texts():
            yield note, "text"

    def _slides(self, presentation: Any) -> Iterator[Block]:
        for page in presentation.iterchildren(f"{DRAW}page"):
            frames = list(page.iterchildren())
            titles = [frame for frame in frames if frame.get(_CLASS) == "title"]
            for frame in titles:
                words = " ".join(" ".join(text for text, _kind in self._blocks(frame)).split())
                if words:
                    self.first_heading = self.first_heading or words
                    yield f"## {words}", "text"
            for frame in frames:
                if frame not in titles and frame.get(_CLASS) not in _LEFT_OUT_CLASSES:
                    yield from self._block(frame)

    def _blocks(self, parent: Any) -> Iterator[Block]:
        for child in parent.iterchildren():
            yield from self._block(child)

    def _block(self, element: Any) -> Iterator[Block]:
        tag = element.tag
        if tag in _LEFT_OUT:
            return
        if tag in (f"{TEXT}p", f"{TEXT}h"):
            yield from self._paragraph(element)
        elif tag == f"{TEXT}list":
            yield from self._list(element, "", 1)
        elif tag == f"{TABLE}table":
            yield from self._table(element)
        else:  # sections, frames, text boxes, shapes, groups
            yield from self._blocks(element)

    def _paragraph(self, paragraph: Any, label: str = "") -> Iterator[Block]:
        raw = paragraph_text(paragraph, self.notes)
        text = raw.strip()
        if text:
            level = self._level(paragraph)
            if level:
                line = " ".join(text.split())
                self.first_heading = self.first_heading or line
                yield "#" * level + " " + line, "text"
            elif label:
                yield label + text, "item"
            elif self._is_styled(paragraph, _CODE_STYLES):
                yield raw.rstrip(), "code"
            else:
                yield text, "text"
        for frame in paragraph.iterdescendants(f"{DRAW}frame", f"{DRAW}custom-shape"):
            if not any(above.tag in _FRAMES for above in _between(frame, paragraph)):
                yield from self._blocks(frame)

    def _list(self, element: Any, style: str, depth: int) -> Iterator[Block]:
        style = element.get(f"{TEXT}style-name") or style
        numbered = self._styles.is_numbered(style, depth)
        place = f"{style}/{depth}"
        goes_on = element.get(f"{TEXT}continue-numbering") == "true" or (
            element.get(f"{TEXT}continue-list") is not None
        )
        count = self._counts.get(place, 0) if goes_on else 0
        for item in element.iterchildren(f"{TEXT}list-item", f"{TEXT}list-header"):
            is_item = item.tag == f"{TEXT}list-item"
            label = ""
            if is_item and any(child.tag != f"{TEXT}list" for child in item):
                count = number_of(item, f"{TEXT}start-value", count + 1)
                label = "  " * min(depth - 1, 8) + (f"{count}. " if numbered else "- ")
            for child in item.iterchildren():
                if child.tag == f"{TEXT}list":
                    yield from self._list(child, style, depth + 1)
                elif child.tag in (f"{TEXT}p", f"{TEXT}h"):
                    yield from self._paragraph(child, label)
                    label = ""
                else:
                    yield from self._block(child)
        self._counts[place] = count

    def _table(self, table: Any) -> Iterator[Block]:
        """Cells that are merged are repeated, so that every row can be read by itself."""
        rows: list[list[str]] = []
        from_above: dict[int, tuple[int, str]] = {}  # column: how many rows more, text
        for row in _rows(table):
            cells: list[str] = []
            for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                repeated = min(number_of(cell, f"{TABLE}number-columns-repeated", 1), _MAX_SPAN)
                if cell.tag == f"{TABLE}table-cell":
                    text = self._cell_text(cell)
                    down = number_of(cell, f"{TABLE}number-rows-spanned", 1) - 1
                    across = min(number_of(cell, f"{TABLE}number-columns-spanned", 1), _MAX_SPAN)
                    for column in range(len(cells), len(cells) + across):
                        from_above[column] = (down + 1, text)
                    cells.extend([text] * repeated)
                    continue
                for _one in range(repeated):
                    cells.append(from_above.get(len(cells), (0, ""))[1])
            from_above = {
                column: (left - 1, text) for column, (left, text) in from_above.items() if left > 1
            }
            while cells and not cells[-1]:
                cells.pop()
            rows.append(cells)
        rows = [row for row in rows if row]
        if max((len(row) for row in rows), default=0) > 1:
            yield table_text(rows), "text"
        else:  # a frame around a text rather than a table
            for row in _rows(table):
                for cell in row.iterchildren(f"{TABLE}table-cell"):
                    yield from self._blocks(cell)

    def _cell_text(self, cell: Any) -> str:
        texts = (text for text, _kind in self._blocks(cell))
        return " ".join(" ".join(texts).split())

    def _level(self, paragraph: Any) -> int:
        """1 for the title, 1 to 6 for headings (one deeper below a title), 0 for other text."""
        if self._is_title(paragraph):
            return 1
        if paragraph.tag != f"{TEXT}h":
            return 0
        return min(number_of(paragraph, f"{TEXT}outline-level", 1) + self._has_title, 6)

    def _is_title(self, paragraph: Any) -> bool:
        return self._is_styled(paragraph, ("title",))

    def _is_styled(self, paragraph: Any, names: tuple[str, ...]) -> bool:
        return any(name in names for name in self._styles.names(paragraph.get(_STYLE_NAME, "")))


def _title(package: Package) -> str:
    if "meta.xml" not in package:
        return ""
    found = package.tree("meta.xml").iter("{http://purl.org/dc/elements/1.1/}title")
    return " ".join(" ".join("".join(title.itertext()) for title in found).split())


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table, those in groups and headers too."""
    for child in table.iterchildren():
        if child.tag == f"{TABLE}table-row":
            repeated = number_of(child, f"{TABLE}number-rows-repeated", 1)
            for _one in range(min(repeated, _MAX_ROWS_REPEATED)):
                yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _between(element: Any, top: Any) -> Iterator[Any]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above
