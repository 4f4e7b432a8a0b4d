"""Distinct-1 and distinct-2: how many of all words, and pairs of words, in the answers differ.

Different n-grams over all n-grams, of all answers together (Li et al. 2016,
https://aclanthology.org/N16-1014). It describes and judges nobody: more is not better (noise is
most varied of all), and it falls with the amount of text, so that only test sets and answers of
like sizes compare.

The number of different n-grams is no sum over rows, and a resample, which has groups twice, would
always have fewer of them: its interval would lie below the figure. So it enters as what its
delete-one-group jackknife sees (Efron 1982, chapter 6): all that groups share is fixed, and a
group adds the n-grams that no other one has. Over all rows this is the figure itself; the number
of n-grams, below the line, is a sum anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows
from laras.evaluation.words import UnicodeWords


def distinct(texts: Sequence[str], order: int) -> float | None:
    """Different n-grams of ``order`` over all of them; None where there are none."""
    grams = [gram for text in texts for gram in _grams(text, order)]
    return len(set(grams)) / len(grams) if grams else None


def _grams(text: str, order: int) -> list[tuple[str, ...]]:
    words = UnicodeWords().tokenize(text)
    return list(zip(*(words[start:] for start in range(order)), strict=False))


def _statistics(table: pa.Table, *, order: int) -> Statistics | None:
    rows = answered_rows(table, "chat")
    answered = table.select(["group", "prediction"]).take(rows)
    groups, texts = (column.to_pylist() for column in answered.columns)
    grams = [_grams(text, order) for text in texts]
    owner: dict[tuple[str, ...], str | None] = {}  # the only group with it; None: several have it
    for group, found in zip(groups, grams, strict=True):
        for gram in found:
            owner[gram] = group if owner.setdefault(gram, group) == group else None
    # Each n-gram that only one group has is counted at the row where it comes first.
    values = np.zeros((len(rows), 2))
    seen: set[tuple[str, ...]] = set()
    for row, found in enumerate(grams):
        own = {gram for gram in found if owner[gram] is not None} - seen
        seen |= own
        values[row] = [len(own), len(found)]
    kept = values[:, 1] > 0
    if not kept.any():
        return None
    shared = sum(group is None for group in owner.values())
    return Statistics(values[kept], rows[kept], partial(_share, shared=shared))


def _share(sums: np.ndarray, *, shared: int) -> np.ndarray:
    value: np.ndarray = (shared + sums[..., 0]) / sums[..., 1]
    return value


for _order in (1, 2):
    METRICS.register(
        f"distinct{_order}",
        Metric(
            name=f"distinct{_order}",
            family="distinct",
            task="chat",
            unit="share",
            higher_is_better=None,
            statistics=partial(_statistics, order=_order),
        ),
    )
