"""The text of an HTML page as Markdown-like lines: headings, paragraphs, lists, tables, code.

Walks the tree without recursion, for pages nested ten thousand deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LEFT_OUT_TAGS = """
    script style noscript template svg head iframe object embed canvas nav select option button
    input textarea audio video map dialog
"""
_BLOCK_TAGS = """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table td th tr
    ul caption tbody thead tfoot
"""
_LEFT_OUT = frozenset(_LEFT_OUT_TAGS.split())
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_EDGES = frozenset(("header", "footer", "aside", "nav", "a"))
_HEADING = re.compile(r"^h([1-6])$")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_MAX_SPAN = 50


@dataclass(frozen=True, slots=True)
class PageText:
    """Text of a page, its title, and how many words and headings of it are content: neither in
    links nor at the edges (header, footer, aside)."""

    text: str
    title: str
    words: int
    content_words: int
    content_headings: int


class _Writer:
    """Collects inline text and closes it into blocks."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.inline: list[str] = []
        self.prefix = ""
        self.list_depth = 0
        self.tight = False  # the block before was a list item

    def close(self) -> None:
        text = _clean("".join(self.inline))
        self.inline = []
        if not text:
            return
        item = self.prefix.endswith(("- ", ". "))
        indent = "  " * max(self.list_depth - 1, 0) if item else ""
        line = indent + self.prefix + text
        if item and self.tight and self.blocks:
            self.blocks[-1] += "\n" + line
        else:
            self.blocks.append(line)
        self.tight = item
        self.prefix = ""

    def add_block(self, text: str) -> None:
        self.close()
        if text.strip():
            self.blocks.append(text)
            self.tight = False


def page_text(html: str) -> PageText:
    """All text of a page but scripts, styles, forms' controls and navigation."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    title_node = tree.head.css_first("title") if tree.head else None
    title = _clean(title_node.text()) if title_node else ""
    body = tree.body
    if body is None:
        return PageText("", title, 0, 0, 0)
    writer = _Writer()
    words = [0, 0]  # of the content; of links and edges
    headings = 0
    counters: list[int | None] = []  # of the lists we are in; None: not numbered
    edges = 0
    for entering, node in _walk(body):
        tag = node.tag
        if tag == "-text":
            if entering:
                text = node.text_content or ""
                writer.inline.append(_SPACE.sub(" ", text))
                words[edges > 0] += len(_WORD.findall(text))
            continue
        if tag in _EDGES:
            edges += 1 if entering else -1
        if tag == "br" and entering:
            writer.inline.append("\n")
        elif tag == "table" and not _is_layout(node):
            if entering:
                writer.add_block(_table(node))
                words[edges > 0] += len(_WORD.findall(node.text(separator=" ")))
        elif tag == "pre" and entering:
            code = node.text().strip("\n")
            writer.add_block(f"```\n{code}\n```" if code.strip() else "")
            words[edges > 0] += len(_WORD.findall(code))
        elif tag in _BLOCKS:
            writer.close()
            heading = _HEADING.match(tag)
            if heading and entering:
                writer.prefix = "#" * int(heading.group(1)) + " "
                headings += not edges
            elif tag in ("ul", "ol"):
                if entering:
                    counters.append(_start(node) - 1 if tag == "ol" else None)
                else:
                    counters.pop()
                writer.list_depth = len(counters)
                writer.tight = writer.tight and bool(counters)
            elif tag == "li" and entering:
                number = counters[-1] if counters else None
                if number is not None:
                    counters[-1] = number + 1
                writer.prefix = "- " if number is None else f"{number + 1}. "
            elif not entering:
                writer.prefix = ""
    writer.close()
    text = "\n\n".join(writer.blocks)
    return PageText(text, title, sum(words), words[0], headings)


def _walk(root: Any) -> Iterator[tuple[bool, Any]]:
    """Every node, once going in and once coming out; tables of data are not gone into."""
    stack: list[tuple[bool, Any]] = [(True, root)]
    while stack:
        entering, node = stack.pop()
        yield entering, node
        if not entering or node.tag in ("-text", "pre"):
            continue
        if node.tag == "table" and not _is_layout(node):
            continue
        stack.append((False, node))
        stack.extend((True, child) for child in reversed(_children(node)))


def _children(node: Any) -> list[Any]:
    return [
        child
        for child in node.iter(include_text=True)
        if child.tag == "-text" or not (child.tag in _LEFT_OUT or child.tag.startswith(("-", "!")))
    ]


def _is_layout(table: Any) -> bool:
    """A table that holds tables, and no header, arranges a page: its cells are read in turn."""
    return len(table.css("table")) > 1 and table.css_first("th") is None


def _table(table: Any) -> str:
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
        for cell in row.iter():
            if cell.tag not in ("td", "th"):
                continue
            while len(cells) in carried:
                cells.append(carried[len(cells)][1])
            text = _cell_text(cell)
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
    above = _clean(caption.text()) + "\n\n" if caption else ""
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        return above + "\n\n".join(row[0] for row in rows)
    return above + markdown_table(rows)


def _belongs_to(row: Any, table: Any) -> bool:
    node = row.parent
    while node is not None and node.tag != "table":
        node = node.parent
    return bool(node is not None and node.mem_id == table.mem_id)


def _start(numbered_list: Any) -> int:
    given = numbered_list.attributes.get("start") or "1"
    return int(given[:6]) if given.isdecimal() else 1


def _span(cell: Any, attribute: str) -> int:
    given = cell.attributes.get(attribute) or "1"
    return min(max(int(given[:4]), 1), _MAX_SPAN) if given.isdecimal() else 1


def _cell_text(cell: Any) -> str:
    """Text on one line: a space between blocks, none between the parts of a word."""
    parts: list[str] = []
    stack = [cell]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
        elif node.tag == "-text":
            parts.append(node.text_content or "")
        else:
            apart = node.tag in _BLOCKS or node.tag == "br"
            mark = " - " if node.tag == "li" else " "
            parts.append(mark if apart else "")
            stack.append(" " if apart else "")
            stack.extend(reversed(_children(node)))
    return _SPACE.sub(" ", "".join(parts)).strip().replace("|", "\\|")


def markdown_table(rows: list[list[str]]) -> str:
    """Rows of cells as a Markdown table, whose first row is the header."""
    width = max(len(row) for row in rows)
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join(["-"] * width) + " |")
    return "\n".join(lines)


def _clean(text: str) -> str:
    """Spaces within lines as one, no space at their ends, no empty lines."""
    lines = (_SPACE.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
