"""Tables without a header: which column is the text and which the label, told from their values.

Labels are few, short, and come again and again; texts do not. Where that does not decide, the
recipe has to say it.
"""

from __future__ import annotations

from collections.abc import Sequence

from laras.recipe.schema import ColumnMap

_MAX_LABEL_CHARACTERS = 64
_FEWEST_ROWS = 4


def text_and_label(rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The numbers, from 0, of the columns of texts and of labels in ``rows`` of two cells; None
    where that can't be told."""
    if len(rows) < _FEWEST_ROWS or any(len(row) != 2 for row in rows):
        return None
    first, second = ([row[index].strip() for row in rows] for index in (0, 1))
    if _are_labels(second) and not _are_labels(first):
        return 0, 1
    if _are_labels(first) and not _are_labels(second):
        return 1, 0
    return None


def _are_labels(values: Sequence[str]) -> bool:
    """Whether each stands there twice or more on average, and none is long."""
    different = set(values)
    return (
        2 * len(different) <= len(values)
        and "" not in different
        and all(len(v) <= _MAX_LABEL_CHARACTERS and "\n" not in v for v in different)
    )


def as_columns(names: Sequence[str], text: int, label: int) -> ColumnMap:
    """The column map that the recipe would have held."""
    return ColumnMap(text=names[text], label=names[label])
