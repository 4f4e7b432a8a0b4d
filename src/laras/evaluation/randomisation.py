"""Whether two contenders differ: a paired randomisation test over groups.

If neither is better, it is chance which of the two gave which answer: the two sides of any group
can be swapped. The p-value is the share of all swaps that leave a difference at least as large as
the one that was found (Fisher 1935; Noreen 1989; Riezler & Maxwell 2005,
https://aclanthology.org/W05-0908). For a mean this is the sign-flip test of the groups'
differences; for other metrics (F1, BLEU, perplexity) the groups' sums change sides. Nothing is
assumed about how the differences spread, and few groups make it careful, not bold: with five
groups no p-value is below 1/16, so nothing is told apart at 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from laras.evaluation.metric import Statistics

EXACT_UP_TO_GROUPS = 12  # all 2,048 ways to swap (each stands for its mirror image too)
SWAPS_AT_ONCE = 4_000_000  # held in memory at a time: 32 MB
ROUNDING = 1e-10  # sums in another order differ by this share; a tie is no smaller difference


@dataclass(frozen=True, slots=True)
class Randomisation:
    """The two-sided ``p``, and of how many swaps; ``exact``: of all that there are."""

    p: float
    swaps: int
    exact: bool


def randomisation_test(
    first: Statistics,
    second: Statistics,
    first_sums: np.ndarray,
    second_sums: np.ndarray,
    *,
    samples: int,
    seed: int,
) -> Randomisation:
    """Test of ``second`` against ``first`` from their sums by group, (groups, K) each.

    Exact up to EXACT_UP_TO_GROUPS groups; above, ``samples`` swaps are drawn. Raises ValueError
    where the sums of the two sides are not of the same things.
    """
    if first_sums.shape != second_sums.shape:
        raise ValueError("sums can only change sides where both sides have the same ones")
    groups = len(first_sums)
    exact = groups <= EXACT_UP_TO_GROUPS
    swaps = _all_swaps(groups) if exact else _drawn_swaps(groups, samples, seed)
    totals = first_sums.sum(axis=0), second_sums.sum(axis=0)
    gain = second_sums - first_sums
    observed = float(second.value(totals[1]) - first.value(totals[0]))
    largest = max(abs(float(first.value(totals[0]))), abs(float(second.value(totals[1]))))
    at_least = tried = 0
    for swapped in swaps:
        moved = swapped @ gain
        differences = second.value(totals[1] - moved) - first.value(totals[0] + moved)
        # "Not smaller" and not "at least as large": what is not a number counts against a winner.
        smaller = np.abs(differences) < abs(observed) - ROUNDING * largest
        at_least += int((~smaller).sum())
        tried += len(swapped)
    if exact:
        return Randomisation(at_least / tried, tried, True)
    # One is added so that a finite number of swaps never claims p = 0.
    return Randomisation((1 + at_least) / (1 + tried), tried, False)


def groups_needed(comparisons: int, confidence: float) -> int:
    """Groups below which not even the clearest difference has a small enough p-value.

    With G groups it is 2 / 2 ** G; it is adjusted for the number of ``comparisons``.
    """
    return 1 + math.ceil(math.log2(max(1, comparisons) / (1 - confidence)) - 1e-9)


def _all_swaps(groups: int) -> Iterator[np.ndarray]:
    """Which groups change sides, (2 ** (groups - 1), groups) of 0 and 1.

    The last group always stays: swapping the others instead only turns the sign.
    """
    numbers = np.arange(1 << (groups - 1))[:, None]
    yield (numbers >> np.arange(groups) & 1).astype(np.float64)


def _drawn_swaps(groups: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """``samples`` rows of 0 and 1 in parts; the same for the same seed."""
    generator = np.random.default_rng([seed, 1])  # not the stream that draws the intervals
    at_once = max(1, SWAPS_AT_ONCE // groups)
    for start in range(0, samples, at_once):
        size = (min(at_once, samples - start), groups)
        yield generator.integers(2, size=size, dtype=np.int8).astype(np.float64)
