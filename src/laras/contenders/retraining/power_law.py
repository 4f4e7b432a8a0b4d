"""What more data brings, from what less of it brought: a power law.

Over wide ranges, what is left of the error falls as a power of the number of training rows
(Hestness et al. 2017, "Deep learning scaling is predictable, empirically",
https://arxiv.org/abs/1712.00409; Viering & Loog 2022, "The shape of learning curves: a review",
https://arxiv.org/abs/2103.10948):

    left = a * rows ** -b,      so that twice the rows leave 2 ** -b of it

``left`` is what a figure lacks of the best there is, or the figure itself where less is better; of
perplexity its logarithm, which is the loss. Few points can't tell a floor below which no data
leads; the law goes on falling, so that it promises too much rather than too little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laras.evaluation.figures import LARGEST
from laras.evaluation.metric import Metric

_HALF_A_ROW = 0.5
_LEAST = 1e-6


def exponent(rows: Sequence[int], left: np.ndarray) -> np.ndarray:
    """b of the law by least squares of the logarithms, (..., points) to (...); at least two
    points."""
    logarithms = np.log(np.asarray(rows, dtype=np.float64))
    centred = logarithms - logarithms.mean()
    slope: np.ndarray = np.log(left) @ centred / (centred @ centred)
    return -slope


def left_of(metric: Metric, values: np.ndarray, judged: int) -> np.ndarray:
    """What is left to gain where the metric has ``values``, more than 0; same shape.

    With ``judged`` test rows nothing below half a row's error can be told from none.
    """
    largest = LARGEST.get(metric.unit)
    if _is_of_losses(metric):
        left, floor = np.log(np.maximum(values, 1.0)), _LEAST
    else:
        left = values if largest is None or not metric.higher_is_better else largest - values
        floor = _LEAST if largest is None else largest * _HALF_A_ROW / judged
    above: np.ndarray = np.maximum(left, floor)
    return above


def value_of(metric: Metric, left: np.ndarray) -> np.ndarray:
    """The inverse of :func:`left_of`."""
    if _is_of_losses(metric):
        value: np.ndarray = np.exp(left)
        return value
    largest = LARGEST.get(metric.unit)
    return left if largest is None or not metric.higher_is_better else largest - left


def can_be_fitted(metric: Metric) -> bool:
    """Whether it is known what is left to gain: a metric where more is better needs a best."""
    return not metric.higher_is_better or metric.unit in LARGEST


def doubled(metric: Metric, rows: Sequence[int], values: np.ndarray, judged: int) -> np.ndarray:
    """By how much the last of ``values`` (..., points), measured with so many training ``rows``,
    would change with twice the last of ``rows``, (...)."""
    left = left_of(metric, values, judged)
    last = left[..., -1]
    more = last * 2.0 ** -exponent(rows, left)
    # Of the floored value, so that nothing is promised where nothing is left.
    change: np.ndarray = value_of(metric, more) - value_of(metric, last)
    return change


def _is_of_losses(metric: Metric) -> bool:
    return metric.unit == "per token"
