"""What an evaluation hands on: figures with intervals, predictions row by row, the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from laras.evaluation.classification import ClassFigures
from laras.records import Rejection

PREDICTION_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("task", pa.string()),
        ("group", pa.string()),
        ("source", pa.string()),
        ("prompt", pa.large_string()),  # what was asked, as people read it
        ("reference", pa.large_string()),
        ("prediction", pa.large_string()),  # the generated answer; null where none was asked for
        ("finished", pa.bool_()),  # whether the model ended its answer itself
        ("label", pa.string()),
        ("predicted_label", pa.string()),  # most likely label
        ("generated_label", pa.string()),  # label that the generated answer names; null: none
        (
            "top_labels",
            pa.list_(pa.struct([("label", pa.string()), ("log_probability", pa.float64())])),
        ),
        ("nll", pa.float64()),  # nats, summed over the trained tokens
        ("tokens", pa.int64()),
        ("bytes", pa.int64()),
        ("rouge1", pa.float64()),
        ("rouge2", pa.float64()),
        ("rougeL", pa.float64()),
        ("rougeLsum", pa.float64()),
        ("token_f1", pa.float64()),
        ("exact_match", pa.float64()),
        ("ter_edits", pa.float64()),
        ("ter_words", pa.float64()),  # of the reference
        ("refusal", pa.float64()),  # 1 or 0; null where the reference refuses, too
        ("repetition", pa.float64()),  # 1 or 0; null where the reference repeats itself, too
    ]
)


@dataclass(frozen=True, slots=True)
class Score:
    """A figure, its interval (None where one group leaves nothing to resample), its rows, unit."""

    value: float
    low: float | None
    high: float | None
    n: int
    unit: str
    signature: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields, without an empty signature."""
        facts = asdict(self)
        if self.signature is None:
            del facts["signature"]
        return facts


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``test``: rows, tokens, groups, sha256 of what was evaluated. ``warnings`` are for people."""

    scores: dict[str, Score]
    predictions: pa.Table
    cost: dict[str, Any]
    test: dict[str, int | str]
    rejections: tuple[Rejection, ...] = ()
    per_class: tuple[ClassFigures, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def as_json(self, contender: str, model: str) -> dict[str, Any]:
        """The content of ``scores.json``."""
        return {
            "contender": contender,
            "model": model,
            "test": self.test,
            "metrics": {name: score.as_json() for name, score in self.scores.items()},
            "per_class": [asdict(figures) for figures in self.per_class],
            "cost": self.cost,
            "warnings": list(self.warnings),
        }


def scores_from_json(facts: Mapping[str, Any]) -> dict[str, Score]:
    """The scores of a ``scores.json`` that was read."""
    return {name: Score(**score) for name, score in facts["metrics"].items()}
