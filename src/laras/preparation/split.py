"""Which group goes to which split.

Groups are put in the order of a hash of their name and the seed, and held out in that order:
the order of the input says nothing, and adding data moves few groups. Labelled rows are held
out label by label, so that each label is trained on, and tested where it has rows enough.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import xxhash

from laras.records import Split, Task

HELD_OUT: tuple[Split, ...] = ("test", "validation")
_MOST_GROUPS = 3.0  # times the wanted share of all groups
_LARGEST_OVERSHOOT = 0.5  # of the wanted number of rows


@dataclass(frozen=True)
class Row:
    """What the split needs to know of an example."""

    group: str
    task: Task
    label: str | None


@dataclass(frozen=True)
class _Group:
    name: str
    rows: int
    position: float  # in [0, 1): its place in the order


def assign(rows: Sequence[Row], shares: dict[Split, float], seed: int) -> dict[str, Split]:
    """The split of each group; ``shares`` of "test" and "validation", 0 for none held out.

    Each task is split by itself. The shares are met as well as whole groups allow.
    """
    strata: dict[tuple[str, str], list[_Group]] = defaultdict(list)
    for name, group_rows in _by_group(rows).items():
        kinds = Counter((row.task, row.label or "") for row in group_rows)
        stratum = min(kinds, key=lambda kind: (-kinds[kind], kind))
        place = position(name, seed)
        strata[stratum].append(_Group(name, len(group_rows), place))
    result: dict[str, Split] = {row.group: "train" for row in rows}
    for (task, label), groups in sorted(strata.items()):
        groups.sort(key=lambda group: (group.position, group.name))
        # A label's fair share is seldom a whole number; rounding up or down by a hash of the
        # label keeps the total right over many labels.
        labelled = task == "classification"
        luck = position(f"label:{label}", seed) if labelled else 0.5
        result.update(_hold_out(groups, shares, luck, least=0 if labelled else 1))
    _hold_out_at_least_one(result, strata, shares)
    _give_back_untrained_labels(result, rows)
    return result


def position(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on ``name`` and ``seed`` only."""
    return float(xxhash.xxh3_64_intdigest(name.encode(), seed=seed) / 2**64)


def _by_group(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return groups


def _hold_out(
    groups: Sequence[_Group], shares: dict[Split, float], luck: float, least: int
) -> dict[str, Split]:
    """The groups of one stratum that leave training: the test from one end of the order,
    validation from the other, so that neither pushes the other around."""
    total = sum(group.rows for group in groups)
    held: dict[str, Split] = {}
    ends: list[tuple[Split, Sequence[_Group]]] = [("test", groups), ("validation", groups[::-1])]
    for split, ordered in ends:
        share = shares.get(split, 0.0)
        wanted = max(least, int(share * total + luck)) if share else 0
        # Where one group holds most rows, the small ones must not all go to make up the share.
        most_groups = max(1, math.ceil(_MOST_GROUPS * share * len(groups)))
        taken = count = 0
        for group in ordered:
            at_least_one_trained = len(held) < len(groups) - 1
            if taken >= wanted or count >= most_groups or not at_least_one_trained:
                break
            fits = taken + group.rows <= wanted + max(1.0, _LARGEST_OVERSHOOT * wanted)
            if fits and group.name not in held:
                held[group.name] = split
                taken += group.rows
                count += 1
    return held


def _hold_out_at_least_one(
    result: dict[str, Split],
    strata: dict[tuple[str, str], list[_Group]],
    shares: dict[Split, float],
) -> None:
    """Small data: where a split got nothing, it gets the smallest group that can be spared."""
    for split in (name for name in HELD_OUT if shares.get(name, 0.0)):
        for task in sorted({task for task, _label in strata}):
            of_task = {key: groups for key, groups in strata.items() if key[0] == task}
            names = {group.name for groups in of_task.values() for group in groups}
            if any(result[name] == split for name in names):
                continue
            spare = [
                group
                for groups in of_task.values()
                for trained in [[group for group in groups if result[group.name] == "train"]]
                if len(trained) > 1
                for group in trained
            ]
            if spare:
                smallest = min(spare, key=lambda group: (group.rows, group.position, group.name))
                result[smallest.name] = split


def _give_back_untrained_labels(result: dict[str, Split], rows: Sequence[Row]) -> None:
    """A label that is tested and not trained on can't be learned: its smallest group goes back."""
    groups = _by_group(rows)
    trained = {row.label for row in rows if result[row.group] == "train"}
    for label in sorted({row.label for row in rows if row.label} - trained):
        holding = [name for name, held in groups.items() if any(r.label == label for r in held)]
        smallest = min(holding, key=lambda name: (len(groups[name]), name))
        result[smallest] = "train"
