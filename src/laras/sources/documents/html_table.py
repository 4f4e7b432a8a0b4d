"""Tables of an HTML page as Markdown rows."""

from __future__ import annotations

import re
from typing import Any

from laras.sources.documents.html_tree import Tree, raised, replacement_text
from laras.sources.documents.table_text import table_text

_BLOCK_TAGS = """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table td th tr
    ul caption tbody thead tfoot nav
"""
BLOCKS = frozenset(_BLOCK_TAGS.split())
SPACE = re.compile(r"\s+")
_MAX_SPAN = 50


def table_of_nodes(table: Any, tree: Tree) -> str:
    """A table as Markdown rows; one with a single column as paragraphs.

    A cell that spans several columns or rows is repeated in each, so that every row can be read
    by itself.
    """
    rows: list[list[str]] = []
    from_above: dict[int, tuple[int, str]] = {}  # column: how many rows more, text
    for row in table.css("tr"):
        if not _belongs_to(row, table):
            continue
        cells: list[str] = []
        carried = {column: (left - 1, text) for column, (left, text) in from_above.items() if left}
        for cell in tree.children(row):
            if cell.tag not in ("td", "th"):
                continue
            while len(cells) in carried:
                cells.append(carried[len(cells)][1])
            text = _cell_text(cell, tree)
            down = _span(cell, "rowspan") - 1
            for _ in range(_span(cell, "colspan")):
                if down:
                    carried[len(cells)] = (down, text)
                cells.append(text)
        while len(cells) in carried:
            cells.append(carried[len(cells)][1])
        from_above = carried
        if any(cells):
            rows.append(cells)
    caption = table.css_first("caption")
    above = SPACE.sub(" ", caption.text()).strip() + "\n\n" if caption else ""
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        return above + "\n\n".join(row[0] for row in rows)
    return above + table_text(rows)


def _belongs_to(row: Any, table: Any) -> bool:
    node = row.parent
    while node is not None and node.tag != "table":
        node = node.parent
    return bool(node is not None and node.mem_id == table.mem_id)


def list_start(numbered_list: Any) -> int:
    """The number of the first item."""
    given = numbered_list.attributes.get("start") or "1"
    return int(given[:6]) if given.isdecimal() else 1


def _span(cell: Any, attribute: str) -> int:
    given = cell.attributes.get(attribute) or "1"
    return min(max(int(given[:4]), 1), _MAX_SPAN) if given.isdecimal() else 1


def _cell_text(cell: Any, tree: Tree) -> str:
    """Text on one line: a space between blocks, none between the parts of a word."""
    parts: list[str] = []
    stack: list[Any] = [cell]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node.tag == "-text":
            text = node.text_content or ""
            is_raised = node.parent is not None and node.parent.tag == "sup"
            parts.append(raised(text, parts[-1] if parts else "") if is_raised else text)
            continue
        instead = replacement_text(node)
        if instead is not None:
            parts.append(f" {instead} " if node.tag == "img" else instead)
            continue
        apart = node.tag in BLOCKS or node.tag == "br"
        if apart:
            parts.append(" ")
            stack.append(" ")
        inner = tree.children(node)
        if node.tag in ("ul", "ol"):
            inner = _marked(inner, list_start(node) if node.tag == "ol" else None)
        stack.extend(reversed(inner))
    return SPACE.sub(" ", "".join(parts)).strip()


def _marked(nodes: list[Any], number: int | None) -> list[Any]:
    """The items of a list, each behind its number or a dash."""
    result: list[Any] = []
    for node in nodes:
        if node.tag == "li":
            result.append(" - " if number is None else f" {number}. ")
            number = None if number is None else number + 1
        result.append(node)
    return result
