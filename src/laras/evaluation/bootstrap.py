"""Intervals and paired differences by a cluster bootstrap over groups.

Rows of one group (a conversation, a document, a customer) resemble each other; resampling rows
would make intervals too narrow. So whole groups are drawn with replacement. A resample is then a
vector of group counts, and its metric a function of (counts @ sums by group): one matrix product
for all resamples. Percentile intervals, Efron & Tibshirani 1993, chapter 13; of a difference with
the same groups drawn for both sides, Koehn 2004 (https://aclanthology.org/W04-3250).

Whether a difference is more than chance is not read off its interval: with few groups resamples
vary too little, and winners would be found in noise. That is a randomisation test's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from laras.evaluation.metric import Statistics
from laras.evaluation.randomisation import randomisation_test

DRAWS_AT_ONCE = 4_000_000  # counts held in memory at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` and ``high`` are None where a single group leaves nothing to resample."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first: ``difference``, its interval, the two-sided p, its standard error.

    ``test`` names what p comes from.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None
    standard_error: float | None
    rows: int
    groups: int
    test: str


def interval(
    statistics: Statistics, groups: Sequence[str], *, samples: int, confidence: float, seed: int
) -> Interval:
    """Percentile interval of a metric. ``groups`` names the group of each row of the table."""
    codes, count = _codes(groups, statistics.rows)
    if count < 2:
        return Interval(None, None)
    sums = _by_group(statistics.values, codes, count)
    values = _resampled(statistics, sums, count, samples, seed)
    low, high = np.quantile(values, _tails(confidence))
    return Interval(float(low), float(high))


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
    low, high = np.quantile(differences, _tails(confidence))
    found = randomisation_test(first, second, *sums, samples=samples, seed=seed)
    swaps = "exact" if found.exact else f"{found.swaps} swaps drawn"
    return Difference(
        difference,
        float(low),
        float(high),
        found.p,
        float(differences.std(ddof=1)),
        rows,
        count,
        f"paired randomisation over groups, {swaps}",
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of p-values, in their order (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


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
