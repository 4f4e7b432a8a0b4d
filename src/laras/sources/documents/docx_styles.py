"""What the styles of a DOCX file make of a paragraph: a heading, code, an item of a list.

A style is based on another, whose settings hold where it has none of its own; a paragraph's own
settings go before its style's. ECMA-376 part 1, 17.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from laras.sources.documents.docx_numbering import W, integer, value_of

_HEADING = re.compile(r"^(?:heading|überschrift|titre|judul) ?([1-9])$", re.IGNORECASE)
_CODE_STYLES = """
    code codeblock codelisting sourcecode sourcetext preformatted preformattedtext
    htmlpreformatted macrotext plaincode verbatim programlisting
"""
_CODE_NAMES = frozenset(_CODE_STYLES.split())
_MONOSPACED = re.compile(
    r"^(?:consolas|courier|menlo|monaco|lucida console|cascadia|fira (?:code|mono)|inconsolata"
    r"|source code|jetbrains mono|ubuntu mono|andale mono|roboto mono|sf mono|hack$)"
    r"|\bmono(?:space)?\b",
    re.IGNORECASE,
)
_CODE_SIGNS = re.compile(r"[{}()\[\]=;<>|\\$#]|^\s{2,}|^\t|->|::")
_MAX_DEPTH = 20


class Styles:
    """The styles of one document, by their identifiers."""

    def __init__(self, root: Any | None) -> None:
        styles = root.iterchildren(f"{W}style") if root is not None else ()
        self._styles: dict[str, Any] = {}
        self._default = None
        for style in styles:
            self._styles.setdefault(style.get(f"{W}styleId", ""), style)
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
                self._default = style
        # For one document; a thousand paragraphs share a dozen styles.
        self._of_style = cache(self._facts_of_style)

    def name(self, paragraph: Any) -> str:
        """The name of the paragraph's style, in lower case."""
        return self._of_style(_style_id(paragraph))[0]

    def heading_level(self, paragraph: Any) -> int:
        """1 to 9 for headings, 0 for other text; the title is none."""
        own = paragraph.find(f"{W}pPr/{W}outlineLvl")
        if own is not None:
            level = integer(own.get(f"{W}val")) + 1
            return level if level < 10 else 0
        return self._of_style(_style_id(paragraph))[1]

    def list_place(self, paragraph: Any) -> tuple[str, int] | None:
        """The list that the paragraph is an item of, and its level from 0."""
        properties = paragraph.find(f"{W}pPr/{W}numPr")
        by_style = self._of_style(_style_id(paragraph))[2]
        if properties is None:
            place = by_style
        else:
            list_id = value_of(properties, "numId") or (by_style[0] if by_style else "0")
            place = (list_id, integer(value_of(properties, "ilvl")))
        return None if place is None or place[0] == "0" else (place[0], min(place[1], 8))

    def is_code(self, paragraph: Any, text: str) -> bool:
        """Whether the style is one for code, or all letters are as wide as each other and the
        text has signs that code has: a letter from a typewriter is no code."""
        _name, _level, _place, code, monospaced = self._of_style(_style_id(paragraph))
        if code:
            return True
        if _CODE_SIGNS.search(text) is None:
            return False
        fonts = [_font(run) for run in paragraph.iter(f"{W}r") if run.find(f"{W}t") is not None]
        return bool(fonts) and all(
            monospaced if font is None else _MONOSPACED.search(font) for font in fonts
        )

    def _facts_of_style(self, style_id: str) -> tuple[str, int, tuple[str, int] | None, bool, bool]:
        """(name, heading level, place in a list, is for code, is monospaced)."""
        chain = list(self._chain(style_id))
        names = [value_of(style, "name").lower() for style in chain]
        level = 0
        for style, name in zip(chain, names, strict=True):
            heading = _HEADING.match(name)
            outline = style.find(f"{W}pPr/{W}outlineLvl")
            if name == "title":
                break
            if heading:
                level = int(heading[1])
                break
            if outline is not None:
                level = (integer(outline.get(f"{W}val")) + 1) % 10
                break
        place = None
        for style in chain:
            properties = style.find(f"{W}pPr/{W}numPr")
            if properties is not None and value_of(properties, "numId"):
                place = (value_of(properties, "numId"), integer(value_of(properties, "ilvl")))
                break
        code = any(re.sub(r"[\W_]", "", name) in _CODE_NAMES for name in names)
        font = next((font for style in chain if (font := _font(style))), "")
        return names[0] if names else "", level, place, code, bool(_MONOSPACED.search(font))

    def _chain(self, style_id: str) -> Iterator[Any]:
        style = self._styles.get(style_id, self._default)
        for _depth in range(_MAX_DEPTH):  # a style may be based on itself in a broken file
            if style is None:
                return
            yield style
            style = self._styles.get(value_of(style, "basedOn"))


def _style_id(paragraph: Any) -> str:
    named = paragraph.find(f"{W}pPr/{W}pStyle")
    return "" if named is None else str(named.get(f"{W}val", ""))


def _font(element: Any) -> str | None:
    fonts = element.find(f"{W}rPr/{W}rFonts")
    return None if fonts is None else fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi")
