"""Contenders with answers of known quality: ROUGE by row, in groups, without a model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from laras.contenders.pairs import Standing
from laras.evaluation.figures import figures
from laras.evaluation.result import PREDICTION_SCHEMA
from laras.recipe.schema import EvaluationSection

ROWS, GROUPS = 120, 40
SECTION = EvaluationSection(metrics=["rouge"], bootstrap_samples=300)


def answers(quality: float, *, noise: float = 0.02, seed: int = 0) -> pa.Table:
    """Rows as hard as those of every other call, answered with this mean of ROUGE; the ``noise``
    on each row is drawn by ``seed``, and changes the mean of none."""
    hard = np.random.default_rng(0).uniform(-0.15, 0.15, ROWS)
    own = np.random.default_rng([1, seed]).normal(0.0, noise, ROWS)
    scores = quality + hard - hard.mean() + own - own.mean()
    rows = [
        {
            "example_id": f"e{at}",
            "task": "chat",
            "group": f"g{at % GROUPS}",
            "prediction": "an answer",
            "reference": "an answer",
            "nll": 20.0,
            "tokens": 10,
            "bytes": 40,
            **dict.fromkeys(("rouge1", "rouge2", "rougeL", "rougeLsum"), float(score)),
        }
        for at, score in enumerate(scores)
    ]
    return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)


def standing(name: str, kind: str, quality: float, *, noise: float = 0.02) -> Standing:
    """A contender with such answers."""
    table = answers(quality, noise=noise, seed=len(name) + ord(name[0]))
    return Standing(name, kind, figures(table, SECTION)[0], table, {"seconds": 1.0})
