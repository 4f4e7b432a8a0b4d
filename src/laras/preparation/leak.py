"""Your own test and validation sets against the training records: equal texts and groups.

A test row whose text also stands in the training data measures memory. Texts are compared
without labels, instructions and system messages: a row that was trained under another label
is no fairer a test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from laras.preparation.groups import GIVEN


@dataclass(frozen=True)
class Row:
    """What this check needs to know of a record."""

    text_key: str
    group: str
    place: str  # file and where in it


@dataclass(frozen=True)
class Leak:
    """``leaving``: training rows with the reason; ``facts``: what the audit says of it."""

    leaving: dict[int, str]
    facts: dict[str, Any]


def find_leak(train: Sequence[Row], held_out: Sequence[Row]) -> Leak:
    """Training rows that have the text or the group of a held-out row."""
    by_text: dict[str, list[int]] = defaultdict(list)
    by_group: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(train):
        by_text[row.text_key].append(index)
        by_group[row.group].append(index)
    leaving: dict[int, str] = {}
    pairs: list[tuple[Row, Row]] = []
    for row in held_out:
        # The same record can have another text here: lines are only cut from training texts.
        same_record = [] if row.group.startswith(GIVEN) else by_group.get(row.group, [])
        if found := by_text.get(row.text_key) or same_record:
            pairs.append((row, train[found[0]]))
            leaving.update(dict.fromkeys(found, "stands-in-test"))
    groups = {row.group for row in held_out}
    of_group = [i for group in groups for i in by_group.get(group, ()) if i not in leaving]
    leaving.update(dict.fromkeys(of_group, "group-stands-in-test"))
    rows = len(held_out)
    facts = {
        "test_rows": rows,
        "test_rows_also_in_train": len(pairs),
        "share": len(pairs) / rows if rows else 0.0,
        "removed_from_train": len(leaving) - len(of_group),
        "removed_of_test_groups": len(of_group),
        "places": [{"test": row.place, "train": other.place} for row, other in pairs[:10]],
    }
    return Leak(leaving, facts)
