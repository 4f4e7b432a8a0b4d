"""The verdict of a run, written where it belongs, with what is known only there: costs, gates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from laras.contenders.costs import making_costs
from laras.contenders.detectable import Expected
from laras.contenders.gates import gate_results
from laras.contenders.pairs import Standing
from laras.contenders.verdict import loss_gaps, verdict
from laras.recipe.schema import Recipe
from laras.runs.folder import Run


def conclude(
    standings: Sequence[Standing], recipe: Recipe, run: Run, expected: Expected | None
) -> Path:
    """Write verdict.json: the verdict, and whether it passes the recipe's gates."""
    names = [standing.name for standing in standings]
    events = run.events()
    found = verdict(
        standings,
        recipe.evaluation,
        primary_metric=recipe.comparison.primary_metric,
        gaps=loss_gaps(events, names),
        making=making_costs(events, names),
        expected=expected,
    )
    found["gates"] = gate_results(found, recipe.gates)
    return run.write_json("verdict.json", found)
