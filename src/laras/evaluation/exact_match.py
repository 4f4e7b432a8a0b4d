"""Share of answers equal to the reference, with case, spaces and outer punctuation set aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import partial

from laras.evaluation.metric import METRICS, ROW_SCORES, Metric, mean_of


def exact_matches(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """1.0 or 0.0 for each row. An empty prediction scores 0, whatever the reference."""
    return [
        float(bool(normalised(prediction)) and normalised(prediction) == normalised(reference))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def normalised(text: str) -> str:
    """``text`` in NFKC, case folded, spaces single, without punctuation at its ends."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    start, end = 0, len(folded)
    while start < end and _is_outer(folded[start]):
        start += 1
    while end > start and _is_outer(folded[end - 1]):
        end -= 1
    return folded[start:end]


def _is_outer(character: str) -> bool:
    return character.isspace() or unicodedata.category(character).startswith("P")


def _row_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    return {"exact_match": exact_matches(predictions, references)}


ROW_SCORES.register("exact_match", _row_scores)
METRICS.register(
    "exact_match",
    Metric(
        name="exact_match",
        family="exact_match",
        task="chat",
        unit="share",
        higher_is_better=True,
        statistics=partial(mean_of, column="exact_match", task="chat"),
    ),
)
