"""Which group goes to which split.

Groups are put in the order of a hash of their name and the seed, and held out in that order:
the order of the input says nothing, and adding data moves few groups. Labelled rows are held
out label by label, so that each label is trained on, and tested where it has rows enough.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from laras.records import Split

HELD_OUT: tuple[Split, ...] = ("test", "validation")
SPLITS: tuple[Split, ...] = (
    "train",
    "validation",
    "test",
)  # by number, in what :func:`assign` gives
_TRAIN = SPLITS.index("train")
_MOST_GROUPS = 3.0  # times the wanted share of all groups
_LARGEST_OVERSHOOT = 0.5  # of the wanted number of rows
_BETWEEN = "\x1f"  # a task and a label; none of the first holds it

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """All groups, by number: their rows, place in the order, and stratum; and who holds what.

    ``holds``: of each kind (task, label) in a group, the group's number, the kind's, and how many
    rows. ``kinds`` are sorted; a group is of the stratum of its most frequent kind.
    """

    names: pa.Array
    rows: Numbers
    positions: npt.NDArray[np.float64]  # in [0, 1)
    strata: Numbers
    kinds: list[tuple[str, str]]
    holds: tuple[Numbers, Numbers, Numbers]

    def smallest(self, groups: Numbers) -> int:
        """Which of ``groups`` has the fewest rows; of equal ones the first in the order."""
        order = np.lexsort((self.positions[groups], self.rows[groups]))
        return int(groups[order[0]])


def assign(table: pa.Table, shares: Mapping[Split, float], seed: int) -> npt.NDArray[np.int8]:
    """The split of each row of ``table``, as its number in SPLITS.

    ``table`` has the columns ``group``, ``task`` and ``label``; ``shares`` are of "test" and
    "validation", 0 for none held out. Each task is split by itself. The shares are met as well as
    whole groups allow.
    """
    if not table.num_rows:
        return np.empty(0, dtype=np.int8)
    group_of_row, groups = gather(table, seed)
    result = np.full(len(groups.rows), _TRAIN, dtype=np.int8)
    for stratum in np.unique(groups.strata).tolist():
        task, label = groups.kinds[stratum]
        members = np.flatnonzero(groups.strata == stratum)
        members = members[np.argsort(groups.positions[members], kind="stable")]
        # A label's fair share is seldom a whole number; rounding up or down by a hash of the
        # label keeps the total right over many labels.
        labelled = task == "classification"
        luck = position(f"label:{label}", seed) if labelled else 0.5
        least = 0 if labelled else 1
        for place, split in _hold_out(groups.rows[members], shares, luck, least).items():
            result[members[place]] = SPLITS.index(split)
    _hold_out_at_least_one(result, groups, shares)
    _give_back_untrained_labels(result, groups)
    return result[group_of_row]


def position(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on ``name`` and ``seed`` only."""
    return float(xxhash.xxh3_64_intdigest(name.encode(), seed=seed) / 2**64)


def gather(table: pa.Table, seed: int) -> tuple[Numbers, Groups]:
    """The group's number of each row of ``table`` (columns ``group``, ``task``, ``label``), and the
    groups in the order that ``seed`` gives."""
    encoded = table.column("group").combine_chunks().dictionary_encode()
    group_of_row: Any = encoded.indices.to_numpy().astype(np.int64)
    names = encoded.dictionary
    kind = pc.binary_join_element_wise(
        table.column("task"), pc.fill_null(table.column("label"), ""), _BETWEEN
    )
    encoded_kind = kind.combine_chunks().dictionary_encode()
    unsorted = [_pair(text) for text in encoded_kind.dictionary.to_pylist()]
    kinds = sorted(unsorted)
    place_of_kind = {pair: place for place, pair in enumerate(kinds)}
    rank = np.array([place_of_kind[pair] for pair in unsorted], dtype=np.int64)
    kind_of_row = rank[encoded_kind.indices.to_numpy()]
    pairs, counts = np.unique(group_of_row * len(kinds) + kind_of_row, return_counts=True)
    holders, held = np.divmod(pairs, len(kinds))
    order = np.lexsort((held, -counts, holders))
    first = np.unique(holders[order], return_index=True)[1]
    positions = np.fromiter(
        (position(name.as_py(), seed) for name in names), np.float64, len(names)
    )
    groups = Groups(
        names,
        np.bincount(group_of_row, minlength=len(names)),
        positions,
        held[order][first],
        kinds,
        (holders, held, counts),
    )
    return group_of_row, groups


def _pair(text: str) -> tuple[str, str]:
    task, _between, label = text.partition(_BETWEEN)
    return task, label


def _hold_out(
    rows: Numbers, shares: Mapping[Split, float], luck: float, least: int
) -> dict[int, Split]:
    """The groups of one stratum that leave training, by their place in its order: the test from
    one end, validation from the other, so that neither pushes the other around."""
    total = int(rows.sum())
    held: dict[int, Split] = {}
    ends: list[tuple[Split, range]] = [
        ("test", range(len(rows))),
        ("validation", range(len(rows) - 1, -1, -1)),
    ]
    for split, ordered in ends:
        share = shares.get(split, 0.0)
        wanted = max(least, int(share * total + luck)) if share else 0
        # Where one group holds most rows, the small ones must not all go to make up the share.
        most_groups = max(1, math.ceil(_MOST_GROUPS * share * len(rows)))
        taken = count = 0
        for place in ordered:
            at_least_one_trained = len(held) < len(rows) - 1
            if taken >= wanted or count >= most_groups or not at_least_one_trained:
                break
            fits = taken + rows[place] <= wanted + max(1.0, _LARGEST_OVERSHOOT * wanted)
            if fits and place not in held:
                held[place] = split
                taken += int(rows[place])
                count += 1
    return held


def _hold_out_at_least_one(
    result: npt.NDArray[np.int8], groups: Groups, shares: Mapping[Split, float]
) -> None:
    """Small data: where a split got nothing, it gets the smallest group that can be spared."""
    task_of_group = np.array([task for task, _label in groups.kinds])[groups.strata]
    for split in (name for name in HELD_OUT if shares.get(name, 0.0)):
        number = SPLITS.index(split)
        for task in np.unique(task_of_group).tolist():
            of_task = task_of_group == task
            if (result[of_task] == number).any():
                continue
            trained = of_task & (result == _TRAIN)
            of_stratum = np.bincount(groups.strata[trained], minlength=len(groups.kinds))
            spare = np.flatnonzero(trained & (of_stratum[groups.strata] > 1))
            if len(spare):
                result[groups.smallest(spare)] = number


def _give_back_untrained_labels(result: npt.NDArray[np.int8], groups: Groups) -> None:
    """A label that is tested and not trained on can't be learned: its smallest group goes back."""
    holders, held, _counts = groups.holds
    label_of_kind = np.array([label for _task, label in groups.kinds])
    labels = label_of_kind[held]
    trained = set(labels[result[holders] == _TRAIN].tolist())
    for label in sorted(set(labels.tolist()) - trained - {""}):
        result[groups.smallest(holders[labels == label])] = _TRAIN
