"""What a run says of its test set before the work begins. Imports nothing that takes long to load:
``laras prepare`` says it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.contenders.detectable import Expected, expected_effect
from laras.contenders.wording import detectable_note
from laras.recipe.schema import Recipe
from laras.runs.folder import Run
from laras.runs.progress import Progress


def announce(
    split: Mapping[str, Any], recipe: Recipe, run: Run, progress: Progress
) -> Expected | None:
    """Say how small a difference the test ``split`` (of the audit) can't tell. None where there is
    nothing to say."""
    contenders, wish = recipe.comparison.contenders, recipe.comparison.primary_metric
    found = expected_effect(split, recipe.evaluation, wish, len(contenders))
    if found is not None:
        run.event("detectable_effect", **found.as_json())
        progress.note(
            detectable_note(found.metric, found.value, found.relative, found.rows, found.groups)
        )
    return found
