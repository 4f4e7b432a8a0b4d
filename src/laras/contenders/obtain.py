"""The ways to get a candidate. Each is one function under a kind's name.

A candidate is always loaded from the files that the run leaves behind, never taken over from
training: what is judged is what can be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from peft import PeftModel

from laras.evaluation.evaluate import Candidate
from laras.models.load import load_model, quiet
from laras.recipe.schema import Contender, ModelSection
from laras.registry import Registry
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.tuning.tune import Assignment, best_device, tune

Obtain = Callable[[Assignment, Run, Progress], None]

contenders: Registry[Obtain] = Registry("contender")


def _nothing_to_do(assignment: Assignment, run: Run, progress: Progress) -> None:
    """The base model competes as it is; it only gets its folder."""
    run.contender(assignment.contender.name)


def _tune(assignment: Assignment, run: Run, progress: Progress) -> None:
    tune(assignment, run, progress)


contenders.register("base", _nothing_to_do)
contenders.register("lora", _tune)
contenders.register("full", _tune)
contenders.register("freeze", _tune)


def obtain(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Bring the contender's files into the run folder, if they are not there yet."""
    contenders.get(assignment.contender.kind)(assignment, run, progress)


def load_candidate(
    contender: Contender, model: ModelSection, recipe_folder: Path, run: Run
) -> Candidate:
    """The contender's model, in float32 and evaluation mode, from the run's files.

    An adapter is merged into its base in float32: the same logits within rounding, at the base
    model's speed.
    """
    folder = run.contender(contender.name) / "model"
    if contender.kind in ("full", "freeze"):
        own = model.model_copy(update={"base": str(folder.resolve()), "revision": None})
        loaded = load_model(own, recipe_folder, device=best_device())
        return Candidate(contender.name, loaded)
    loaded = load_model(model, recipe_folder, device=best_device())
    if contender.kind == "lora":
        with quiet(), torch.no_grad():
            adapted = PeftModel.from_pretrained(loaded.model, str(folder))
            merged = adapted.merge_and_unload().eval()
        loaded = replace(loaded, model=merged)
    return Candidate(contender.name, loaded)
