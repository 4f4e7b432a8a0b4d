"""Figures of a check's rows with their intervals, and whether two candidates differ in them.

As with metrics, a figure is a function of sums over rows, whole groups are resampled, and a
randomisation test over groups says whether a difference is more than chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from laras.evaluation.bootstrap import interval, paired_difference
from laras.evaluation.limits import all_alike, limits_where_alike
from laras.evaluation.metric import Statistics, ratio
from laras.recipe.schema import EvaluationSection

Value = Callable[[np.ndarray], np.ndarray]
Row = Mapping[str, Any]
State = Literal["noticed", "clear", "unknown"]


@dataclass(frozen=True, slots=True)
class Figure:
    """``low`` and ``high`` are None where a single group leaves nothing to resample."""

    value: float
    low: float | None
    high: float | None
    rows: int

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return {"value": self.value, "low": self.low, "high": self.high, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Difference:
    """Own minus reference on the same rows; ``p`` two-sided, None for a single group."""

    value: float
    low: float | None
    high: float | None
    p: float | None

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return {"value": self.value, "low": self.low, "high": self.high, "p": self.p}


def figure(
    sums: np.ndarray,
    groups: Sequence[str],
    section: EvaluationSection,
    value: Value = ratio,
    within: tuple[float, float] | None = None,
) -> Figure:
    """``value`` of the sums of the rows, (R, K), R at least 1, with its bootstrap interval.
    ``within``: the least and the largest value there is."""
    statistics = _statistics(sums, value)
    bounds = interval(
        statistics,
        groups,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=section.seed,
        within=within,
    )
    return Figure(statistics.figure, bounds.low, bounds.high, len(sums))


def surplus(sums: np.ndarray, groups: Sequence[str], section: EvaluationSection) -> Figure:
    """How much higher the first of two shares is, as in :func:`contrast`; (R, 4), R at least 1.

    Where the rows of both sides are alike, the limits of the two shares make those of the
    difference (Newcombe 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::
    AID-SIM779>3.0.CO;2-I, method 10).
    """
    found = figure(sums, groups, section, contrast)
    if found.low is None or found.high is None or not all_alike(found.low, found.high):
        return found
    below, above = [], []
    for part, whole in sums.T.reshape(2, 2, -1):
        count = len({group for group, row in zip(groups, whole, strict=True) if row})
        share = float(part.sum() / max(1.0, whole.sum()))
        low, high = limits_where_alike(share, (0.0, 1.0), max(1, count), section.confidence)
        below.append(share - low)
        above.append(high - share)
    low = found.value - math.hypot(below[0], above[1])
    high = found.value + math.hypot(above[0], below[1])
    return Figure(found.value, low, high, found.rows)


def difference(
    own: np.ndarray,
    reference: np.ndarray,
    groups: Sequence[str],
    section: EvaluationSection,
    value: Value = ratio,
) -> Difference:
    """``value`` of ``own`` minus that of ``reference``, (R, K) each of the same rows."""
    found = paired_difference(
        _statistics(reference, value),
        _statistics(own, value),
        groups,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=section.seed,
    )
    return Difference(found.difference, found.low, found.high, found.p)


def in_both(own: Iterable[Row], reference: Sequence[Row], *key: str) -> tuple[list[Row], list[Row]]:
    """The rows that both have, by the columns ``key``, in the order of ``own``."""
    others = {tuple(row[column] for column in key): row for row in reference}
    named = [(row, others.get(tuple(row[column] for column in key))) for row in own]
    pairs = [(row, other) for row, other in named if other is not None]
    return [row for row, _other in pairs], [other for _row, other in pairs]


def ratios(values: Sequence[float]) -> np.ndarray:
    """Rows of a plain mean: each value and one."""
    return np.stack([np.asarray(values, dtype=np.float64), np.ones(len(values))], axis=1)


def contrast(sums: np.ndarray) -> np.ndarray:
    """How much higher one ratio is than another one: (..., 4) of parts and wholes to (...).

    A side without rows counts as 0: few resamples of few groups have none.
    """
    shares = sums[..., 0::2] / np.maximum(sums[..., 1::2], 1.0)
    found: np.ndarray = shares[..., 0] - shares[..., 1]
    return found


def rises(found: Difference | Figure) -> bool:
    """Whether the interval lies above zero."""
    return found.low is not None and found.low > 0.0


def _statistics(sums: np.ndarray, value: Value) -> Statistics:
    return Statistics(np.asarray(sums, dtype=np.float64), np.arange(len(sums)), value)
