"""What a JSON value holds: a row, many rows under a key or each under its own, or unnamed cells.

A file that holds several lists of rows does not say which of them is meant, so that has to be
said: by a ``#`` and the key behind the file's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.recipe.schema import ColumnMap
from laras.sources.extraction import RefusedError
from laras.sources.tables.shapes import shape_of

_LIST_KEYS = ("data", "rows", "examples", "items", "records", "dialogues", "conversations", "train")
_MAX_NAMED = 12


def rows_within(value: Mapping[str, Any], columns: ColumnMap) -> list[tuple[str, Any]] | None:
    """Rows that an object wraps, with a locator each: in a list ("data 3"), or each under a key of
    its own, such as its id. None where the object is a row itself.

    Raises :class:`RefusedError` where there are several lists of rows.
    """
    lists = {key: items for key, items in value.items() if _holds_rows(items)}
    for key in _LIST_KEYS:
        # A conversation is a list of objects too: of messages, which have a speaker and a text.
        if key in lists and (key == "data" or _holds_conversations(lists[key])):
            _refuse_several(value, lists, key)
            return _numbered(key, lists[key])
    if shape_of(value, columns).is_known and not _lacks_all(value, columns):
        return None
    if value and all(isinstance(item, dict) for item in value.values()):
        # One object in another may be but a part of it, unless it is a row itself.
        if len(value) > 1 or shape_of(next(iter(value.values())), columns).is_known:
            return list(value.items())
        return None
    if lists and not any(isinstance(item, dict) for item in value.values()):
        key = next(iter(lists))
        _refuse_several(value, lists, key)
        return _numbered(key, lists[key])
    return None


def _lacks_all(value: Mapping[str, Any], columns: ColumnMap) -> bool:
    """Whether the recipe names columns, and none of them is here."""
    names = columns.model_dump(exclude_none=True).values()
    return bool(names) and not any(name.split(".")[0] in value for name in names)


def _holds_rows(items: object) -> bool:
    """Whether it is a list of objects, or of lists of one length: rows without names."""
    if not isinstance(items, list) or not items:
        return False
    if all(isinstance(item, dict) for item in items):
        return True
    return all(is_unnamed_row(item) and len(item) == len(items[0]) for item in items)


def _holds_conversations(items: list[Any]) -> bool:
    first = items[0]
    return isinstance(first, dict) and any(isinstance(v, list | dict) for v in first.values())


def _refuse_several(value: Mapping[str, Any], lists: Mapping[str, Any], key: str) -> None:
    """Two lists whose first rows have the same keys are two parts of a data set, not a list of
    rows and something that goes with it."""
    first = lists[key][0]
    alike = [
        name
        for name, items in lists.items()
        if type(items[0]) is type(first) and _outline(items[0]) == _outline(first)
    ]
    if len(alike) > 1:
        raise RefusedError("several-parts", ", ".join(f"#{name}" for name in alike[:_MAX_NAMED]))


def _outline(row: Any) -> frozenset[str] | int:
    return frozenset(row) if isinstance(row, dict) else len(row)


def _numbered(key: str, items: list[Any]) -> list[tuple[str, Any]]:
    return [(f"{key} {number}", item) for number, item in enumerate(items, 1)]


def is_unnamed_row(value: object) -> bool:
    """Whether it is a list of at least two plain values: cells whose columns have no names."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(cell, str | int | float) or cell is None for cell in value)
    )


def with_inner(row: Mapping[str, Any], columns: ColumnMap) -> Mapping[str, Any]:
    """The row, with what the recipe's columns find further inside (``author.name``) as keys."""
    found: dict[str, Any] = {}
    for name in columns.model_dump(exclude_none=True).values():
        if "." in name and name not in row:
            at: Any = row
            for part in name.split("."):
                at = at.get(part) if isinstance(at, Mapping) else None
            if at is not None:
                found[name] = at
    return {**row, **found} if found else row
