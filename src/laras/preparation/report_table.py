"""A table of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from laras.preparation.written_numbers import whole


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """``rows`` under their titles; whole numbers as the language in use writes them."""
    heads = list(head)
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = whole(value) if isinstance(value, int) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
