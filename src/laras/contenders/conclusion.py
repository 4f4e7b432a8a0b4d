"""The verdict of a run, written where it belongs, with what is known only there: costs, a judge's
opinion, gates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from laras.contenders.costs import making_costs, prices
from laras.contenders.detectable import Expected
from laras.contenders.gates import gate_results
from laras.contenders.hosted.left_out import nobody_judged, told_in_sentences, unfinished
from laras.contenders.pairs import Standing
from laras.contenders.verdict import loss_gaps, verdict
from laras.recipe.schema import Recipe
from laras.runs.folder import Run
from laras.runs.progress import Progress


def conclude(
    standings: Sequence[Standing],
    recipe: Recipe,
    run: Run,
    expected: Expected | None,
    progress: Progress,
) -> Path:
    """Write verdict.json: the verdict, what a judge says of it, and whether it passes the recipe's
    gates. EndpointFailed where nobody is left to give one of."""
    names = [standing.name for standing in standings]
    left_out = unfinished(recipe, run, names)
    if not standings:
        raise nobody_judged(left_out)
    events = run.events()
    found = verdict(
        standings,
        recipe.evaluation,
        primary_metric=recipe.comparison.primary_metric,
        gaps=loss_gaps(events, names),
        making=making_costs(events, names),
        prices=prices(recipe),
        expected=expected,
    )
    for entry, currency in zip(found["cost"], _currencies(recipe, names), strict=True):
        entry["currency"] = currency
    found["unfinished"] = left_out or None
    told_in_sentences(found, left_out)
    found["gates"] = gate_results(found, recipe.gates)
    if recipe.evaluation.judge is not None:
        from laras.judges.opinion import opinion  # it loads an HTTP client

        # The verdict stands without the judge, also where the run is killed while that is asked.
        run.write_json("verdict.json", found)
        answers = {standing.name: standing.predictions for standing in standings}
        found["judge"] = opinion(answers, found, recipe.evaluation, run, progress)
    return run.write_json("verdict.json", found)


def _currencies(recipe: Recipe, names: Sequence[str]) -> list[str | None]:
    """What the prices of the contenders ``names`` are in; None where there are none."""
    endpoints = {each.name: each.endpoint for each in recipe.comparison.contenders}
    found = [endpoints[name] for name in names]
    return [each.currency if each is not None and each.has_prices else None for each in found]
