"""Expected calibration error of labels: how far confidence is from being right as often.

ECE = Σ over bins of (rows of the bin / rows) · |share right - mean confidence| (Naeini et al.
2015; Guo et al. 2017, https://arxiv.org/abs/1706.04599), in bins of equal mass, which are less
biased than bins of equal width (Roelofs et al. 2022, https://arxiv.org/abs/2012.08668). A row's
confidence is the probability of its most likely label: what the model gives to writing exactly
this label and nothing else, or what the classification head says.

Bins of equal mass are not a function of sums over rows. So rows are first counted in narrow cells
of confidence that are the same for every candidate, and cells are joined to bins when the sums are
known: each resample and each swap of two contenders' rows has bins of equal mass of its own. Rows
of one cell are never parted, so equal confidences share a bin. Cells are even in log-odds, narrow
near 1, where most rows of a good model are. What a cell holds enters with its own mean.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows

BINS = 10
ROWS_IN_A_BIN = 10  # with fewer there are fewer bins: a bin of one row is never calibrated
CELLS = 128
# Log-odds of probabilities 0.0001 and 0.9999. In the cells at both ends all rows err to the same
# side, so that nothing cancels out there.
_LOWEST, _HIGHEST = -9.2, 9.2
_LEAST = 1e-12


def calibration_error(confidences: np.ndarray, right: np.ndarray) -> float:
    """ECE of rows with a confidence (R,) each, and whether they were right (R,)."""
    sums = _cells(np.asarray(confidences), np.asarray(right)).sum(axis=0)
    return float(_error(sums, bins=bins_for(len(confidences))))


def bins_for(rows: int) -> int:
    """How many bins so many rows are parted into."""
    return int(np.clip(rows // ROWS_IN_A_BIN, 1, BINS))


def _cells(confidences: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(R, 3 · CELLS): rows, confidence and hits, each in the cell of its row's confidence."""
    inside = np.clip(confidences.astype(np.float64), _LEAST, 1.0 - _LEAST)
    log_odds = np.log(inside) - np.log1p(-inside)
    place = (log_odds - _LOWEST) / (_HIGHEST - _LOWEST) * CELLS
    cell = np.clip(place, 0, CELLS - 1).astype(np.int64)
    facts = np.stack([np.ones(len(cell)), confidences, right.astype(np.float64)])
    values = np.zeros((len(cell), 3, CELLS))
    values[np.arange(len(cell)), :, cell] = facts.T
    return values.reshape(len(cell), 3 * CELLS)


def _error(sums: np.ndarray, *, bins: int) -> np.ndarray:
    """ECE of summed cells, (..., 3 · CELLS) to (...)."""
    rows, confidence, hits = np.split(sums, 3, axis=-1)
    total = rows.sum(axis=-1, keepdims=True)
    # A cell belongs to the bin that the middle of its rows falls into.
    middle = (np.cumsum(rows, axis=-1) - rows / 2) / np.where(total > 0, total, 1.0)
    bin_of = np.minimum((middle * bins).astype(np.int64), bins - 1)
    gap = hits - confidence
    error = np.zeros(sums.shape[:-1])
    for number in range(bins):
        error += np.abs((gap * (bin_of == number)).sum(axis=-1))
    value: np.ndarray = error / np.where(total[..., 0] > 0, total[..., 0], 1.0)
    return value


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "classification", "top_labels")
    judged = table.select(["label", "predicted_label", "top_labels"]).take(rows)
    labels, predicted, best = (column.to_pylist() for column in judged.columns)
    kept = [at for at, labelled in enumerate(best) if labelled and predicted[at] is not None]
    if not kept:
        return None
    confidences = np.exp([best[at][0]["log_probability"] for at in kept])
    right = np.array([labels[at] == predicted[at] for at in kept])
    bins = bins_for(len(kept))
    return Statistics(
        _cells(np.minimum(confidences, 1.0), right),
        rows[kept],
        partial(_error, bins=bins),
        signature=f"{bins} bins of equal mass",
    )


METRICS.register(
    "calibration_error",
    Metric(
        name="calibration_error",
        family="calibration",
        task="classification",
        unit="share",
        higher_is_better=False,
        statistics=_statistics,
    ),
)
