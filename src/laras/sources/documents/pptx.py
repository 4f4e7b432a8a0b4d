"""PPTX: slides in their order, each with its title as a heading, its texts, tables, charts and
diagrams from the top down, and the speaker's notes at its end.

The XML is read directly: bullets and places that a slide takes over from its layout are looked up
there. Footers, dates and slide numbers are left out. Runs in the child process (see worker.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laras.sources.documents.drawn import A, R, drawn_texts
from laras.sources.documents.package import Package, open_package
from laras.sources.documents.pptx_text import Layouts, P, placeholder, shape_paragraphs, words
from laras.sources.documents.table_text import table_text
from laras.sources.extraction import Extracted

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TITLES = ("title", "ctrTitle")
_LEFT_OUT = ("dt", "ftr", "sldNum", "hdr", "sldImg")
_SHAPES = frozenset(f"{P}{name}" for name in ("sp", "grpSp", "graphicFrame", "cxnSp", "pic"))
_BANDS = 24  # of a slide's height: what begins in the same one is read from left to right
_MAX_SPAN = 50
_USUAL_HEIGHT = 6_858_000  # of a slide, in EMU (914,400 to the inch)


@dataclass(slots=True)
class _Slide:
    title: str = ""
    blocks: list[str] = field(default_factory=list)


def extract(path: Path) -> Extracted:
    """The text of all slides."""
    package = open_package(path)
    main = package.main_part()
    presentation = package.tree(main)
    targets = {relation.id: relation.target for relation in package.relations(main)}
    size = presentation.find(f"{P}sldSz")
    height = _integer(size.get("cy")) if size is not None else 0
    layouts = Layouts(package)
    texts: list[str] = []
    first_title = ""
    for reference in presentation.iterfind(f"{P}sldIdLst/{P}sldId"):
        part = targets.get(reference.get(f"{R}id", ""))
        if part is None:
            continue
        slide = _read_slide(package, part, layouts, height or _USUAL_HEIGHT)
        first_title = first_title or slide.title
        if slide.title:
            texts.append(f"## {slide.title}")
        texts.extend(slide.blocks)
    return Extracted(text="\n\n".join(texts), title=package.title() or first_title)


def _read_slide(package: Package, part: str, layouts: Layouts, height: int) -> _Slide:
    slide = _Slide()
    tree = package.tree(part)
    targets = {relation.id: relation.target for relation in package.relations(part)}
    root = tree.find(f"{P}cSld/{P}spTree")
    if root is not None:
        for shape in _in_order(root, part, layouts, height):
            kind = placeholder(shape)[0]
            if kind in _TITLES and not slide.title:
                slide.title = words(shape)
            elif kind not in _LEFT_OUT:
                slide.blocks.extend(_blocks(shape, package, part, targets, layouts))
    for notes in package.related(part, "notesSlide"):
        for shape in package.tree(notes).iter(f"{P}sp"):
            if placeholder(shape)[0] == "body":
                slide.blocks.extend(shape_paragraphs(shape, notes, layouts))
    return slide


def _blocks(
    shape: Any, package: Package, part: str, targets: dict[str, str], layouts: Layouts
) -> Iterator[str]:
    if shape.tag in (f"{P}sp", f"{P}cxnSp"):
        yield from shape_paragraphs(shape, part, layouts)
    elif shape.tag == f"{P}graphicFrame":
        table = shape.find(f".//{A}tbl")
        if table is None:
            yield from drawn_texts(package, targets, shape)
            return
        rows = _table_rows(table)
        if max((len(row) for row in rows), default=0) == 1:
            yield from (row[0] for row in rows)
        elif rows:
            yield table_text(rows)


def _in_order(parent: Any, part: str, layouts: Layouts, height: int) -> Iterator[Any]:
    """Shapes as they are read: the title, then from the top down and from left to right; those
    of a group stay together."""
    placed: list[tuple[tuple[int, int, int], Any]] = []
    for number, shape in enumerate(_shapes(parent)):
        if placeholder(shape)[0] in _TITLES:
            placed.append(((-1, 0, number), shape))
            continue
        left, top = layouts.place(shape, part)
        placed.append(((top * _BANDS // height, left, number), shape))
    for _key, shape in sorted(placed, key=lambda item: item[0]):
        if shape.tag == f"{P}grpSp":
            yield from _in_order(shape, part, layouts, height)
        else:
            yield shape


def _shapes(parent: Any) -> Iterator[Any]:
    for child in parent.iterchildren():
        if child.tag in _SHAPES:
            yield child
        elif child.tag == f"{_MC}AlternateContent":
            # The first form that we know; a fallback is the same once more, often as a picture.
            for form in child.iterchildren(f"{_MC}Choice", f"{_MC}Fallback"):
                known = list(_shapes(form))
                if known:
                    yield from known
                    break


def _table_rows(table: Any) -> list[list[str]]:
    """Cells that are merged are repeated, so that every row can be read by itself."""
    rows: list[list[str]] = []
    for row in table.iterchildren(f"{A}tr"):
        cells: list[str] = []
        for cell in row.iterchildren(f"{A}tc"):
            if cell.get("hMerge") in ("1", "true") and cells:
                cells.append(cells[-1])
            elif cell.get("vMerge") in ("1", "true") and rows and len(cells) < len(rows[-1]):
                cells.append(rows[-1][len(cells)])
            else:
                cells.append(words(cell))
        rows.append(cells[:_MAX_SPAN])
    return [row for row in rows if any(row)]


def _integer(value: str | None) -> int:
    return int(value[:12]) if value and value.isdecimal() else 0
