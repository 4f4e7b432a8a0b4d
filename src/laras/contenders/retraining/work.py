"""Train once more, judge, and keep what was answered, not the model.

Each training is a run folder of its own below that of the run, where it is tuned as any contender
is: what was interrupted goes on from its checkpoint, what is done is not done again. The model is
dropped once it was judged: it never competes, and nobody will ask it anything. The checks are not
repeated. Nothing is done here before the verdict's own figures exist.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.contenders.costs import making_costs
from laras.contenders.obtain import load_candidate
from laras.contenders.record import EVALUATION_VERSION, read_predictions, write_table
from laras.contenders.retraining.variants import Retraining, retrainings
from laras.errors import DataRefused, GuardStopped
from laras.evaluation.evaluate import evaluate
from laras.preparation.pipeline import load_examples
from laras.preparation.shares import write_share
from laras.recipe.schema import Recipe
from laras.runs.damage import damage_told
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress, Titled
from laras.translation import ngettext
from laras.tuning.assignment import Assignment
from laras.tuning.tune import tune

_STAGE = "judge"
# What else an evaluation's settings decide: nothing of the answers.
_NOT_OF_ANSWERS = {"checks", "check_rows", "confidence", "bootstrap_samples", "judge"}


@dataclass(frozen=True, slots=True)
class Retrained:
    """What became of a retraining: its ``predictions`` on the test set, or why there are none.

    ``rows``: of its training data; ``seconds`` and ``energy_wh`` (None: not known) of its tuning
    and judging.
    """

    variant: Retraining
    rows: int
    predictions: pa.Table | None
    failed: str | None
    seconds: float
    energy_wh: float | None


class Retrainer:
    """Does what the recipe of ``run`` asks for beside its contenders."""

    def __init__(self, recipe: Recipe, assignments: Sequence[Assignment], run: Run) -> None:
        self._recipe = recipe
        self._own = {each.contender.name: each for each in assignments}
        self._prepared = assignments[0].prepared
        self._run = run

    def pending(self) -> list[Retraining]:
        """Those that are still to be done."""
        return [variant for variant in retrainings(self._recipe) if not self._is_done(variant)]

    def work(self, progress: Progress) -> list[Retrained]:
        """All of them, those that are done already from their files. Raises what a training raises,
        but for what a seed or a share brings about: that is told."""
        pending = len(self.pending())
        if pending:
            progress.note(
                ngettext(
                    "The verdict is written. {count} more training follows, to tell how much of "
                    "it is luck and what more data would bring.",
                    "The verdict is written. {count} more trainings follow, to tell how much of "
                    "it is luck and what more data would bring.",
                    pending,
                ).format(count=pending)
            )
        return [self._done(variant, progress) for variant in retrainings(self._recipe)]

    def _done(self, variant: Retraining, progress: Progress) -> Retrained:
        with Run.open(self._run.folder / variant.folder) as own:
            stage = own.stage(_STAGE, self._key(variant))
            if not stage.done:
                stage.finish(self._outcome(variant, own, Titled(progress, variant.title)))
                self._run.event(
                    "retraining_finished",
                    contender=variant.contender.name,
                    seed=variant.seed,
                    share=variant.share,
                    seconds=stage.outputs["seconds"],
                    failed=stage.outputs["failed"],
                )
            _drop_model(own, variant.contender.name)
            found = stage.outputs
        return Retrained(
            variant,
            found["rows"],
            read_predictions(found["predictions"]) if "predictions" in found else None,
            found["failed"],
            found["seconds"],
            found["energy_wh"],
        )

    def _outcome(self, variant: Retraining, own: Run, progress: Progress) -> dict[str, Any]:
        """What is kept of it: the outputs of its stage."""
        assignment = self._assigned(variant)
        if variant.share is not None:
            seed, path = self._recipe.preparation.seed, assignment.prepared.train
            write_share(self._prepared.train, variant.share, seed, path)
        rows = pq.read_metadata(assignment.prepared.train).num_rows
        costs: list[dict[str, Any]] = []
        outcome: dict[str, Any] = {"rows": rows, "failed": None}
        try:
            tune(assignment, own, progress)
            costs += making_costs(own.events(), [variant.contender.name]).values()
            candidate = load_candidate(
                variant.contender, assignment.model, assignment.recipe_folder, own
            )
            labels = self._prepared.audit["labels"]
            section = self._recipe.evaluation
            with damage_told(self._prepared.test):
                test = load_examples(self._prepared.test)
            result = evaluate(candidate, test, section, labels, progress)
            costs.append(result.cost)
            outcome["predictions"] = own.folder / "predictions.parquet"
            write_table(outcome["predictions"], result.predictions)
        except (GuardStopped, DataRefused) as error:
            outcome["failed"] = error.what
        energies = [cost["energy_wh"] for cost in costs]
        return {
            **outcome,
            "seconds": sum(cost["seconds"] for cost in costs),
            "energy_wh": None if None in energies else sum(energies),
        }

    def _assigned(self, variant: Retraining) -> Assignment:
        own = self._own[variant.contender.name]
        return variant.assigned(own, self._recipe.preparation.seed, self._run.folder)

    def _key(self, variant: Retraining) -> str:
        return content_hash(
            EVALUATION_VERSION,
            self._assigned(variant).key(),
            self._test_sha256,
            self._recipe.evaluation.model_dump(exclude=_NOT_OF_ANSWERS),
        )

    def _is_done(self, variant: Retraining) -> bool:
        folder = self._run.folder / variant.folder
        if not (folder / "stages").is_dir():
            return False
        return Run.read(folder).stage(_STAGE, self._key(variant)).done

    @cached_property
    def _test_sha256(self) -> str:
        return file_sha256(self._prepared.test)


def _drop_model(run: Run, name: str) -> None:
    """Delete what was trained, and data of its own; answers and events stay."""
    for folder in (run.folder / "contenders", run.folder / "data"):
        with storage_errors(folder):
            if folder.is_dir():
                # First the record: what was deleted on purpose must not pass for damage.
                run.forget_stages(f"tune-{name}")
                shutil.rmtree(folder)
