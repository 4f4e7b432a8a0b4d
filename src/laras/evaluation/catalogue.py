"""All metrics of this package, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Collection

from laras.evaluation import (  # noqa: F401  (each registers its metrics)
    bleu,
    chrf,
    classification,
    exact_match,
    perplexity,
    rouge,
)
from laras.evaluation.metric import METRICS, Metric

ORDER = (
    "perplexity",
    "bits_per_byte",
    "macro_f1",
    "micro_f1",
    "accuracy",
    "macro_f1_generated",
    "micro_f1_generated",
    "bleu",
    "chrf",
    "rouge1",
    "rouge2",
    "rougeL",
    "exact_match",
)


def metrics_of(families: Collection[str]) -> list[Metric]:
    """The metrics that the families of ``evaluation.metrics`` stand for, in order of display."""
    return [metric for metric in map(METRICS.get, ORDER) if metric.family in families]
