"""Corpus chrF by sacrebleu's definition: character n-grams of order 1 to 6, recall counts double.

It needs no tokenizer, so it treats all scripts alike. https://aclanthology.org/W15-3049
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows

ORDER = 6
BETA_SQUARED = 4.0


def corpus_chrf(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Corpus chrF2, 0 to 100."""
    return float(chrf_of_sums(sentence_counts(predictions, references).sum(axis=0)))


def sentence_counts(predictions: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """(R, 18): for each order the n-grams of the prediction, of the reference, and in both."""
    from sacrebleu.metrics.helpers import extract_all_char_ngrams

    counts = np.zeros((len(predictions), 3 * ORDER))
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        pairs = zip(
            extract_all_char_ngrams(prediction, ORDER),
            extract_all_char_ngrams(reference, ORDER),
            strict=True,
        )
        for order, (predicted, wanted) in enumerate(pairs):
            in_both = sum(min(count, wanted[gram]) for gram, count in predicted.items())
            total = sum(wanted.values())
            # Like sacrebleu: n-grams of a length that the reference doesn't have are not counted.
            counts[row, 3 * order : 3 * order + 3] = [
                sum(predicted.values()) if total else 0,
                total,
                in_both,
            ]
    return counts


def chrf_of_sums(sums: np.ndarray) -> np.ndarray:
    """chrF2 of summed counts, (..., 18) to (...): mean precision and recall, then their F."""
    predicted, wanted, in_both = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    defined = (predicted > 0) & (wanted > 0)
    orders = np.maximum(defined.sum(axis=-1), 1)
    precision = np.where(defined, in_both / np.maximum(predicted, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(defined, in_both / np.maximum(wanted, 1), 0.0).sum(axis=-1) / orders
    weighted = BETA_SQUARED * precision + recall
    value: np.ndarray = np.where(
        weighted > 0,
        100.0 * (1 + BETA_SQUARED) * precision * recall / np.where(weighted > 0, weighted, 1.0),
        0.0,
    )
    return value


def signature() -> str:
    """sacrebleu's signature of this chrF."""
    from sacrebleu.metrics import CHRF

    scorer = CHRF()
    scorer.corpus_score(
        ["word"], [["word"]]
    )  # the number of references is known only after a score
    return str(scorer.get_signature())


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "chat")
    if not len(rows):
        return None
    predictions = table["prediction"].take(rows).to_pylist()
    counts = sentence_counts(predictions, table["reference"].take(rows).to_pylist())
    return Statistics(counts, rows, chrf_of_sums, signature=signature())


METRICS.register(
    "chrf",
    Metric(
        name="chrf",
        family="chrf",
        task="chat",
        unit="points of 100",
        higher_is_better=True,
        statistics=_statistics,
    ),
)
