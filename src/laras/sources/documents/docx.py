"""DOCX: paragraphs, headings, lists and tables in the order in which they are read.

Text is taken from the XML of each
paragraph rather than from its runs, which would lose insertions under review, text boxes, content
controls and formulas. Runs in the child process (see worker.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.documents.docx_package import checked_package
from laras.sources.documents.html_text import markdown_table
from laras.sources.extraction import Extracted

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOT_TEXT = frozenset(
    (_FALLBACK, f"{_W}txbxContent", f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}instrText")
)
# Formulas on one line: what stands above, below or under a bar is not to run into the rest.
_MATH_MARKS = {
    f"{_M}sup": ("^{", "}"),
    f"{_M}sub": ("_{", "}"),
    f"{_M}num": ("(", ")/"),
    f"{_M}den": ("(", ")"),
    f"{_M}rad": ("√(", ")"),
    f"{_M}d": ("(", ")"),
}
_HEADING_STYLE = re.compile(r"^heading ([1-9])$", re.IGNORECASE)
_MAX_SPAN = 50


def extract(path: Path) -> Extracted:
    """The text of a DOCX file; tables as Markdown rows, headings as ``#`` lines."""
    package = checked_package(path)
    import docx

    document = docx.Document(package)
    reader = _Body(document)
    blocks = list(reader.blocks(document.element.body))
    title = (document.core_properties.title or "").strip() or reader.first_heading
    return Extracted(text=_joined(blocks), title=title)


def _joined(blocks: list[tuple[str, bool]]) -> str:
    """Blocks apart by a blank line; items of one list follow each other directly."""
    parts: list[str] = []
    in_list = False
    for text, is_item in blocks:
        if parts:
            parts.append("\n" if is_item and in_list else "\n\n")
        parts.append(text)
        in_list = is_item
    return "".join(parts)


class _Body:
    """Walks the body of one document and counts its numbered lists."""

    def __init__(self, document: Any) -> None:
        self.first_heading = ""
        self._styles = {style.style_id: style for style in document.styles}
        self._formats = _list_formats(document)
        self._counters: Counter[tuple[str, int]] = Counter()
        self._has_title = any(
            self._style_name(paragraph).lower() == "title"
            for paragraph in document.element.body.iterchildren(f"{_W}p")
        )

    def blocks(self, parent: Any) -> Iterator[tuple[str, bool]]:
        """(text, whether it is an item of a list) of each block below ``parent``."""
        for child in parent.iterchildren():
            if child.tag == f"{_W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                rows = [list(_cells(row)) for row in child.iterchildren(f"{_W}tr")]
                if max((len(row) for row in rows), default=0) > 1:
                    yield from self._table(rows)
                else:  # a frame around a text rather than a table
                    for cell in (cell for row in rows for cell in row):
                        yield from self.blocks(cell)
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
                yield from self.blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[tuple[str, bool]]:
        text = _text(paragraph)
        if text:
            level = self._heading_level(paragraph)
            if level:
                line = " ".join(text.split())
                self.first_heading = self.first_heading or line
                yield "#" * level + " " + line, False
            else:
                prefix = self._list_prefix(paragraph)
                yield prefix + text, bool(prefix)
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(above.tag == _FALLBACK for above in box.iterancestors()):
                yield from self.blocks(box)

    def _table(self, rows: list[list[Any]]) -> Iterator[tuple[str, bool]]:
        """Cells that are merged are repeated, so that every row can be read by itself."""
        written: list[list[str]] = []
        for row in rows:
            cells: list[str] = []
            for cell in row:
                merge = cell.find(f"{_W}tcPr/{_W}vMerge")
                continues = merge is not None and merge.get(f"{_W}val") != "restart"
                above = written[-1] if written else []
                if continues and len(cells) < len(above):
                    text = above[len(cells)]
                else:
                    text = self._cell_text(cell)
                cells.extend([text] * _span(cell))
            if any(cells):
                written.append(cells)
        if written:
            yield markdown_table(written), False

    def _cell_text(self, cell: Any) -> str:
        """All paragraphs of a cell on one line, those of a table in it too."""
        texts: list[str] = []
        for paragraph in cell.iter(f"{_W}p"):
            if next(paragraph.iterancestors(f"{_W}txbxContent"), None) is None:
                texts.extend(text for text, _item in self._paragraph(paragraph))
        return " ".join(" ".join(texts).split()).replace("|", "\\|")

    def _style_name(self, paragraph: Any) -> str:
        style = self._style_of(paragraph)
        return str(style.name or "") if style is not None else ""

    def _style_of(self, paragraph: Any) -> Any:
        named = paragraph.find(f"{_W}pPr/{_W}pStyle")
        return self._styles.get(named.get(f"{_W}val")) if named is not None else None

    def _heading_level(self, paragraph: Any) -> int:
        """1 for the title, 1 to 6 for headings (one deeper below a title), 0 for other text."""
        for name in (style.name or "" for style in self._style_chain(paragraph)):
            if name.lower() == "title":
                return 1
            heading = _HEADING_STYLE.match(name)
            if heading:
                return min(int(heading.group(1)) + self._has_title, 6)
        return 0

    def _style_chain(self, paragraph: Any) -> Iterator[Any]:
        style = self._style_of(paragraph)
        for _depth in range(10):  # a style may be based on itself in a broken file
            if style is None:
                return
            yield style
            style = getattr(style, "base_style", None)

    def _list_prefix(self, paragraph: Any) -> str:
        found = paragraph.find(f"{_W}pPr/{_W}numPr")
        for style in self._style_chain(paragraph):
            if found is not None:
                break
            found = style.element.find(f"{_W}pPr/{_W}numPr")
        if found is None:
            return ""
        number = found.find(f"{_W}numId")
        depth = found.find(f"{_W}ilvl")
        list_id = number.get(f"{_W}val") if number is not None else "0"
        level = _integer(depth.get(f"{_W}val") if depth is not None else "0")
        if list_id == "0":  # "no list", said explicitly
            return ""
        indent = "  " * min(level, 8)
        if self._formats.get((list_id, level), "bullet") in ("bullet", "none"):
            return f"{indent}- "
        self._counters[list_id, level] += 1
        for deeper in [key for key in self._counters if key[0] == list_id and key[1] > level]:
            del self._counters[deeper]
        return f"{indent}{self._counters[list_id, level]}. "


def _list_formats(document: Any) -> dict[tuple[str, int], str]:
    """(list, level) to "bullet", "decimal", ... as the numbering part defines them."""
    part = next(
        (
            related.target_part
            for related in document.part.rels.values()
            if related.reltype.endswith("/numbering") and not related.is_external
        ),
        None,
    )
    root = getattr(part, "element", None)
    if root is None:
        return {}
    abstract: dict[str, dict[int, str]] = {}
    for definition in root.iterchildren(f"{_W}abstractNum"):
        levels = abstract.setdefault(definition.get(f"{_W}abstractNumId"), {})
        for level in definition.iterchildren(f"{_W}lvl"):
            kind = level.find(f"{_W}numFmt")
            if kind is not None:
                levels[_integer(level.get(f"{_W}ilvl"))] = kind.get(f"{_W}val")
    formats: dict[tuple[str, int], str] = {}
    for number in root.iterchildren(f"{_W}num"):
        reference = number.find(f"{_W}abstractNumId")
        if reference is not None:
            for depth, kind in abstract.get(reference.get(f"{_W}val"), {}).items():
                formats[number.get(f"{_W}numId"), depth] = kind
    return formats


def _integer(value: str | None) -> int:
    return int(value[:4]) if value and value.isdecimal() else 0


def _cells(row: Any) -> Iterator[Any]:
    for child in row.iterchildren(f"{_W}tc", f"{_W}sdt"):
        if child.tag == f"{_W}tc":
            yield child
        else:  # a content control around a cell
            yield from child.iterfind(f"{_W}sdtContent/{_W}tc")


def _span(cell: Any) -> int:
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    return min(max(_integer(span.get(f"{_W}val")), 1), _MAX_SPAN) if span is not None else 1


def _text(paragraph: Any) -> str:
    """A paragraph's text: runs, links, insertions and formulas; not what a reviewer deleted."""
    parts: list[str] = []
    stack: list[Any] = [paragraph]
    while stack:
        element = stack.pop()
        if isinstance(element, str):
            parts.append(element)
            continue
        tag = element.tag
        if tag in (f"{_W}t", f"{_M}t"):
            parts.append(element.text or "")
        elif tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append("\t" if element.getparent().tag == f"{_W}r" else "")
        elif tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n")
        elif tag == f"{_W}noBreakHyphen":
            parts.append("\u2011")
        elif tag not in _NOT_TEXT:
            before, after = _MATH_MARKS.get(tag, ("", ""))
            stack.extend([after, *reversed(element), before])
    return "".join(parts).strip()
