"""Rows that are right or wrong, each a group of its own: the binomial says all about them.

Whether one of two contenders is right more often: rows on which both are right, or both wrong, say
nothing; each of the others is a toss of a coin if the two are equal (McNemar 1947). The exact test
is too careful, because tosses come in whole numbers; its mid-p version counts the very outcome that
was found half, and keeps to its level in practice (Fagerland, Lydersen & Laake 2013,
https://doi.org/10.1186/1471-2288-13-91). Intervals are Wilson's (1927) of a share and that of
Agresti & Min (2005, https://doi.org/10.1002/sim.1781) of a difference, which hold what they claim
where few rows are wrong, or few differ; resamples do not.

Rows of one group are no independent tosses. Where groups have several rows, bootstrap and
randomisation over groups take the place of all this.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import bdtr, betaln, ndtri, xlogy

from laras.evaluation.metric import Statistics, ratio


def hits(statistics: Statistics, groups: int) -> np.ndarray | None:
    """Which rows are right, (R,) of 0 and 1; None where the metric is not the share of these, and
    where there are fewer ``groups`` than rows."""
    if groups < len(statistics.rows) or statistics.value is not ratio:
        return None
    if statistics.values.shape[1] != 2:
        return None
    right, ones = statistics.values.T
    return right if (ones == 1).all() and np.isin(right, (0.0, 1.0)).all() else None


def share_limits(right: int, rows: int, confidence: float) -> tuple[float, float]:
    """Wilson's interval of the share of ``right`` among ``rows``."""
    z = float(ndtri((1 + confidence) / 2))
    share, weight = right / rows, z * z / rows
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / rows + weight / (4 * rows)) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference_limits(
    only_first: int, only_second: int, rows: int, confidence: float
) -> tuple[float, float]:
    """Agresti and Min's interval of how much larger the second's share is, of ``rows`` of which so
    many only one side got right: half a row is added to each of the four kinds of rows."""
    z = float(ndtri((1 + confidence) / 2))
    lost, gained = ((count + 0.5) / (rows + 2) for count in (only_first, only_second))
    difference = gained - lost
    half = z * math.sqrt((gained + lost - difference**2) / (rows + 2))
    return max(-1.0, difference - half), min(1.0, difference + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided mid-p of ``only_first`` rows that the first alone got right, and the reverse."""
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    if tosses == 0:
        return 1.0
    exactly = _probability(fewer, tosses)
    if only_first == only_second:
        return 1.0 - exactly / 2
    return 2 * float(bdtr(fewer, tosses, 0.5)) - exactly


def _probability(successes: int, tosses: int) -> float:
    """Of exactly so many successes of a fair coin."""
    log_choose = -betaln(successes + 1, tosses - successes + 1) - np.log(tosses + 1)
    return float(np.exp(log_choose + xlogy(tosses, 0.5)))
