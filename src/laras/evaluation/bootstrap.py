"""Intervals and paired differences by a cluster bootstrap over groups.

Rows of one group (a conversation, a document, a customer) resemble each other; resampling rows
would make intervals too narrow. So whole groups are drawn with replacement. A resample is then a
vector of group counts, and its metric a function of (counts @ sums by group): one matrix product
for all resamples. What limits are taken from the resamples is said in limits.py; a difference has
the same groups drawn for both sides (Koehn 2004, https://aclanthology.org/W04-3250).

Whether a difference is more than chance is not read off its interval, which with few groups is
rough, and would find winners in noise. That is a randomisation test's to say. Rows that are right
or wrong, each a group of its own, have intervals and a test for themselves: right_or_wrong.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from laras.evaluation.limits import all_alike, bootstrap_limits, limits_where_alike
from laras.evaluation.metric import Statistics
from laras.evaluation.randomisation import randomisation_test
from laras.evaluation.right_or_wrong import difference_limits, hits, mcnemar, share_limits

DRAWS_AT_ONCE = 4_000_000  # counts held in memory at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` and ``high`` are None where a single group leaves nothing to resample."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first: ``difference``, its interval, the two-sided p, its standard error.

    ``test`` names what p comes from, ``interval_by`` what the interval does.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None
    standard_error: float | None
    rows: int
    groups: int
    test: str
    interval_by: str = "none"


def interval(
    statistics: Statistics,
    groups: Sequence[str],
    *,
    samples: int,
    confidence: float,
    seed: int,
    within: tuple[float, float] | None = None,
) -> Interval:
    """Interval of a metric. ``groups`` names the group of each row of the table; ``within``: the
    least and the largest value there is, so that groups which are all alike claim no certainty."""
    codes, count = _codes(groups, statistics.rows)
    if count < 2:
        return Interval(None, None)
    right = hits(statistics, count)
    if right is not None:
        return Interval(*share_limits(int(right.sum()), count, confidence))
    sums = _by_group(statistics.values, codes, count)
    values = _resampled(statistics, sums, count, samples, seed)
    observed, left_out = _around(statistics, sums)
    low, high = bootstrap_limits(observed, values, left_out, confidence)
    if within is not None and all_alike(low, high):
        low, high = limits_where_alike(observed, within, count, confidence)
    return Interval(low, high)


def paired_difference(
    first: Statistics,
    second: Statistics,
    groups: Sequence[str],
    *,
    samples: int,
    confidence: float,
    seed: int,
) -> Difference:
    """How much higher the metric of ``second`` is, on the same rows in the same order.

    Raises ValueError where the two were not computed on the same rows.
    """
    if not np.array_equal(first.rows, second.rows):
        raise ValueError("a paired comparison needs the same rows on both sides")
    difference = second.figure - first.figure
    codes, count = _codes(groups, first.rows)
    rows = len(first.rows)
    if count < 2:
        return Difference(difference, None, None, None, None, rows, count, "none: a single group")
    sums = [_by_group(side.values, codes, count) for side in (first, second)]
    differences = _resampled(second, sums[1], count, samples, seed) - _resampled(
        first, sums[0], count, samples, seed
    )
    # Resamples of n groups vary by (n - 1) / n of what n new groups would.
    error = float(differences.std(ddof=1)) * math.sqrt(count / (count - 1))
    interval_by = f"paired bootstrap over groups, {samples} resamples"
    alone = _discordant(first, second, count)
    if alone is not None:
        low, high = difference_limits(*alone, rows, confidence)
        interval_by = "Agresti and Min"
    else:
        sides = [_around(*side) for side in zip((first, second), sums, strict=True)]
        low, high = bootstrap_limits(
            sides[1][0] - sides[0][0], differences, sides[1][1] - sides[0][1], confidence
        )
    p, test = paired_test(first, second, *sums, samples=samples, seed=seed)
    return Difference(difference, low, high, p, error, rows, count, test, interval_by)


def resampled_together(
    sides: Sequence[Statistics], groups: Sequence[str], *, samples: int, seed: int
) -> np.ndarray | None:
    """The metric of each of ``sides`` in the same resamples, (samples, sides); None where a single
    group leaves nothing to resample. Raises ValueError where they are not of the same rows."""
    rows = sides[0].rows
    if not all(np.array_equal(rows, side.rows) for side in sides):
        raise ValueError("a paired comparison needs the same rows on all sides")
    codes, count = _codes(groups, rows)
    if count < 2:
        return None
    return np.stack(
        [
            _resampled(side, _by_group(side.values, codes, count), count, samples, seed)
            for side in sides
        ],
        axis=1,
    )


def paired_test(
    first: Statistics,
    second: Statistics,
    first_sums: np.ndarray,
    second_sums: np.ndarray,
    *,
    samples: int,
    seed: int,
) -> tuple[float, str]:
    """The two-sided p of ``second`` against ``first``, and the name of the test.

    The sums are by group, (groups, K) each.
    """
    alone = _discordant(first, second, len(first_sums))
    if alone is not None:
        return mcnemar(*alone), "McNemar over rows, mid-p"
    found = randomisation_test(first, second, first_sums, second_sums, samples=samples, seed=seed)
    swaps = "exact" if found.exact else f"{found.swaps} swaps drawn"
    return found.p, f"paired randomisation over groups, {swaps}"


def _discordant(first: Statistics, second: Statistics, groups: int) -> tuple[int, int] | None:
    """How many rows only the first got right, and only the second; None where rows are not simply
    right or wrong, or not groups of their own."""
    right = hits(first, groups), hits(second, groups)
    if right[0] is None or right[1] is None:
        return None
    change = right[1] - right[0]
    return int((change < 0).sum()), int((change > 0).sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of p-values, in their order (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _codes(groups: Sequence[str], rows: np.ndarray) -> tuple[np.ndarray, int]:
    """Group numbers of ``rows``, 0 to count - 1, in order of name, so that runs agree."""
    names, codes = np.unique(
        np.asarray(groups, dtype=object)[rows].astype(str), return_inverse=True
    )
    return codes, len(names)


def _by_group(values: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def _around(statistics: Statistics, sums: np.ndarray) -> tuple[float, np.ndarray]:
    """The metric of all groups, and without each of them, (groups,)."""
    total = sums.sum(axis=0)
    return float(statistics.value(total)), statistics.value(total - sums)


def _resampled(
    statistics: Statistics, sums: np.ndarray, count: int, samples: int, seed: int
) -> np.ndarray:
    """The metric of each resample, (samples,)."""
    return np.concatenate(
        [statistics.value(counts @ sums) for counts in _group_counts(count, samples, seed)]
    )


def _group_counts(count: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each group was drawn, (samples, count) in parts; the same for the same seed."""
    generator = np.random.default_rng(seed)
    at_once = max(1, DRAWS_AT_ONCE // count)
    for start in range(0, samples, at_once):
        part = min(at_once, samples - start)
        drawn = generator.integers(count, size=(part, count))
        drawn += np.arange(part)[:, None] * count
        counts = np.bincount(drawn.ravel(), minlength=part * count)
        yield counts.reshape(part, count).astype(np.float64)
