"""DOCX: paragraphs, headings, lists, tables, code and notes in the order in which they are read.

Text is taken from the XML of each paragraph rather than from its runs alone, which would lose
insertions under review, text boxes, content controls and formulas. Runs in the child process (see
worker.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.documents.blocks import Block, joined
from laras.sources.documents.docx_numbering import Numbering, W, integer
from laras.sources.documents.docx_styles import Styles
from laras.sources.documents.docx_text import FALLBACK, paragraph_text
from laras.sources.documents.drawn import drawn_texts
from laras.sources.documents.package import Package, open_package
from laras.sources.documents.table_text import table_text
from laras.sources.extraction import Extracted

_CONTAINERS = frozenset(
    f"{W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
)
_MAX_SPAN = 50
_MAX_HEADING_CHARACTERS = 300


def extract(path: Path) -> Extracted:
    """The text of a DOCX file; tables as Markdown rows, headings as ``#`` lines, formulas as
    LaTeX between dollar signs, notes at the end."""
    package = open_package(path)
    reader = _Reader(package)
    blocks = list(reader.document())
    return Extracted(text=joined(blocks), title=package.title() or reader.first_heading)


class _Reader:
    """Walks the body of one document, counts its lists and collects its notes."""

    def __init__(self, package: Package) -> None:
        self.first_heading = ""
        self._package = package
        self._main = package.main_part()
        self._targets = {relation.id: relation.target for relation in package.relations(self._main)}
        self._styles = Styles(self._tree_of("styles"))
        self._numbering = Numbering(self._tree_of("numbering"))
        self._notes: dict[tuple[str, str], int] = {}
        self._has_title = False

    def document(self) -> Iterator[Block]:
        """All blocks of the body, then the notes that it refers to."""
        body = self._package.tree(self._main).find(f"{W}body")
        if body is None:
            return
        paragraphs = body.iterchildren(f"{W}p")
        self._has_title = any(self._styles.name(paragraph) == "title" for paragraph in paragraphs)
        yield from self._blocks(body)
        texts = {kind: self._note_texts(kind) for kind in {kind for kind, _id in self._notes}}
        for (kind, note_id), number in self._notes.items():
            text = texts[kind].get(note_id)
            if text:
                yield f"[^{number}]: {text}", "text"

    def _tree_of(self, kind: str) -> Any | None:
        parts = self._package.related(self._main, kind)
        return self._package.tree(parts[0]) if parts else None

    def _blocks(self, parent: Any) -> Iterator[Block]:
        for child in parent.iterchildren():
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                rows = [row for row in _rows(child) if row]
                if max((len(row) for row in rows), default=0) > 1:
                    yield from self._table(rows)
                else:  # a frame around a text rather than a table
                    for cell in (cell for row in rows for cell in row):
                        yield from self._blocks(cell)
            elif child.tag in _CONTAINERS:
                yield from self._blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        raw = paragraph_text(paragraph, self._note_mark)
        text = raw.strip()
        if text:
            level = self._heading_level(paragraph)
            if level and len(text) <= _MAX_HEADING_CHARACTERS:
                line = " ".join(f"{self._label(paragraph, in_heading=True)}{text}".split())
                self.first_heading = self.first_heading or line
                yield "#" * level + " " + line, "text"
            elif self._styles.is_code(paragraph, raw):
                yield raw.rstrip(), "code"
            else:
                label = self._label(paragraph)
                yield label + text, "item" if label else "text"
        for box in paragraph.iter(f"{W}txbxContent"):
            # One inside another is met on the way through the outer one.
            if not any(above.tag in (FALLBACK, box.tag) for above in _above(box, paragraph)):
                yield from self._blocks(box)
        if paragraph.find(f".//{W}drawing") is not None:
            for drawn in drawn_texts(self._package, self._targets, paragraph):
                yield drawn, "text"

    def _table(self, rows: list[list[Any]]) -> Iterator[Block]:
        """Cells that are merged are repeated, so that every row can be read by itself."""
        written: list[list[str]] = []
        for row in rows:
            cells: list[str] = []
            above = written[-1] if written else []
            for cell in row:
                if isinstance(cell, int):  # so many columns before the first cell
                    cells.extend([""] * cell)
                    continue
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                continues = merge is not None and merge.get(f"{W}val") != "restart"
                if continues and len(cells) < len(above):
                    text = above[len(cells)]
                else:
                    text = self._cell_text(cell)
                cells.extend([text] * _span(cell, "gridSpan"))
            written.append(cells)
        written = [cells for cells in written if any(cells)]
        if written:
            yield table_text(written), "text"

    def _cell_text(self, cell: Any) -> str:
        """All paragraphs of a cell on one line, those of a table in it too."""
        texts: list[str] = []
        for paragraph in cell.iter(f"{W}p"):
            if next(paragraph.iterancestors(f"{W}txbxContent"), None) is None:
                texts.extend(text for text, _kind in self._paragraph(paragraph))
        return " ".join(" ".join(texts).split())

    def _heading_level(self, paragraph: Any) -> int:
        """1 for the title, 1 to 6 for headings (one deeper below a title), 0 for other text."""
        if self._styles.name(paragraph) == "title":
            return 1
        level = self._styles.heading_level(paragraph)
        return min(level + self._has_title, 6) if level else 0

    def _label(self, paragraph: Any, *, in_heading: bool = False) -> str:
        """What stands before an item of a list or a numbered heading, with its indentation."""
        place = self._styles.list_place(paragraph)
        label = self._numbering.next_label(*place) if place else ""
        if in_heading:
            return f"{label} " if label != "-" else ""
        return f"{'  ' * place[1]}{label} " if place and label else ""

    def _note_mark(self, kind: str, note_id: str) -> str:
        number = self._notes.setdefault((kind, note_id), len(self._notes) + 1)
        return f"[^{number}]"

    def _note_texts(self, kind: str) -> dict[str, str]:
        root = self._tree_of(kind)
        if root is None:
            return {}

        def nothing(_kind: str, _note_id: str) -> str:
            return ""

        texts = {}
        for note in root.iterchildren():
            paragraphs = (paragraph_text(part, nothing) for part in note.iter(f"{W}p"))
            texts[note.get(f"{W}id", "")] = " ".join(" ".join(paragraphs).split())
        return texts


def _above(element: Any, top: Any) -> Iterator[Any]:
    """The elements that ``element`` stands in, up to ``top``."""
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _rows(table: Any) -> Iterator[list[Any]]:
    """The cells of each row, with a number in front for the columns that it leaves out."""
    for row in _within(table, f"{W}tr"):
        if row.find(f"{W}trPr/{W}del") is not None:  # deleted by a reviewer
            continue
        cells = list(_within(row, f"{W}tc"))
        before = row.find(f"{W}trPr/{W}gridBefore")
        missing = integer(before.get(f"{W}val")) if before is not None else 0
        yield [min(missing, _MAX_SPAN), *cells] if missing and cells else cells


def _within(parent: Any, tag: str) -> Iterator[Any]:
    """Children called ``tag``, those in content controls and the like too."""
    for child in parent.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag in _CONTAINERS:
            yield from _within(child, tag)


def _span(cell: Any, name: str) -> int:
    span = cell.find(f"{W}tcPr/{W}{name}")
    return min(max(integer(span.get(f"{W}val")), 1), _MAX_SPAN) if span is not None else 1
