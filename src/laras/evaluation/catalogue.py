"""All metrics of this package, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from laras.evaluation import (  # noqa: F401  (each registers its metrics)
    bleu,
    calibration,
    chrf,
    classification,
    distinct,
    exact_match,
    length,
    perplexity,
    refusal,
    repetition,
    rouge,
    span_f1,
    ter,
    token_f1,
)
from laras.evaluation.metric import METRICS, ROW_SCORES, Metric

ORDER = (
    "perplexity",
    "bits_per_byte",
    "macro_f1",
    "micro_f1",
    "accuracy",
    "macro_f1_generated",
    "micro_f1_generated",
    "calibration_error",
    "bleu",
    "chrf",
    "ter",
    "rouge1",
    "rouge2",
    "rougeL",
    "rougeLsum",
    "token_f1",
    "span_f1",
    "exact_match",
    "refusal_rate",
    "repetition_rate",
    "length_ratio",
    "distinct1",
    "distinct2",
)


def metrics_of(families: Collection[str]) -> list[Metric]:
    """The metrics that the families of ``evaluation.metrics`` stand for, in order of display."""
    return [metric for metric in map(METRICS.get, ORDER) if metric.family in families]


def answer_scores(
    families: Collection[str], predictions: Sequence[str], references: Sequence[str]
) -> dict[str, Sequence[float | None]]:
    """What the metrics of ``families`` keep of each answer, by column of PREDICTION_SCHEMA."""
    columns: dict[str, Sequence[float | None]] = {}
    for family, score in ROW_SCORES.all().items():
        if family in families:
            columns.update(score(predictions, references))
    return columns
