"""Perplexity and bits per byte: exp(Σ nll / Σ tokens), Σ nll / (ln 2 · Σ bytes).

Sums first, one division, exp last. A mean of batch means or of windows weighs short ones too
much; a mean of exponentials is another figure altogether. Perplexities of models with different
tokenizers don't compare; bits per byte do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from laras.evaluation.metric import METRICS, Metric, Statistics

LARGEST_EXPONENT = 700.0  # exp of more overflows float64


def perplexity(nll: Sequence[float], tokens: Sequence[int]) -> float:
    """Perplexity of rows from their summed negative log-likelihoods (nats) and token counts."""
    return float(_exp_of_mean(np.array([np.sum(nll, dtype=np.float64), np.sum(tokens)])))


def bits_per_byte(nll: Sequence[float], text_bytes: Sequence[int]) -> float:
    """Bits per byte of UTF-8 text from summed negative log-likelihoods in nats."""
    return float(_bits(np.array([np.sum(nll, dtype=np.float64), np.sum(text_bytes)])))


def _exp_of_mean(sums: np.ndarray) -> np.ndarray:
    # A diverged model must read as a huge number, not as an overflow warning and inf.
    exponent = np.minimum(sums[..., 0] / sums[..., 1], LARGEST_EXPONENT)
    value: np.ndarray = np.exp(exponent)
    return value


def _bits(sums: np.ndarray) -> np.ndarray:
    value: np.ndarray = sums[..., 0] / np.log(2.0) / sums[..., 1]
    return value


def _statistics(
    table: pa.Table, *, divisor: str, value: Callable[[np.ndarray], np.ndarray]
) -> Statistics | None:
    scored = pc.and_(pc.is_valid(table["nll"]), pc.greater(table[divisor], 0))
    rows = np.flatnonzero(pc.fill_null(scored, False).to_numpy(zero_copy_only=False))
    if not len(rows):
        return None
    columns = [table[name].take(rows).to_numpy(zero_copy_only=False) for name in ("nll", divisor)]
    return Statistics(np.stack(columns, axis=1).astype(np.float64), rows, value)


METRICS.register(
    "perplexity",
    Metric(
        name="perplexity",
        family="perplexity",
        task=None,
        unit="per token",
        higher_is_better=False,
        statistics=partial(_statistics, divisor="tokens", value=_exp_of_mean),
    ),
)
METRICS.register(
    "bits_per_byte",
    Metric(
        name="bits_per_byte",
        family="perplexity",
        task=None,
        unit="bits per byte",
        higher_is_better=False,
        statistics=partial(_statistics, divisor="bytes", value=_bits),
    ),
)
