"""Figures of a check's rows with their intervals, and whether two candidates differ in them.

As with metrics, a figure is a function of sums over rows, whole groups are resampled, and a
randomisation test over groups says whether a difference is more than chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from laras.evaluation.bootstrap import interval, paired_difference
from laras.evaluation.limits import limits_at_a_bound
from laras.evaluation.metric import Statistics, ratio
from laras.recipe.schema import EvaluationSection

Value = Callable[[np.ndarray], np.ndarray]
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
    sums: np.ndarray, groups: Sequence[str], section: EvaluationSection, value: Value = ratio
) -> Figure:
    """``value`` of the sums of the rows, (R, K), R at least 1, with its bootstrap interval;
    where all rows are alike, which no resample can doubt, with what so many of them rule out."""
    statistics = _statistics(sums, value)
    bounds = interval(
        statistics,
        groups,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=section.seed,
    )
    low, high = bounds.low, bounds.high
    if low is not None and low == high:
        # The second column counts the rows that the figure is a share of.
        counted = {group for group, row in zip(groups, sums, strict=True) if row[1]}
        if counted:
            low, high = limits_at_a_bound(statistics.figure, 1.0, len(counted), section.confidence)
    return Figure(statistics.figure, low, high, len(sums))


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
