"""Which examples make up one optimizer step, and how a step is cut into what memory holds."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np

from laras.batches.sampler import order


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step: the examples (indices) it sees, and the epoch they are seen in."""

    epoch: int
    examples: tuple[int, ...]


def plan_steps(
    lengths: Sequence[int] | np.ndarray,
    batch_tokens: int,
    epochs: float,
    seed: int,
    max_steps: int | None,
    curriculum: str = "none",
) -> list[Step]:
    """All steps of a training run, in order.

    Each epoch visits every example once, in the order of :func:`order`; a step takes examples
    until the next one would exceed ``batch_tokens`` (one that is longer goes alone). The last
    step of an epoch holds what is left: nothing is dropped. A fractional last epoch stops after
    that share of its steps.

    ``curriculum`` "length": the first epoch goes from short to long examples, equal ones in the
    shuffled order (Bengio et al. 2009, "Curriculum Learning"; Platanios et al. 2019 order by
    length).
    """
    steps: list[Step] = []
    whole, fraction = int(epochs), epochs - int(epochs)
    sizes = np.asarray(lengths, dtype=np.int64)
    for epoch in range(whole + (1 if fraction > 1e-9 else 0)):
        seen = order(seed, epoch, len(sizes))
        if curriculum == "length" and epoch == 0:
            seen = seen[np.argsort(sizes[seen], kind="stable")]
        groups = group_by_tokens(seen.tolist(), sizes, batch_tokens)
        of_epoch = [Step(epoch, tuple(group)) for group in groups]
        if epoch == whole:
            of_epoch = of_epoch[: max(1, round(fraction * len(of_epoch)))]
        steps.extend(of_epoch)
        if max_steps is not None and len(steps) >= max_steps:
            return steps[:max_steps]
    return steps


def group_by_tokens(
    indices: Sequence[int], lengths: Sequence[int] | np.ndarray, budget: int
) -> list[list[int]]:
    """Consecutive runs of ``indices`` whose lengths sum to at most ``budget`` (or a single one)."""
    groups: list[list[int]] = []
    filled = 0
    for index in indices:
        length = int(lengths[index])
        if not groups or filled + length > budget:
            groups.append([])
            filled = 0
        groups[-1].append(index)
        filled += length
    return groups


def best_fit(lengths: Sequence[int] | np.ndarray, budget: int) -> list[list[int]]:
    """Places 0 to len(lengths) - 1 in few groups of at most ``budget`` tokens, longest first.

    Best fit decreasing (Johnson et al. 1974): each goes where it leaves the least room. It needs at
    most 11/9 of the fewest groups possible, and one. A place longer than the budget goes alone.

    For the examples *of one step* only. Its gradient is one sum over them, divided by one weight
    that is known before; how the sum is cut into groups changes neither its value nor, therefore,
    its expectation. Packing across steps would: examples of fitting lengths would come together
    more often than chance has it.
    """
    groups: list[list[int]] = []
    rooms: list[tuple[int, int]] = []  # (tokens free, number of the group), ascending
    for place in sorted(range(len(lengths)), key=lambda at: (-int(lengths[at]), at)):
        length = int(lengths[place])
        found = bisect_left(rooms, (length, 0))
        if found < len(rooms):
            room, number = rooms.pop(found)
            groups[number].append(place)
        else:
            room, number = budget, len(groups)
            groups.append([place])
        insort(rooms, (room - length, number))
    return groups


def spread(lengths: Sequence[int] | np.ndarray, parts: int) -> list[list[int]]:
    """Places 0 to len(lengths) - 1 in so many parts of about as many tokens, each in ascending
    order; a part is empty only where there are fewer places than parts.

    Longest first, each to the part that has the least (Graham 1969: at most 4/3 of the best).
    """
    found: list[list[int]] = [[] for _part in range(parts)]
    filled = [(0, number) for number in range(parts)]  # (tokens, number of the part), a heap
    for place in sorted(range(len(lengths)), key=lambda at: (-int(lengths[at]), at)):
        tokens, number = filled[0]
        heapreplace(filled, (tokens + int(lengths[place]), number))
        found[number].append(place)
    return [sorted(part) for part in found]


def by_length(
    lengths: Sequence[int] | np.ndarray,
    budget: int,
    *,
    padded: bool = False,
    extra: int = 0,
    at_most: int | None = None,
) -> list[list[int]]:
    """Places 0 to len(lengths) - 1 in groups of similar length within ``budget`` tokens.

    Longest first: memory runs out at once or never, and little is padded. Each place takes its
    length and ``extra``; ``padded``: the length of the longest of its group and ``extra``. A place
    that exceeds the budget by itself goes alone. ``at_most``: so many places in a group.
    """
    sizes = [int(length) + extra for length in lengths]
    groups: list[list[int]] = []
    filled = 0
    for place in sorted(range(len(sizes)), key=lambda at: -sizes[at]):
        size = sizes[groups[-1][0]] if padded and groups else sizes[place]
        if not groups or filled + size > budget or len(groups[-1]) == at_most:
            groups.append([])
            filled, size = 0, sizes[place]
        groups[-1].append(place)
        filled += size
    return groups
