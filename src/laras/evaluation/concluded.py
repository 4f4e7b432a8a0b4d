"""The end of every judgement: rows with answers become figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from laras.evaluation.classification import per_class
from laras.evaluation.figures import figures
from laras.evaluation.result import PREDICTION_SCHEMA, Evaluation
from laras.recipe.schema import EvaluationSection
from laras.records import Example, Rejection
from laras.runs.hashing import content_hash


def concluded(
    rows: Sequence[dict[str, Any]],
    examples: Sequence[Example],
    section: EvaluationSection,
    cost: Callable[[], dict[str, Any]],
    rejections: Sequence[Rejection],
    warnings: Sequence[str],
) -> Evaluation:
    """Figures of ``rows`` (of PREDICTION_SCHEMA) about ``examples``, in the same order. ``cost`` is
    asked for when all is done."""
    table = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)
    scores, flags = figures(table, section)
    named = [row for row in rows if _is_classified(row)]
    return Evaluation(
        scores=scores,
        predictions=table,
        cost=cost(),
        test={
            "rows": len(rows),
            "tokens": sum(row["tokens"] or 0 for row in rows),
            "groups": len({row["group"] for row in rows}),
            "sha256": content_hash([asdict(example) for example in examples]),
        },
        rejections=tuple(rejections),
        per_class=tuple(
            per_class([row["label"] for row in named], [row["predicted_label"] for row in named])
        ),
        warnings=tuple(dict.fromkeys([*warnings, *flags])),
    )


def _is_classified(row: dict[str, Any]) -> bool:
    """Whether a label was asked for, and an answer came, be it a label or none."""
    return row["predicted_label"] is not None or (
        row["task"] == "classification" and row["prediction"] is not None
    )
