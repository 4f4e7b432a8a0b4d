"""Limits of an interval from a bootstrap over groups.

Percentiles of the resamples are too narrow where there are few groups, or where a few of them weigh
much, and lie beside the truth where a metric is biased, as macro-F1 with many classes is. So they
are corrected for bias (Efron 1981, "Nonparametric standard errors and confidence intervals",
https://doi.org/10.2307/3314608; Efron & Tibshirani 1993, section 14.3) and expanded (Hesterberg
2015, "What teachers should know about the bootstrap", section 5.3,
https://arxiv.org/abs/1411.5279): Student's t takes the place of the normal distribution, and a
factor makes up for resamples of n groups varying by too little. The degrees of freedom are those of
a variance estimated from groups that weigh unlike (Satterthwaite 1946), at most n - 1.

Of the ways that were tried (percentiles, BCa, t with the standard error of jackknife or bootstrap,
studentised), this one kept nearest to its level over figures and differences alike:
benchmarks/intervals.py counts how often it holds the truth.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

ROUNDING = 1e-12  # share of the largest value by which equal sums differ


def bootstrap_limits(
    observed: float, resampled: np.ndarray, left_out: np.ndarray, confidence: float
) -> tuple[float, float]:
    """Low and high limit for the value ``observed`` from all G >= 2 groups.

    ``resampled``: the value of each resample, (B,); ``left_out``: the value without each group,
    (G,).
    """
    groups = len(left_out)
    freedom = _degrees_of_freedom(left_out)
    quantile = float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(groups / (groups - 1))
    shift = 2 * _bias(observed, resampled)
    low, high = np.quantile(resampled, ndtr([shift - quantile, shift + quantile]))
    return float(low), float(high)


def all_alike(low: float, high: float) -> bool:
    """Whether limits of a bootstrap lie apart by no more than sums in another order do."""
    return math.isclose(low, high, rel_tol=ROUNDING, abs_tol=ROUNDING)


def limits_where_alike(
    observed: float, within: tuple[float, float], groups: int, confidence: float
) -> tuple[float, float]:
    """Limits where all ``groups`` have the value ``observed``; ``within``: the least and the
    largest value there is.

    Resamples are then all equal, and would claim certainty. If a share q of all groups is not like
    these, none of them is drawn with probability (1 - q) ** groups; q is unseen up to where that is
    as improbable as the level allows (Clopper & Pearson 1934), and the unseen ones might all have
    the least value, or the largest.
    """
    unseen = 1 - ((1 - confidence) / 2) ** (1 / groups)
    least, largest = within
    return observed - (observed - least) * unseen, observed + (largest - observed) * unseen


def _bias(observed: float, resampled: np.ndarray) -> float:
    """z of the share of resamples below the value, those equal to it counted half."""
    slack = ROUNDING * max(abs(observed), float(np.abs(resampled).max()))
    below = np.count_nonzero(resampled < observed - slack)
    equal = np.count_nonzero(np.abs(resampled - observed) <= slack)
    count = len(resampled)
    share = (below + equal / 2) / count
    return float(ndtri(min(max(share, 1 / (count + 1)), count / (count + 1))))


def _degrees_of_freedom(left_out: np.ndarray) -> float:
    """Twice the squared variance over the variance of its estimate, from what each group does to
    the value; at most one less than there are groups."""
    squares = (left_out - left_out.mean()) ** 2
    total = float(squares.sum())
    spread = float((squares**2).sum()) - total**2 / len(left_out)
    most = len(left_out) - 1.0
    return most if spread <= 0 else min(most, max(1.0, 2 * total**2 / spread))
