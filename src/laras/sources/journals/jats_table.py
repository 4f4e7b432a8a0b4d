"""JATS: a table (in the form of XHTML) as a Markdown table; joined cells repeat their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laras.sources.documents.table_text import table_text

_MOST_COLUMNS = 200
_MOST_SPAN = 200


def jats_table_text(table: Any, text_of: Callable[[Any], str]) -> str:
    """The rows of ``table``; those of its head are joined into one."""
    head: list[list[str]] = []
    body: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # column: rows that its cell still reaches, its text
    for row in table.iter("{*}tr"):
        in_head = any(_name(parent) == "thead" for parent in row.iterancestors())
        (head if in_head else body).append(_cells(row, pending, text_of))
    rows = [_joined(head), *body] if head else body
    return table_text(rows)


def _cells(
    row: Any, pending: dict[int, tuple[int, str]], text_of: Callable[[Any], str]
) -> list[str]:
    cells: list[str] = []

    def put_pending() -> None:
        while (column := len(cells)) in pending:
            rows, text = pending.pop(column)
            cells.append(text)
            if rows > 1:
                pending[column] = (rows - 1, text)

    for cell in row:
        if _name(cell) not in ("td", "th"):
            continue
        put_pending()
        text = text_of(cell)
        rows = _span(cell.get("rowspan"))
        for _ in range(_span(cell.get("colspan"))):
            if len(cells) >= _MOST_COLUMNS:
                break
            if rows > 1:
                pending[len(cells)] = (rows - 1, text)
            cells.append(text)
    put_pending()
    return cells


def _span(value: str | None) -> int:
    return min(int(value), _MOST_SPAN) if value and value.isdigit() and int(value) > 0 else 1


def _joined(rows: list[list[str]]) -> list[str]:
    """The rows of a head as one: what stands above each other, without repetition."""
    width = max(map(len, rows))
    joined = []
    for column in range(width):
        parts: list[str] = []
        for row in rows:
            if column < len(row) and row[column] and row[column] not in parts:
                parts.append(row[column])
        joined.append(" ".join(parts))
    return joined


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
