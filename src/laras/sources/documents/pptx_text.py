"""The paragraphs of a shape on a slide, with the bullets, numbers and places that it takes over
from the slide's layout and master.

A placeholder of a slide names the one of its layout that it fills, and that one the master's;
what is not said nearer by holds from there. ECMA-376 part 1, 19.3 and 21.1.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from laras.sources.documents.drawn import A
from laras.sources.documents.omml import M, latex
from laras.sources.documents.package import Package

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_PLACES = (
    f"{P}spPr/{A}xfrm/{A}off",
    f"{P}grpSpPr/{A}xfrm/{A}off",
    f"{P}xfrm/{A}off",
)
_BODY_KINDS = ("body", "obj", "subTitle", "")
_MAX_LEVEL = 8
_CONTROL = re.compile(r"_x00[01][0-9A-Fa-f]_")  # how a control character is written in XML
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


class Layouts:
    """What slides take over from their layouts and masters, each of which is read once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._shapes = cache(self._shapes_of)
        self._above = cache(self._above_part)
        self._text_style = cache(self._text_style_of)

    def place(self, shape: Any, part: str) -> tuple[int, int]:
        """Left and top edge in EMU; (0, 0) where nothing says."""
        for source in self.chain(shape, part):
            for path in _PLACES:
                offset = source.find(path)
                if offset is not None:
                    return _signed(offset.get("x")), _signed(offset.get("y"))
        return 0, 0

    def chain(self, shape: Any, part: str) -> Iterator[Any]:
        """The shape, then the placeholders that it inherits from."""
        yield shape
        kind, index = placeholder(shape)
        if kind is None:
            return
        above = self._above(part)
        while above:
            found = _matching(self._shapes(above), kind, index)
            if found is not None:
                yield found
            above = self._above(above)

    def styles(self, shape: Any, part: str) -> list[Any]:
        """The styles of lists that hold for a shape, from the nearest on."""
        found = [source.find(f"{P}txBody/{A}lstStyle") for source in self.chain(shape, part)]
        if placeholder(shape)[0] in _BODY_KINDS:
            above = part
            while above := self._above(above):
                found.append(self._text_style(above))
        return [style for style in found if style is not None]

    def _text_style_of(self, part: str) -> Any | None:
        if "/slideMasters/" not in part:
            return None
        return self._package.tree(part).find(f"{P}txStyles/{P}bodyStyle")

    def _above_part(self, part: str) -> str:
        for kind in ("slideLayout", "slideMaster", "notesMaster"):
            # A master names its layouts too.
            is_above = not (kind == "slideLayout" and "/slideMasters/" in part)
            names = self._package.related(part, kind) if is_above else []
            if names:
                return names[0]
        return ""

    def _shapes_of(self, part: str) -> tuple[Any, ...]:
        return tuple(self._package.tree(part).iter(f"{P}sp"))


def placeholder(shape: Any) -> tuple[str | None, str]:
    """(kind, index) of a placeholder; (None, "") of any other shape."""
    found = shape.find(f"./*/{P}nvPr/{P}ph")
    return (None, "") if found is None else (found.get("type", ""), found.get("idx", ""))


def _matching(shapes: tuple[Any, ...], kind: str, index: str) -> Any | None:
    """The placeholder with the same index, else one of the same kind."""
    same_kind = None
    for shape in shapes:
        other_kind, other_index = placeholder(shape)
        if other_kind is None:
            continue
        if index and other_index == index:
            return shape
        alike = other_kind == kind or (other_kind in _BODY_KINDS and kind in _BODY_KINDS)
        if same_kind is None and alike:
            same_kind = shape
    return same_kind


def words(element: Any) -> str:
    """All text below ``element`` on one line."""
    texts = (_paragraph_text(paragraph) for paragraph in element.iter(f"{A}p"))
    return " ".join(" ".join(texts).split())


def shape_paragraphs(shape: Any, part: str, layouts: Layouts) -> Iterator[str]:
    """The paragraphs of a shape; the items of a list are one block."""
    body = shape.find(f"{P}txBody")
    if body is None:
        return
    styles: list[Any] | None = None
    counts: dict[int, int] = {}
    items: list[str] = []
    for paragraph in body.iterchildren(f"{A}p"):
        text = _paragraph_text(paragraph).strip()
        if not text:
            continue
        properties = paragraph.find(f"{A}pPr")
        level = _level(properties)
        mark = _mark(properties)
        if mark is None:
            if styles is None:
                styles = layouts.styles(shape, part)
            mark = _inherited_mark(styles, level)
        label = _label(mark, level, counts)
        if label:
            items.append(f"{'  ' * level}{label} {text}")
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield text
    if items:
        yield "\n".join(items)


def _level(properties: Any | None) -> int:
    given = "0" if properties is None else properties.get("lvl", "0")
    return min(int(given[:2]), _MAX_LEVEL) if given.isdecimal() else 0


def _mark(properties: Any | None) -> Any | None:
    """The element that says what stands before a paragraph, if any does."""
    if properties is None:
        return None
    return next(
        properties.iterchildren(f"{A}buNone", f"{A}buChar", f"{A}buAutoNum", f"{A}buBlip"), None
    )


def _inherited_mark(styles: list[Any], level: int) -> Any | None:
    for style in styles:
        mark = _mark(style.find(f"{A}lvl{level + 1}pPr"))
        if mark is not None:
            return mark
    return None


def _label(mark: Any | None, level: int, counts: dict[int, int]) -> str:
    """A dash, or the next number of the level, or nothing; deeper levels begin anew."""
    is_numbered = mark is not None and mark.tag == f"{A}buAutoNum"
    for other in list(counts):
        if other > level or (other == level and not is_numbered):
            del counts[other]
    if mark is None or mark.tag == f"{A}buNone":
        return ""
    if not is_numbered:
        return "-"
    start = mark.get("startAt", "1")
    first = int(start[:5]) if start.isdecimal() else 1
    counts[level] = counts.get(level, first - 1) + 1
    return _number(counts[level], mark.get("type", ""))


def _number(count: int, kind: str) -> str:
    written = str(count)
    if kind.startswith("alpha") and count <= 26:
        written = chr(ord("a") + count - 1)
    elif kind.startswith("roman") and count < len(_ROMAN):
        written = _ROMAN[count]
    if "Uc" in kind:
        written = written.upper()
    if kind.endswith("ParenBoth"):
        return f"({written})"
    return written + (")" if kind.endswith("ParenR") else ".")


def _paragraph_text(paragraph: Any) -> str:
    parts: list[str] = []
    for element in paragraph.iter(f"{A}t", f"{A}br", f"{M}oMath"):
        if element.tag == f"{A}br":
            parts.append("\n")
        elif element.tag == f"{M}oMath":
            parts.append(f"${latex(element)}$")
        elif element.getparent().get("type") != "slidenum":
            parts.append(_CONTROL.sub(" ", element.text or ""))
    return "".join(parts)


def _signed(value: str | None) -> int:
    digits = (value or "").removeprefix("-")
    number = int(digits[:12]) if digits.isdecimal() else 0
    return -number if value and value.startswith("-") else number
