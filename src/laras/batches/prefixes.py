"""Beginnings that several examples share, so that they are computed once.

A long system prompt, or one passage with many questions, is the same in front of each of its
examples, and what a causal model makes of it is the same too. One level of sharing: a row has the
prefix once, then what follows it in each of its examples.

A position of the prefix has one label. The last token that all share is therefore left to each of
them: behind it they differ, and it is the one that has to predict how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

LEAST_SHARED = 64  # tokens; below it another segment costs attention more than it saves


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of positions that is computed once: ``length`` from position ``first`` on, of the
    examples ``members``. ``prefix``: the place in the list of the piece that comes before it."""

    members: tuple[int, ...]
    first: int
    length: int
    prefix: int | None = None


def pieces_of(input_ids: Sequence[np.ndarray], kept: Sequence[int] | np.ndarray) -> list[Piece]:
    """The pieces of one row, in its order; of each example its ``kept`` first positions.

    Each example has at most one prefix; they are chosen so that together they save the most.
    """
    pieces: list[Piece] = []
    for members, shared in _groups(input_ids, kept):
        prefix = None
        if shared:
            prefix = len(pieces)
            pieces.append(Piece(members, 0, shared))
        pieces += [
            Piece((member,), shared, int(kept[member]) - shared, prefix) for member in members
        ]
    return pieces


def _groups(
    input_ids: Sequence[np.ndarray], kept: Sequence[int] | np.ndarray
) -> list[tuple[tuple[int, ...], int]]:
    """Examples and how many positions they share (0: nothing), in the order of their first."""
    # Sorted by their tokens, examples with a common beginning are neighbours, and what a run of
    # neighbours has in common is the least that two of it have. (Big-endian bytes compare as the
    # numbers do.)
    keys = [ids.astype(">u4").tobytes() for ids in input_ids]
    order = sorted(range(len(keys)), key=lambda n: (keys[n], n))
    common = [
        _common(input_ids[one], input_ids[other], min(kept[one], kept[other]))
        for one, other in pairwise(order)
    ]

    @cache
    def best(low: int, high: int, outer: int) -> _Best:
        """For order[low:high], whose examples may also join a group that shares ``outer``.

        The run falls apart where least is shared. A group across such a place shares no more than
        that: it is opened, and each part may join it or have groups of its own, or it is not.
        """
        if high - low == 1:
            return _Best(outer, (order[low],), ())
        least = min(common[low : high - 1])
        borders = [low, *(n + 1 for n in range(low, high - 1) if common[n] == least), high]
        closed = _together([best(*part, outer) for part in pairwise(borders)])
        if least <= outer:
            return closed
        inside = _together([best(*part, least) for part in pairwise(borders)])
        saved = inside.saved - least  # one of them has to compute it
        if saved <= closed.saved:
            return closed
        return _Best(saved, (), (*inside.groups, (inside.joined, least)))

    found = best(0, len(order), 0)
    alone = [((member,), 0) for member in found.joined]
    return sorted(alone + [(tuple(sorted(members)), size) for members, size in found.groups])


class _Best(NamedTuple):
    """Positions saved, the examples that join the group outside, and other groups."""

    saved: int
    joined: tuple[int, ...]
    groups: tuple[tuple[tuple[int, ...], int], ...]


def _together(parts: Sequence[_Best]) -> _Best:
    return _Best(
        sum(part.saved for part in parts),
        tuple(chain.from_iterable(part.joined for part in parts)),
        tuple(chain.from_iterable(part.groups for part in parts)),
    )


def _common(one: np.ndarray, other: np.ndarray, most: int) -> int:
    """How many positions can be shared: before the last common token, and so that a position of
    each of the two (``most``: what is kept of the shorter) is left over."""
    size = min(len(one), len(other))
    differs = one[:size] != other[:size]
    same = int(differs.argmax()) if differs.any() else size
    shared = min(same, int(most)) - 1
    return shared if shared >= LEAST_SHARED else 0
