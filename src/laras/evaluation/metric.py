"""What a metric is: row statistics that add up, and a function of their sums.

Every metric here can be had from sums over rows: perplexity from Σnll and Σtokens, BLEU from
n-gram counts, F1 from confusion counts, ROUGE from its sum and the number of rows. That is what
makes corpus figures right (never a mean of means) and the bootstrap quick (a resample is a sum
with other weights).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from laras.registry import Registry


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a metric needs of each row: ``values`` (R, K) float64, ``rows`` (R,) in the table.

    ``value`` maps sums (..., K) to the metric's value (...); ``signature`` says how it was
    computed, where that can vary; ``flags`` are remarks for the reader of the figure.
    """

    values: np.ndarray
    rows: np.ndarray
    value: Callable[[np.ndarray], np.ndarray]
    signature: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def figure(self) -> float:
        """The metric over all rows."""
        return float(self.value(self.values.sum(axis=0)))


@dataclass(frozen=True, slots=True)
class Metric:
    """A pure function of predictions and references.

    ``family`` is its name in the recipe's ``evaluation.metrics``, ``task`` that of the examples it
    judges (None: all). ``higher_is_better`` is None where a metric describes answers and judges
    none (how long they are, how varied): it is shown with its interval, and nobody wins by it.
    ``statistics`` takes a table of PREDICTION_SCHEMA and returns None where no row of it can be
    judged by this metric.
    """

    name: str
    family: str
    task: str | None
    unit: str
    higher_is_better: bool | None
    statistics: Callable[[pa.Table], Statistics | None]

    @property
    def judges(self) -> bool:
        """Whether one contender can be better than another by it."""
        return self.higher_is_better is not None


METRICS: Registry[Metric] = Registry("metrics")

# What a family keeps of each answer: predictions and references, in the same order, to columns of
# PREDICTION_SCHEMA. Kept, because every comparison of two contenders asks for it again.
RowScores = Callable[[Sequence[str], Sequence[str]], Mapping[str, Sequence[float | None]]]
ROW_SCORES: Registry[RowScores] = Registry("row-scores")


def answered_rows(table: pa.Table, task: str, column: str = "prediction") -> np.ndarray:
    """Places of the rows of ``task`` whose ``column`` is there, (R,) int64."""
    wanted = pc.and_(pc.equal(table["task"], task), pc.is_valid(table[column]))
    return np.flatnonzero(wanted.to_numpy(zero_copy_only=False))


def mean_of(table: pa.Table, column: str, task: str) -> Statistics | None:
    """Statistics of a plain mean over rows: K = 2, the row's score and one."""
    rows = answered_rows(table, task, column)
    if not len(rows):
        return None
    scores = table[column].take(rows).to_numpy(zero_copy_only=False).astype(np.float64)
    return Statistics(np.stack([scores, np.ones(len(rows))], axis=1), rows, ratio)


def ratio(sums: np.ndarray) -> np.ndarray:
    """First column over second, (..., 2) to (...)."""
    quotient: np.ndarray = sums[..., 0] / sums[..., 1]
    return quotient
