"""The tree of an HTML page, without what no reader of the page sees.

Nesting is cut at a depth that no page for people reaches: the parser, which looks up the open
elements at each new one, would take minutes for a hundred thousand of them.
"""

from __future__ import annotations

import re
from typing import Any

_NO_TEXT_TAGS = """
    script style noscript template svg head iframe object embed canvas select option textarea
    audio video map
"""
_MENU_TAGS = "nav button dialog"
_INPUT = "input"
_NO_TEXT = frozenset([*_NO_TEXT_TAGS.split(), _INPUT])
_NO_ARTICLE = _NO_TEXT | frozenset(_MENU_TAGS.split())
_HIDDEN = ", ".join(
    (
        '[hidden]:not([hidden="until-found"])',
        '[style*="display:none" i]',
        '[style*="display: none" i]',
        # Of whole blocks it often says no more than that a dialog was open above them.
        'span[aria-hidden="true"]',
        'i[aria-hidden="true"]',
    )
)
# Elements that stay open until they are closed; <p> and <li> end where the next one begins.
_NESTING = re.compile(
    r"<(/?)(?:div|ul|ol|dl|section|article|main|aside|header|footer|blockquote|details|center|"
    r"table|form|fieldset|figure|span|font|b|i|em|strong|u|s|small|big|tt|code|sub|sup|"
    r"pre|math|mrow|mstyle|svg|label|q|cite|mark|kbd|samp|var|del|ins|dfn|abbr|address|"
    r"figcaption|summary|ruby|dialog|object|hgroup|menu)\b[^<>]*>",
    re.IGNORECASE,
)
_MAX_DEPTH = 256
_SUPERSCRIPTS = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_RAISED = re.compile(r"[0-9+\-=()n]+")
_DECORATION = re.compile(r"(?<![a-z])(?:logo|icon|avatar|badge|emblem|spacer)", re.IGNORECASE)
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp)", re.IGNORECASE)


class Tree:
    """A parsed page. ``everything``: menus and buttons count as text too; ``hidden``: a CSS
    selector of what does not."""

    def __init__(self, html: str, *, everything: bool = False, hidden: str = "") -> None:
        from selectolax.lexbor import LexborHTMLParser

        # Kept: nodes are only as long there as the parser that they came from.
        self._parser = LexborHTMLParser(with_bounded_nesting(html))
        self._left_out = _NO_TEXT if everything else _NO_ARTICLE
        unseen = f"{_HIDDEN}, {hidden}" if hidden else _HIDDEN
        self._hidden = frozenset(node.mem_id for node in self._parser.css(unseen))
        tables = self._parser.css("table")
        self._with_tables = _tables_around(tables)
        self._with_headers = _tables_around(self._parser.css("th")) if tables else frozenset()

    @property
    def body(self) -> Any:
        """Where the text begins; None where there is nothing at all."""
        return self._parser.body

    @property
    def title(self) -> str:
        """What the page calls itself."""
        head = self._parser.head
        node = head.css_first("title") if head else None
        return node.text() if node else ""

    def is_layout(self, table: Any) -> bool:
        """A table that holds tables, and no header, arranges a page: its cells are read in
        turn."""
        return table.mem_id in self._with_tables and table.mem_id not in self._with_headers

    def children(self, node: Any) -> list[Any]:
        """Texts and elements in ``node`` that are seen."""
        return [
            child
            for child in node.iter(include_text=True)
            if child.tag == "-text"
            or not (
                child.tag in self._left_out
                or child.tag.startswith(("-", "!"))
                or (self._hidden and child.mem_id in self._hidden)
            )
        ]


def _tables_around(nodes: list[Any]) -> frozenset[int]:
    """All tables that one of the nodes lies in; each way up is gone once."""
    found: set[int] = set()
    for start in nodes:
        node = start.parent
        while node is not None:
            if node.tag == "table":
                if node.mem_id in found:
                    break
                found.add(node.mem_id)
            node = node.parent
    return frozenset(found)


def with_bounded_nesting(html: str) -> str:
    """``html`` with the tags taken out that lie deeper than any page for people."""
    if html.count("<") <= _MAX_DEPTH:
        return html
    depth = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth
        if match.group(1):
            depth = max(depth - 1, 0)
            return match.group() if depth < _MAX_DEPTH else " "
        depth += 1
        return match.group() if depth <= _MAX_DEPTH else " "

    return _NESTING.sub(kept, html)


def replacement_text(node: Any) -> str | None:
    """What stands for an element that shows no text of its own: the alternative text of a
    picture, the TeX of a formula. None for any other."""
    if node.tag == "img":
        return _alternative(node)
    if node.tag == "math":
        source = node.css_first('annotation[encoding="application/x-tex"]')
        formula = source.text() if source else node.attributes.get("alttext") or ""
        return f"${' '.join(formula.split())}$" if formula.strip() else None
    return None


def _alternative(picture: Any) -> str:
    """The alternative text of a picture, unless that is the name of a file, or the picture
    decorates: a logo, an icon."""
    facts = picture.attributes
    given = " ".join((facts.get("alt") or "").split())
    if not given or _FILE_NAME.fullmatch(given):
        return ""
    around = picture.parent.attributes if picture.parent is not None else {}
    hints = (facts.get("class"), facts.get("src"), around.get("class"))
    return "" if any(_DECORATION.search(hint or "") for hint in hints) else given


def raised(text: str, before: str) -> str:
    """A superscript that follows ``before``: as characters of its own where there are such, so
    that ten to the sixth does not become a hundred and six."""
    follows = before[-1:].isalnum() or before[-1:] == ")"
    return text.translate(_SUPERSCRIPTS) if follows and _RAISED.fullmatch(text) else text
