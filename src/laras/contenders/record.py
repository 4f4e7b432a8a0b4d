"""What an evaluation leaves of a contender: figures, what the checks measured, answers, ledger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from laras.checks.check import Measured
from laras.contenders.pairs import Standing
from laras.errors import StorageFailed
from laras.evaluation.result import PREDICTION_SCHEMA, Evaluation, scores_from_json
from laras.recipe.schema import Contender
from laras.records import REJECTION_SCHEMA, to_table
from laras.runs.atomic import temporary_sibling
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.translation import _

EVALUATION_VERSION = 4  # raise it when the same candidate gets other figures


def write_record(
    run: Run,
    contender: Contender,
    model: str,
    result: Evaluation,
    measured: Mapping[str, Measured],
) -> dict[str, Path]:
    """Write scores.json, checks.json, predictions.parquet and ledger.parquet; return them by name.

    ``model``: what the recipe calls it.
    """
    folder = run.contender(contender.name)
    paths = {name: folder / f"{name}.parquet" for name in ("predictions", "ledger")}
    write_table(paths["predictions"], result.predictions)
    write_table(paths["ledger"], to_table(result.rejections, REJECTION_SCHEMA))
    scores = run.write_json(_scores(contender), result.as_json(contender.name, model))
    checks = run.write_json(_checks(contender), dict(measured))
    return {"scores": scores, "checks": checks, **paths}


def read_standing(run: Run, contender: Contender) -> Standing:
    """The contender as the verdict wants it; StorageFailed where a file is damaged or not there."""
    scores = run.read_json(_scores(contender))
    with damage_told(run.folder / _scores(contender)):
        measured, cost = scores_from_json(scores), scores["cost"]
    predictions = read_predictions(run.contender(contender.name) / "predictions.parquet")
    checks = run.read_json(_checks(contender))
    if not isinstance(checks, dict):
        raise StorageFailed(
            "runs.damaged",
            _("There are no measurements of the checks in it."),
            where=str(run.folder / _checks(contender)),
        )
    return Standing(contender.name, contender.kind, measured, predictions, cost, checks)


def _scores(contender: Contender) -> str:
    return f"contenders/{contender.name}/scores.json"


def _checks(contender: Contender) -> str:
    return f"contenders/{contender.name}/checks.json"


def read_predictions(path: Path) -> pa.Table:
    """A table of PREDICTION_SCHEMA; StorageFailed where ``path`` holds none."""
    with damage_told(path):
        predictions = pq.read_table(path)
        if not predictions.schema.equals(PREDICTION_SCHEMA):
            raise ValueError("other columns than predictions have")
    return predictions


def write_table(path: Path, table: pa.Table) -> None:
    """Replace ``path`` by ``table``, atomically."""
    with temporary_sibling(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
