"""What it would take to tune a candidate on this machine, from a few real steps."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from laras.errors import (
    Interrupted,
    LarasError,
    MemoryExhausted,
    StorageFailed,
    is_out_of_memory,
)
from laras.ranking.measure import Ground, Named
from laras.ranking.ranked import TuningCost
from laras.recipe.schema import Contender, Recipe
from laras.rehearsal.forecast import rehearse
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

KINDS = ("lora", "full")
_SCRATCH = "ranking/scratch"


def tuning_costs(
    candidate: Named, digest: str, ground: Ground, run: Run, progress: Progress
) -> dict[str, TuningCost]:
    """By kind of contender; ``digest``: of the candidate's files. As the recipe tunes that kind,
    else by its defaults."""
    tokens = ground.prepared.train.parent / "tokens"
    costs = {}
    for kind in KINDS:
        assignment = Assignment(
            _contender(ground.recipe, kind),
            candidate.section,
            digest,
            candidate.recipe_folder,
            ground.recipe.tuning,
            ground.prepared,
        )
        folder = run.folder / _SCRATCH
        try:
            with Run.open(folder) as scratch:
                costs[kind] = _cost(rehearse(assignment, scratch, tokens, progress))
        except (LarasError, MemoryError, RuntimeError) as error:
            costs[kind] = _refused(error)
        finally:
            with storage_errors(folder):
                shutil.rmtree(folder, ignore_errors=True)
    return costs


def _contender(recipe: Recipe, kind: str) -> Contender:
    for contender in recipe.comparison.contenders:
        if contender.kind == kind:
            return contender
    return Contender.model_validate({"kind": kind, "name": kind})


def _cost(told: Mapping[str, Any]) -> TuningCost:
    # By sizes: what is measured of a process depends on which candidates were there before.
    memory, seconds = told.get("memory"), told.get("tuning_seconds")
    return TuningCost(
        fits=bool(told["fits_memory"]),
        peak_bytes=None if memory is None else float(memory["peak_bytes"]),
        seconds=None if seconds is None else seconds["value"],
        reason="" if told["fits_memory"] else _("more memory than there is"),
    )


def _refused(error: Exception) -> TuningCost:
    """What tells that this candidate can't be tuned so; anything else is raised again."""
    if isinstance(error, MemoryExhausted) or is_out_of_memory(error):
        return TuningCost(fits=False, reason=_("more memory than there is"))
    if isinstance(error, LarasError) and not isinstance(error, StorageFailed | Interrupted):
        return TuningCost(fits=False, reason=error.what)
    raise error
