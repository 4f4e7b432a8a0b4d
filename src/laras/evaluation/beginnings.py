"""Which rows begin alike, and which of them are read together.

Few-shot examples, an instruction or a system message stand in front of every row; with retrieved
examples only groups of rows share them. What a causal model makes of a beginning does not depend on
what follows, so it is read once.

One level of sharing: each row shares at most one beginning, with all the rows that have it. Sorted
by their tokens, rows with a common beginning are neighbours, and their beginnings form a tree
(the lcp intervals of Abouelhoda et al. 2004). From its leaves up, a run of rows either shares what
all of it has in common, but for those parts that save more by themselves, or falls apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from laras.batches.pack import by_length

LEAST_SHARED = 16  # tokens; what is shared costs a pass of its own, if only a short one
_LEAST_PADDED_ROWS = 4  # fewer rows would wait for each other in a batch of their own


@dataclass(frozen=True, slots=True)
class Batch:
    """Places of rows that are read together; the first ``shared`` tokens of each are read once for
    all rows that begin with them."""

    rows: tuple[int, ...]
    shared: tuple[int, ...]


@dataclass(slots=True)
class _Part:
    """Neighbouring rows: those not yet in a group, groups of others (rows and what they share),
    and how many tokens the groups save."""

    rows: list[int]
    groups: list[tuple[list[int], int]] = field(default_factory=list)
    saved: int = 0


def shared_beginnings(
    sequences: Sequence[Sequence[int] | np.ndarray], most: Sequence[int] | None = None
) -> list[int]:
    """How many of its first tokens each sequence shares with others; 0 where that is not worth it.

    At most ``most`` of each (default: all but its last token). Sequences whose shared tokens are
    equal make up a group.
    """
    arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
    limits = [len(array) - 1 for array in arrays] if most is None else most
    # Big-endian bytes compare as the numbers do.
    keys = [array.astype(">u4").tobytes() for array in arrays]
    order = sorted(range(len(arrays)), key=lambda row: (keys[row], row))
    shared = [0] * len(arrays)
    for rows, length in _groups(arrays, limits, order):
        for row in rows:
            shared[row] = length
    return shared


def _groups(
    arrays: list[np.ndarray], limits: Sequence[int], order: list[int]
) -> list[tuple[list[int], int]]:
    found: list[tuple[list[int], int]] = []
    open_runs: list[tuple[int, list[_Part]]] = []  # tokens in common, ascending, and the parts
    for place, row in enumerate(order):
        following = order[place + 1] if place + 1 < len(order) else None
        part = _Part([row])
        common = 0 if following is None else _common(arrays, limits, row, following)
        while open_runs and open_runs[-1][0] > common:
            length, parts = open_runs.pop()
            part = _joined(length, [*parts, part])
        if open_runs and open_runs[-1][0] == common:
            open_runs[-1][1].append(part)
        elif common:
            open_runs.append((common, [part]))
        else:
            found += part.groups
    return found


def _joined(length: int, parts: list[_Part]) -> _Part:
    """The parts, which have ``length`` tokens in common: as a group of all rows but those in groups
    that save more; or, where that is better, as they are."""
    rows: list[int] = []
    groups: list[tuple[list[int], int]] = []
    saved = 0
    for part in parts:
        rows += part.rows
        members = [row for of_group, _length in part.groups for row in of_group]
        if part.saved > len(members) * length:
            groups += part.groups
            saved += part.saved
        else:
            rows += members
    saved += (len(rows) - 1) * length  # one of them has to be computed
    apart = sum(part.saved for part in parts)
    if saved > apart:
        return _Part([], [*groups, (rows, length)], saved)
    left = [row for part in parts for row in part.rows]
    return _Part(left, [group for part in parts for group in part.groups], apart)


def _common(arrays: list[np.ndarray], limits: Sequence[int], one: int, other: int) -> int:
    size = min(limits[one], limits[other])
    if size < LEAST_SHARED:
        return 0
    differs = arrays[one][:size] != arrays[other][:size]
    same = int(differs.argmax()) if differs.any() else size
    return same if same >= LEAST_SHARED else 0


def ragged_batches(
    sequences: Sequence[Sequence[int] | np.ndarray],
    shared: Sequence[int],
    budget: int,
    *,
    extra: int = 0,
    at_most: int | None = None,
) -> list[Batch]:
    """Batches within ``budget`` tokens, where nothing is padded: each row counts what it does not
    share and ``extra``, and each beginning once. A row that exceeds the budget goes alone.

    Groups lie side by side, the one with the longest row first, and in them the longest rows.
    ``at_most``: so many rows in a batch.
    """
    groups = _by_beginning(sequences, shared)
    batches: list[list[int]] = []
    filled = 0
    for rows in groups:
        begun = False  # whether the last batch has this group's beginning
        for row in rows:
            size = len(sequences[row]) - shared[row] + extra
            needed = size if begun else size + shared[row]
            if not batches or filled + needed > budget or len(batches[-1]) == at_most:
                batches.append([])
                filled, needed = 0, size + shared[row]
            batches[-1].append(row)
            filled += needed
            begun = True
    return [_batch(rows, sequences, shared) for rows in batches]


def in_order(sequences: Sequence[Sequence[int] | np.ndarray], shared: Sequence[int]) -> list[int]:
    """All rows: those that share a beginning side by side, longest first, the group with the
    longest row first."""
    return [row for rows in _by_beginning(sequences, shared) for row in rows]


def _by_beginning(
    sequences: Sequence[Sequence[int] | np.ndarray], shared: Sequence[int]
) -> list[list[int]]:
    """Rows by what they share, longest first; the group with the longest row first."""
    groups: dict[bytes, list[int]] = {}
    for row in sorted(range(len(sequences)), key=lambda row: -len(sequences[row])):
        groups.setdefault(_beginning(sequences[row], shared[row]), []).append(row)
    return list(groups.values())


def _beginning(sequence: Sequence[int] | np.ndarray, length: int) -> bytes:
    return np.asarray(sequence[:length], dtype=np.int64).tobytes()


def _batch(
    rows: list[int], sequences: Sequence[Sequence[int] | np.ndarray], shared: Sequence[int]
) -> Batch:
    """``rows``, of which one that is alone with its beginning shares nothing."""
    beginnings = [_beginning(sequences[row], shared[row]) for row in rows]
    times = Counter(beginnings)
    return Batch(
        tuple(rows),
        tuple(
            shared[row] if times[beginning] > 1 else 0
            for row, beginning in zip(rows, beginnings, strict=True)
        ),
    )


def padded_batches(
    sequences: Sequence[Sequence[int]],
    shared: Sequence[int],
    budget: int,
    *,
    extra: int = 0,
    at_most: int | None = None,
) -> list[Batch]:
    """Batches of rows that all share the same beginning, or none, each row padded to the longest:
    what the model's own forward takes. Every row counts its whole length, for it keeps a copy of
    what is shared."""
    many, apart = [], []
    for rows in _by_beginning(sequences, shared):
        if shared[rows[0]] and len(rows) >= _LEAST_PADDED_ROWS:
            many.append((rows, shared[rows[0]]))
        else:
            apart += rows
    batches = []
    for rows, length in [*many, (apart, 0)]:
        sizes = [len(sequences[row]) for row in rows]
        for places in by_length(sizes, budget, padded=True, extra=extra, at_most=at_most):
            batches.append(Batch(tuple(rows[at] for at in places), (length,) * len(places)))
    return sorted(batches, key=lambda batch: -max(len(sequences[row]) for row in batch.rows))
