"""A docutils tree as Markdown-like lines."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

from laras.sources.documents.html_tree import raised
from laras.sources.documents.table_text import table_text

_SPACE = re.compile(r"\s+")
_SKIPPED = (
    nodes.comment,
    nodes.target,
    nodes.substitution_definition,
    nodes.pending,
    nodes.system_message,
    nodes.raw,
    nodes.transition,
    nodes.decoration,
    nodes.colspec,
)
_MAX_SPAN = 50


class Writer:
    """Turns nodes into blocks of text."""

    def blocks(self, node: Any, level: int) -> list[str]:
        """The blocks of what is in ``node``; ``level`` of the heading above it."""
        found: list[str] = []
        for child in node.children:
            found += self._block(child, level)
        return [block for block in found if block.strip()]

    def _block(self, node: Any, level: int) -> list[str]:
        if isinstance(node, _SKIPPED):
            return []
        if isinstance(node, nodes.section):
            return self.blocks(node, level + 1)
        if isinstance(node, nodes.title | nodes.subtitle):
            if isinstance(node.parent, nodes.section | nodes.document):
                return ["#" * min(max(level, 1), 6) + " " + self._inline(node)]
            return [f"**{self._inline(node)}**"]
        if isinstance(node, nodes.literal_block | nodes.doctest_block):
            return [_fenced(node)]
        if isinstance(node, nodes.math_block):
            return [f"$${node.astext().strip()}$$"]
        if isinstance(node, nodes.bullet_list | nodes.enumerated_list):
            return [self._list(node, level)]
        if isinstance(node, nodes.definition_list):
            return [self._definition(item, level) for item in node.children]
        if isinstance(node, nodes.field_list):
            return ["\n".join(self._field(field, level) for field in node.children)]
        if isinstance(node, nodes.option_list):
            return ["\n".join(self._option(item, level) for item in node.children)]
        if isinstance(node, nodes.line_block):
            return ["\n".join(_lines(node, self))]
        if isinstance(node, nodes.table):
            return self._table(node)
        if isinstance(node, nodes.image):
            return [node.get("alt", "")]
        if isinstance(node, nodes.Admonition):
            return self._admonition(node, level)
        if isinstance(node, nodes.footnote | nodes.citation):
            return self._footnote(node, level)
        if isinstance(node, nodes.rubric):
            return [f"**{self._inline(node)}**"]
        if isinstance(node, nodes.block_quote):
            return [_prefixed(block, "> ") for block in self.blocks(node, level)]
        if isinstance(node, nodes.TextElement):
            return [self._inline(node)]
        return self.blocks(node, level)

    def _list(self, node: Any, level: int) -> str:
        number = node.get("start", 1) if isinstance(node, nodes.enumerated_list) else None
        items = []
        for item in node.children:
            mark = "- " if number is None else f"{number}. "
            parts = self.blocks(item, level)
            items.append(_hanging("\n".join(parts), mark))
            number = None if number is None else number + 1
        return "\n".join(items)

    def _definition(self, item: Any, level: int) -> str:
        terms = [self._inline(each) for each in item.children if isinstance(each, nodes.term)]
        kinds = [self._inline(each) for each in item.children if isinstance(each, nodes.classifier)]
        head = " ".join([*terms, *(f"({kind})" for kind in kinds)])
        meaning = [
            block
            for each in item.children
            if isinstance(each, nodes.definition)
            for block in self.blocks(each, level)
        ]
        if not meaning:
            return head
        return "\n\n".join([f"{head}\n: {meaning[0]}", *meaning[1:]])

    def _field(self, field: Any, level: int) -> str:
        name, body = field.children
        return _hanging(f"{self._inline(name)}: " + "\n".join(self.blocks(body, level)), "- ")

    def _option(self, item: Any, level: int) -> str:
        group, description = item.children
        names = ", ".join(each.astext() for each in group.children)
        return _hanging(f"`{names}`: " + "\n".join(self.blocks(description, level)), "- ")

    def _admonition(self, node: Any, level: int) -> list[str]:
        inner = self.blocks(node, level)
        if isinstance(node, nodes.admonition):  # with a title of its own
            return inner
        label = f"**{node.tagname.capitalize()}:**"
        return [f"{label} {inner[0]}", *inner[1:]] if inner else []

    def _footnote(self, node: Any, level: int) -> list[str]:
        labels = [each.astext() for each in node.children if isinstance(each, nodes.label)]
        rest = [each for each in node.children if not isinstance(each, nodes.label)]
        inner = [block for each in rest for block in self._block(each, level)]
        return [f"[{', '.join(labels)}] {inner[0]}", *inner[1:]] if inner else []

    def _table(self, node: Any) -> list[str]:
        rows: list[list[str]] = []
        from_above: dict[int, tuple[int, str]] = {}
        for row in node.findall(nodes.row):
            cells: list[str] = []
            carried = {at: (left - 1, text) for at, (left, text) in from_above.items() if left}
            for entry in row.children:
                while len(cells) in carried:
                    cells.append(carried[len(cells)][1])
                text = _SPACE.sub(" ", " ".join(self.blocks(entry, 0)))
                down = min(int(entry.get("morerows", 0)), _MAX_SPAN)
                for _ in range(min(int(entry.get("morecols", 0)), _MAX_SPAN) + 1):
                    if down:
                        carried[len(cells)] = (down, text)
                    cells.append(text)
            while len(cells) in carried:
                cells.append(carried[len(cells)][1])
            from_above = carried
            rows.append(cells)
        titles = [self._inline(each) for each in node.children if isinstance(each, nodes.title)]
        return [*titles, table_text(rows)] if rows else titles

    def _inline(self, node: Any) -> str:
        """Text on one line, with emphasis, code and formulas marked."""
        parts: list[str] = []
        for child in node.children:
            if isinstance(child, nodes.Text):
                parts.append(child.astext())
            elif isinstance(child, nodes.literal):
                parts.append(f"`{child.astext()}`")
            elif isinstance(child, nodes.math):
                parts.append(f"${child.astext()}$")
            elif isinstance(child, nodes.strong):
                parts.append(f"**{self._inline(child)}**")
            elif isinstance(child, nodes.emphasis):
                parts.append(f"*{self._inline(child)}*")
            elif isinstance(child, nodes.superscript):
                parts.append(raised(child.astext(), parts[-1] if parts else ""))
            elif isinstance(child, nodes.footnote_reference | nodes.citation_reference):
                parts.append(f"[{child.astext()}]")
            elif isinstance(child, nodes.image):
                parts.append(child.get("alt", ""))
            elif isinstance(child, _SKIPPED):
                continue
            else:
                parts.append(self._inline(child))
        return _SPACE.sub(" ", "".join(parts)).strip() if _is_block(node) else "".join(parts)


def _is_block(node: Any) -> bool:
    return not isinstance(node, nodes.Inline)


def _fenced(node: Any) -> str:
    language = next((each for each in node.get("classes", []) if each not in ("code", "")), "")
    code = node.astext()
    fence = "```" if "```" not in code else "````"
    return f"{fence}{language}\n{code}\n{fence}"


def _lines(node: Any, writer: Writer) -> list[str]:
    found = []
    for child in node.children:
        nested = isinstance(child, nodes.line_block)
        found += _lines(child, writer) if nested else [writer._inline(child)]
    return found


def _hanging(text: str, mark: str) -> str:
    """``text`` behind a list's mark, its further lines below the first letter."""
    return mark + text.replace("\n", "\n" + " " * len(mark))


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join(prefix + line for line in text.split("\n"))
