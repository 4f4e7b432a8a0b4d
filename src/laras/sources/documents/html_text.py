"""The text of an HTML page as Markdown-like lines: headings, paragraphs, lists, tables, code.

Walks the tree without recursion, for pages that are nested deeply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laras.sources.documents.html_table import (
    BLOCKS,
    SPACE,
    list_start,
    table_of_nodes,
)
from laras.sources.documents.html_tree import Tree, raised, replacement_text

__all__ = ["PageText", "page_text"]

_EDGES = frozenset(("header", "footer", "aside", "nav", "a"))
_HEADING = re.compile(r"^h([1-6])$")
_WORD = re.compile(r"\w+")
_HALF_BOLD_WORD = re.compile(r"\*\*([^*]+)\*\*(?=\w)")
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source)-([A-Za-z0-9+#-]{1,20})")


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
        self.last = ""  # what the block before was: "item", "term", "meaning" or ""
        self.is_term = False
        self._opened: dict[str, int] = {}  # inline marks: where in ``inline`` they begin

    def close(self) -> None:
        """End the block; the next text begins another."""
        text = _clean("".join(self.inline))
        self.inline, self._opened = [], {}
        if not text:
            return
        text = _HALF_BOLD_WORD.sub(r"\1", text, count=1) if text.startswith("**") else text
        kind = "term" if self.is_term else ""
        if self.prefix == ": ":
            kind = "meaning"
        elif self.prefix and not self.prefix.startswith("#"):
            kind = "item"
        indent = "  " * max(self.list_depth - 1, 0) if kind == "item" else ""
        line = indent + self.prefix + text
        goes_on = (kind, self.last) in _TIGHT
        if goes_on and self.blocks:
            self.blocks[-1] += "\n" + line
        else:
            self.blocks.append(line)
        self.last = kind
        self.prefix = ""

    def add_block(self, text: str) -> None:
        """A block that is finished already."""
        self.close()
        if text.strip():
            self.blocks.append(text)
            self.last = ""

    def open(self, mark: str) -> None:
        """Inline text from here on stands in ``mark``: bold only at the beginning of a block,
        where it is a term or a heading in disguise."""
        at_start = not "".join(self.inline).strip() and not self.prefix.startswith("#")
        if mark not in self._opened and (mark != "**" or at_start):
            self._opened[mark] = len(self.inline)

    def end(self, mark: str) -> None:
        """Close what :meth:`open` opened, unless its block was closed before."""
        start = self._opened.pop(mark, None)
        if start is None:
            return
        text = "".join(self.inline[start:])
        inner = text.strip()
        if inner and mark not in inner and "\n" not in inner:
            before, after = text[: text.index(inner)], text[text.index(inner) + len(inner) :]
            self.inline[start:] = [before, mark, inner, mark, after]


_TIGHT = frozenset(
    (("item", "item"), ("meaning", "term"), ("meaning", "meaning"))
)  # kinds of blocks that stand on the line below the other


def page_text(html: str, *, everything: bool = False, hidden: str = "") -> PageText:
    """All text of a page but scripts, styles, forms' controls and what is hidden, and without
    menus unless ``everything`` is asked for. ``hidden``: a CSS selector of what to leave out
    too."""
    tree = Tree(html, everything=everything, hidden=hidden)
    title = _clean(SPACE.sub(" ", tree.title))
    body = tree.body
    if body is None:
        return PageText("", title, 0, 0, 0)
    writer = _Writer()
    words = [0, 0]  # of the content; of links and edges
    headings = 0
    counters: list[int | None] = []  # of the lists we are in; None: not numbered
    edges = 0
    for entering, node in _walk(body, tree):
        tag = node.tag
        if tag == "-text":
            text = node.text_content or ""
            words[edges > 0] += len(_WORD.findall(text))
            text = SPACE.sub(" ", text)
            if node.parent is not None and node.parent.tag == "sup":
                text = raised(text, writer.inline[-1] if writer.inline else "")
            writer.inline.append(text)
            continue
        if tag in _EDGES:
            edges += 1 if entering else -1
        if tag in _MARKS:
            (writer.open if entering else writer.end)(_MARKS[tag])
        elif tag == "br" and entering:
            writer.inline.append("\n")
        elif tag in ("img", "math"):
            instead = replacement_text(node) if entering else None
            if instead:
                writer.inline.append(instead)
        elif tag == "table" and not tree.is_layout(node):
            if entering:
                writer.add_block(table_of_nodes(node, tree))
                words[edges > 0] += len(_WORD.findall(node.text(separator=" ")))
        elif tag == "pre" and entering:
            code = node.text().strip("\n")
            writer.add_block(_fenced(code, node) if code.strip() else "")
            words[edges > 0] += len(_WORD.findall(code))
        elif tag in BLOCKS:
            writer.close()
            heading = _HEADING.match(tag)
            writer.is_term = tag == "dt" and entering
            if heading and entering:
                writer.prefix = "#" * int(heading.group(1)) + " "
                headings += not edges
            elif tag in ("ul", "ol"):
                if entering:
                    counters.append(list_start(node) - 1 if tag == "ol" else None)
                else:
                    counters.pop()
                writer.list_depth = len(counters)
                writer.last = writer.last if counters else ""
            elif tag == "li" and entering:
                number = counters[-1] if counters else None
                if number is not None:
                    counters[-1] = number + 1
                writer.prefix = "- " if number is None else f"{number + 1}. "
            elif tag == "dd" and entering:
                writer.prefix = ": "
            elif not entering or tag == "dt":
                writer.prefix = ""
    writer.close()
    text = "\n\n".join(writer.blocks)
    return PageText(text, title, sum(words), words[0], headings)


_MARKS = {"b": "**", "strong": "**", "code": "`"}


def _walk(root: Any, tree: Tree) -> Iterator[tuple[bool, Any]]:
    """Every node, once going in and once coming out; tables of data are not gone into."""
    stack: list[tuple[bool, Any]] = [(True, root)]
    while stack:
        entering, node = stack.pop()
        yield entering, node
        if not entering or node.tag in ("-text", "pre", "img"):
            continue
        if node.tag == "table" and not tree.is_layout(node):
            continue
        if node.tag == "math" and replacement_text(node) is not None:
            continue
        stack.append((False, node))
        stack.extend((True, child) for child in reversed(tree.children(node)))


def _fenced(code: str, node: Any) -> str:
    inner = node.css_first("code")
    classes = " ".join((each.attributes.get("class") or "") for each in (node, inner) if each)
    language = _LANGUAGE.search(classes)
    fence = "```" if "```" not in code else "````"
    return f"{fence}{language.group(1) if language else ''}\n{code}\n{fence}"


def _clean(text: str) -> str:
    """Spaces within lines as one, no space at their ends, no empty lines."""
    lines = (SPACE.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
