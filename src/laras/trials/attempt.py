"""One trial: the contender trained as the recipe would have it, in a run folder of its own."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from laras.errors import DataRefused, GuardStopped, LarasError, MemoryExhausted, UsageError
from laras.job import Job, model_digest
from laras.models.load import resolve_model
from laras.preparation.held_back import without_test
from laras.recipe.load import LoadedRecipe
from laras.recipe.schema import Contender, ModelSection, Recipe
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.trials.record import Trial
from laras.tuning.assignment import Assignment
from laras.tuning.tune import tune

if TYPE_CHECKING:
    from laras.batches.encoded import EncodedExample
    from laras.preparation.pipeline import Prepared

# What a value may bring about; the search goes on without it.
_FAULTS_OF_A_VALUE = (GuardStopped, MemoryExhausted, UsageError, DataRefused)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all trials have in common with ``recipe``, unless they vary it: its data, prepared once,
    and its base model. ``place``: of the contender that is trained."""

    recipe: Recipe
    folder: Path
    place: int
    prepared: Prepared
    digest: str

    def assignment(self, loaded: LoadedRecipe, prepared: Prepared | None = None) -> Assignment:
        """What the contender of ``loaded`` is trained with; ``prepared``: where it has data of its
        own."""
        recipe = loaded.recipe
        return Assignment(
            recipe.comparison.contenders[self.place],
            recipe.model,
            self._digest_of(recipe.model),
            self.folder,
            recipe.tuning,
            prepared or self.prepared,
        )

    def has_data_of(self, recipe: Recipe) -> bool:
        """Whether the prepared data is what ``recipe`` would have prepared."""
        mine = self.recipe
        embeds = recipe.preparation.semantic_threshold is not None
        return (recipe.data, recipe.preparation) == (mine.data, mine.preparation) and (
            not embeds or recipe.model == mine.model
        )

    def _digest_of(self, model: ModelSection) -> str:
        if model == self.recipe.model:
            return self.digest
        return model_digest(resolve_model(model, self.folder))


class Watching:
    """Looks at one training: what it is measured on, and whether it is worth going on with."""

    def __init__(
        self,
        measured_on: Callable[[str, int, str], None],
        worth_ending: Callable[[Sequence[float], float], bool],
    ) -> None:
        """``measured_on`` is told the hash of the validation examples, how many there are and the
        objective, and may refuse; ``worth_ending`` is asked with the losses so far and the share
        of the steps that are done."""
        self._measured_on = measured_on
        self._worth_ending = worth_ending

    def begins(self, objective: str, validation: Sequence[EncodedExample]) -> None:
        """See :class:`laras.tuning.watcher.Watcher`."""
        if not validation:
            raise DataRefused(
                "search.no-validation",
                _("There are no validation examples to compare trainings by."),
                where="data.validation_share",
                hint=_("Raise data.validation_share, or give data.validation."),
            )
        self._measured_on(_digest(objective, validation), len(validation), objective)

    def validated(self, step: int, steps: int, losses: Sequence[float]) -> bool:
        """See :class:`laras.tuning.watcher.Watcher`."""
        return self._worth_ending(losses, step / steps)


def _digest(objective: str, validation: Sequence[EncodedExample]) -> str:
    """SHA-256 of all that a validation loss is a mean over: the tokens that are predicted, with
    their weights. What they are predicted from may differ: a trial may see more context, or a
    prompt that it has learnt."""
    tokens, weights = hashlib.sha256(objective.encode()), hashlib.sha256()
    for example in validation:
        predicted = example.trained.copy()
        predicted[:1] = False  # nothing comes before the first token
        of_each = np.broadcast_to(np.asarray(example.weight, np.float32), len(predicted))
        tokens.update(example.input_ids[predicted].astype(np.int32).tobytes())
        weights.update(of_each[predicted].tobytes())
    return tokens.hexdigest() + weights.hexdigest()


def attempt(
    trial: Trial,
    loaded: LoadedRecipe,
    ground: Ground,
    run: Run,
    progress: Progress,
    watching: Watching,
) -> Trial:
    """Train ``trial``, whose recipe is ``loaded``; how it went.

    Its folder lies below that of ``run``. A training that was interrupted goes on. What a value
    brought about (no memory, nothing to train) makes a trial that failed, as does a loss that is
    not finite; in the first trial, whose values are the recipe's own, only the latter does, and all
    else is raised.
    """
    contender = loaded.recipe.comparison.contenders[ground.place]
    started = time.monotonic()
    with Run.open(run.folder / trial.folder) as opened:
        job = Job(loaded, opened, progress)
        job.write_recipe()
        try:
            prepared = None
            if not ground.has_data_of(loaded.recipe):
                prepared = without_test(job.prepare())
            assignment = ground.assignment(loaded, prepared)
            tune(assignment, opened, progress, watching)
        except _FAULTS_OF_A_VALUE as error:
            if _is_of_the_search(error, trial):
                raise
            drop_files(opened, contender)
            seconds = time.monotonic() - started
            return replace(trial, state="failed", reason=error.what, seconds=seconds)
        return _ended(trial, opened, contender)


def _is_of_the_search(error: LarasError, trial: Trial) -> bool:
    if error.identifier.startswith("search."):
        return True
    return trial.number == 0 and not isinstance(error, GuardStopped)


def _ended(trial: Trial, run: Run, contender: Contender) -> Trial:
    """``trial`` with what its training left in its folder."""
    stage = run.finished_stage(f"tune-{contender.name}")
    outputs = stage.outputs if stage is not None else {}
    loss = outputs.get("best_loss")
    if not isinstance(loss, int | float) or not math.isfinite(loss):
        reason = _("no validation loss was a finite number")
        return replace(trial, state="failed", reason=reason, seconds=outputs.get("seconds", 0.0))
    return replace(
        trial,
        state="pruned" if outputs.get("stopped") else "complete",
        loss=float(loss),
        validations=tuple(outputs.get("validation_losses", ())),
        best_step=outputs["best_step"],
        steps=outputs["steps"],
        seconds=outputs["seconds"],
    )


def settings_of(run: Run, trial: Trial, contender: str) -> dict[str, object]:
    """The hyperparameters that ``trial`` was trained by, those that the recipe leaves open too."""
    planned = [
        event
        for event in Run.read(run.folder / trial.folder).events()
        if event["kind"] == "training_planned" and event.get("contender") == contender
    ]
    return dict(planned[-1]["settings"]) if planned else {}


def drop_files(run: Run, contender: Contender) -> None:
    """Delete what a trial trained, and data of its own; its recipe and its events stay."""
    for folder, stage in (
        (run.folder / "contenders" / contender.name, f"tune-{contender.name}"),
        (run.folder / "data", "prepare"),
    ):
        with storage_errors(folder):
            if folder.is_dir():
                # First the record: what was deleted on purpose must not pass for damage.
                run.forget_stages(stage)
                shutil.rmtree(folder)
