"""Your own test and validation sets against the training records: equal texts and groups.

A test row whose text also stands in the training data measures memory. Texts are compared
without labels, instructions and system messages: a row that was trained under another label
is no fairer a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.groups import GIVEN
from laras.records import Split

# Why a row leaves, by the greater split in which its text or its group stands.
TEXT_STANDS_IN: Mapping[Split, str] = {
    "test": "stands-in-test",
    "validation": "stands-in-validation",
}
GROUP_STANDS_IN: Mapping[Split, str] = {
    "test": "group-stands-in-test",
    "validation": "group-stands-in-validation",
}
_SHOWN = 10

# Where rows come from, for people: by the number of the row.
PlacesOf = Callable[[Sequence[int]], Mapping[int, str]]


@dataclass(frozen=True)
class Leak:
    """``leaving``: training rows, and whether it is for their text or (False) for their group
    alone; ``because``: the held-out row that each is equal to, or in a group with; ``leaked``:
    held-out rows that stand in the training data, with the first training row that says so;
    ``held_out``: how many held-out rows there are."""

    leaving: dict[int, bool]
    because: dict[int, int]
    leaked: dict[int, int]
    held_out: int

    def facts(self, places: PlacesOf, held_out_places: PlacesOf) -> dict[str, Any]:
        """What the audit says of it, with the first places."""
        shown = list(self.leaked.items())[:_SHOWN]
        train = places([row for _held_out, row in shown])
        test = held_out_places([held_out for held_out, _row in shown])
        of_groups = sum(not of_text for of_text in self.leaving.values())
        return {
            "test_rows": self.held_out,
            "test_rows_also_in_train": len(self.leaked),
            "share": len(self.leaked) / self.held_out if self.held_out else 0.0,
            "removed_from_train": len(self.leaving) - of_groups,
            "removed_of_test_groups": of_groups,
            "places": [{"test": test[other], "train": train[row]} for other, row in shown],
        }


def leak_between(train: pa.Table, held_out: pa.Table) -> Leak:
    """Training rows that have the text or the group of a held-out row.

    Both tables have the columns ``text_key`` and ``group``. Of several equal held-out rows the
    first is named.
    """
    of_text = _first_equal(train, held_out, "text_key")
    of_group = _first_equal(train, held_out, "group")
    text_of = _first_equal(held_out, train, "text_key")
    group_of = _first_equal(held_out, train, "group")
    given = pc.starts_with(held_out.column("group"), pattern=GIVEN).to_pylist()
    names = held_out.column("group")
    # The same record can have another text here: lines are only cut from training texts.
    same_record = {row for row in group_of if row not in text_of and not given[row]}
    leaked = {row: text_of.get(row, group_of.get(row, -1)) for row in {*text_of, *same_record}}
    same_names = {names[row].as_py() for row in same_record}
    leaving: dict[int, bool] = {}
    because: dict[int, int] = {}
    for row in sorted({*of_text, *of_group}):
        because[row] = of_text.get(row, of_group.get(row, -1))
        leaving[row] = row in of_text or names[because[row]].as_py() in same_names
    return Leak(leaving, because, dict(sorted(leaked.items())), held_out.num_rows)


def _first_equal(rows: pa.Table, others: pa.Table, name: str) -> dict[int, int]:
    """Rows whose ``name`` some of ``others`` has too, with the first of these."""
    if not rows.num_rows or not others.num_rows:  # Arrow fails hard on an empty set of keys
        return {}
    places = pc.index_in(rows.column(name), value_set=others.column(name).combine_chunks())
    found = pc.indices_nonzero(pc.is_valid(places))
    return dict(zip(found.to_pylist(), places.take(found).to_pylist(), strict=True))
