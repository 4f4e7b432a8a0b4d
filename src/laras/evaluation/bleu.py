"""Corpus BLEU by sacrebleu, from sentence counts that add up.

The tokenizer follows from the references alone, so that all contenders get the same one:
``13a`` where words have spaces between them, ``zh`` for Chinese, ``char`` for Japanese, Thai and
their like (their word tokenizers need packages that are not always there). It stands in the
signature. https://aclanthology.org/W18-6319
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from laras.evaluation.metric import METRICS, Metric, Statistics, answered_rows
from laras.evaluation.scripts_of_text import main_writing

ORDER = 4
TOKENIZERS = {"spaced": "13a", "han": "zh", "unspaced": "char"}


def tokenizer_for(references: Sequence[str]) -> str:
    """The name of sacrebleu's tokenizer that suits the script of ``references``."""
    return TOKENIZERS[main_writing(references)]


def corpus_bleu(
    predictions: Sequence[str], references: Sequence[str], *, tokenize: str | None = None
) -> float:
    """Corpus BLEU, 0 to 100, with one reference each; an empty prediction matches nothing."""
    counts = sentence_counts(predictions, references, tokenize or tokenizer_for(references))
    return float(bleu_of_sums(counts.sum(axis=0)))


def sentence_counts(
    predictions: Sequence[str], references: Sequence[str], tokenize: str
) -> np.ndarray:
    """(R, 10): lengths of prediction and reference, matching and all n-grams of order 1 to 4."""
    # effective_order concerns only the sentence score, which is not used; the counts are the same.
    scorer = _bleu(tokenize, effective_order=True)
    counts = np.empty((len(predictions), 2 + 2 * ORDER))
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        score = scorer.sentence_score(prediction, [reference])
        counts[row] = [score.sys_len, score.ref_len, *score.counts, *score.totals]
    return counts


def bleu_of_sums(sums: np.ndarray) -> np.ndarray:
    """BLEU of summed counts, (..., 10) to (...), with sacrebleu's exponential smoothing."""
    predicted, reference = sums[..., 0], sums[..., 1]
    matching, total = sums[..., 2 : 2 + ORDER], sums[..., 2 + ORDER :]
    brevity = np.exp(np.minimum(0.0, 1.0 - reference / np.maximum(predicted, 1e-9)))
    unmatched = (matching == 0) & (total > 0)
    # Each order without a match counts as half, a quarter, ... of a match (Lin & Och's method 3).
    smoothed = np.where(unmatched, 0.5 ** np.cumsum(unmatched, axis=-1), matching)
    precision = smoothed / np.maximum(total, 1.0)
    # With no n-gram of an order at all (only very short predictions), BLEU is 0 by definition.
    defined = (matching.sum(axis=-1) > 0) & (total > 0).all(axis=-1)
    mean_log = np.log(np.maximum(precision, 1e-300)).mean(axis=-1)
    value: np.ndarray = np.where(defined, 100.0 * brevity * np.exp(mean_log), 0.0)
    return value


def signature(tokenize: str) -> str:
    """sacrebleu's signature of this BLEU."""
    scorer = _bleu(tokenize, effective_order=False)
    scorer.corpus_score(
        ["word"], [["word"]]
    )  # the number of references is known only after a score
    return str(scorer.get_signature())


def _bleu(tokenize: str, *, effective_order: bool) -> Any:
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize=tokenize, effective_order=effective_order)


def _statistics(table: pa.Table) -> Statistics | None:
    rows = answered_rows(table, "chat")
    if not len(rows):
        return None
    references = table["reference"].take(rows).to_pylist()
    tokenize = tokenizer_for(references)
    counts = sentence_counts(table["prediction"].take(rows).to_pylist(), references, tokenize)
    return Statistics(counts, rows, bleu_of_sums, signature=signature(tokenize))


METRICS.register(
    "bleu",
    Metric(
        name="bleu",
        family="bleu",
        task="chat",
        unit="points of 100",
        higher_is_better=True,
        statistics=_statistics,
    ),
)
