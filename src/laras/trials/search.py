"""The search for better hyperparameters: trial after trial, and what came of it.

The first trial is the recipe as it stands, so that the outcome is either "better by so much" or
"the recipe's own settings stand". Trials are compared by their best validation loss; none of them
is given the test set. What has ended is written down at once, so the same command goes on where an
interrupted one stopped: with the trial that was under way, from its checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from laras.errors import UsageError
from laras.job import Job
from laras.objectives.objective import objectives
from laras.preparation.held_back import without_test
from laras.preparation.pipeline import Prepared
from laras.recipe.load import LoadedRecipe, resolved_yaml
from laras.recipe.scalars import write_scalar
from laras.recipe.schema import Dimension
from laras.recipe.varied import setting, with_values
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.runs.progress import Progress
from laras.translation import _
from laras.trials.attempt import (
    Ground,
    Watching,
    attempt,
    drop_files,
    settings_of,
)
from laras.trials.record import FILE, FOLDER, Record, Trial, read_record
from laras.trials.space import ORIGIN, check_space, default_space, own_values, place_of
from laras.trials.study import suggest, worth_ending
from laras.trials.telling import Outcome, TrialProgress, outcome, trial_line

VERSION = 1  # raise it when the same trials would be chosen or judged otherwise
BEST = f"{FOLDER}/best.yaml"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. ``settings``: what to set in the recipe, as ``--set`` takes it; empty
    where its own values stand. ``recipe``: the file of the best recipe in full; None where every
    trial failed."""

    folder: Path
    record: Record
    outcome: Outcome
    settings: list[str]
    recipe: Path | None


class Search:
    """One search being worked on, in the run folder of its recipe."""

    def __init__(self, loaded: LoadedRecipe, run: Run, progress: Progress) -> None:
        self.loaded = loaded
        self.run = run
        self.progress = progress
        self.section = loaded.recipe.search

    def begin(self) -> None:
        """Everything that is cheap to refuse, and the data."""
        recipe, folder = self.loaded.recipe, self.loaded.folder
        place = place_of(recipe)
        # Data and base have no part in what the check is about, and preparing takes long.
        nothing = Prepared(Path(), Path(), Path(), Path(), {}, "")
        early = Ground(recipe, folder, place, nothing, "")
        space = check_space(self.loaded, place, lambda variant: early.assignment(variant).key())
        job = Job(self.loaded, self.run, self.progress)
        job.begin()
        self.ground = Ground(recipe, folder, place, without_test(job.prepared), job.model_digest)
        contender = recipe.comparison.contenders[place].name
        described = None
        if space is not None:
            described = {path: each.model_dump() for path, each in space.items()}
        key = content_hash(
            VERSION, self.ground.assignment(self.loaded).key(), described, self.section.seed
        )
        self.record = self._record(Record(key, contender, space=space))

    def _record(self, fresh: Record) -> Record:
        """What an earlier search for the same left, else ``fresh``."""
        earlier = read_record(self.run)
        if earlier is not None and earlier.key == fresh.key:
            return earlier
        if earlier is not None:
            self.progress.note(
                _("The recipe or its data has changed: the search begins again from the start.")
            )
        folder = self.run.folder / FOLDER
        with storage_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
        return fresh

    def work(self) -> None:
        """All trials that are still to be done."""
        seen: set[str] = set()
        while (trial := self._next()) is not None:
            progress = TrialProgress(self.progress, trial.number, self.section.trials, seen)
            ended = self._attempt(trial, progress)
            if ended.number == 0:
                ended = self._settle_space(ended)
            self._write(replace(self.record, trials=(*self.record.finished, ended)))
            self._keep_only_the_best()
            self.progress.note(trial_line(ended, self.record))
            self.run.event("trial_finished", **{"trial": ended.number, **_facts(ended)})

    def _next(self) -> Trial | None:
        """The trial to work on: the one that was interrupted, else a new one, if any is wanted."""
        if (running := self.record.running) is not None:
            return running
        finished = self.record.finished
        trained_s = sum(trial.seconds for trial in finished)
        limit = self.section.timeout_s
        if len(finished) >= self.section.trials or (limit is not None and trained_s >= limit):
            return None
        values: dict[str, Any] | None = {}
        if finished:
            values = suggest(self._space(), finished, self.section.seed)
        if values is None:
            self.progress.note(_("All there is to try was tried."))
            return None
        trial = Trial(len(finished), values)
        # Before it begins: whoever goes on after a kill tries the very same.
        self._write(replace(self.record, trials=(*finished, trial)))
        return trial

    def _attempt(self, trial: Trial, progress: Progress) -> Trial:
        try:
            varied = self._recipe_of(trial)
        except UsageError as error:  # values that the recipe takes, but not together
            return replace(trial, state="failed", reason=error.what)
        return attempt(trial, varied, self.ground, self.run, progress, self._watching())

    def _recipe_of(self, trial: Trial) -> LoadedRecipe:
        return with_values(self.loaded, {} if trial.number == 0 else trial.values, ORIGIN)

    def _settle_space(self, first: Trial) -> Trial:
        """Now that the hyperparameters that the recipe leaves open are known: where to look, and
        what the recipe's own values are."""
        settings = settings_of(self.run, first, self.record.contender)
        contender = self.loaded.recipe.comparison.contenders[self.ground.place]
        if self.record.space is None:
            self.record = replace(self.record, space=default_space(contender, settings))
        values = own_values(self.loaded, self.ground.place, self._space(), settings)
        return replace(first, values=values)

    def _space(self) -> dict[str, Dimension]:
        assert self.record.space is not None, "the first trial settles it"
        return self.record.space

    def _watching(self) -> Watching:
        number = len(self.record.finished)

        def measured_on(digest: str, rows: int, objective: str) -> None:
            if self.record.measured_on is None:
                unit = "row" if objectives.get(objective).has_head else "token"
                self._write(
                    replace(
                        self.record,
                        measured_on=digest,
                        validation_rows=rows,
                        unit=f"nats per {unit}",
                    )
                )
            elif self.record.measured_on != digest:
                raise UsageError(
                    "search.other-validation",
                    _(
                        "Trial {number} would be measured on other validation tokens than the "
                        "first one, so that their losses could not be compared."
                    ).format(number=number),
                    where="search.space",
                    hint=_(
                        "Leave out what changes the tokens or the rows: the base model, the "
                        "template, the objective, what is held out. `laras models rank` compares "
                        "base models."
                    ),
                )

        def ending(validations: Sequence[float], share: float) -> bool:
            # The first is what all others are measured against.
            return number > 0 and worth_ending(
                self._space(), self.record.finished, validations, share
            )

        return Watching(measured_on, ending)

    def _keep_only_the_best(self) -> None:
        contender = self.loaded.recipe.comparison.contenders[self.ground.place]
        for trial in self.record.finished:
            folder = self.run.folder / trial.folder
            if trial != self.record.best and (folder / "data").is_dir():
                with Run.open(folder) as opened:
                    drop_files(opened, contender)

    def _write(self, record: Record) -> None:
        self.record = record
        self.run.write_json(FILE, {**record.as_json(), **asdict(outcome(record))})

    def finish(self) -> Found:
        """The best recipe, and what there is to say."""
        best, told = self.record.best, outcome(self.record)
        settings: list[str] = []
        path = None
        if best is not None:
            varied = self._recipe_of(best)
            head = _("Found by a search. Paths in it start from {folder}: copy it there.").format(
                folder=write_scalar(str(self.loaded.folder))
            )
            path = self.run.write_text(BEST, f"# {head}\n{resolved_yaml(varied)}")
            if best.number:
                settings = [setting(name, value) for name, value in best.values.items()]
        self.progress.finish()
        return Found(self.run.folder, self.record, told, settings, path)


def _facts(trial: Trial) -> dict[str, Any]:
    return {
        "state": trial.state,
        "loss": trial.loss,
        "values": trial.values,
        "seconds": trial.seconds,
    }


def search(loaded: LoadedRecipe, run: Run, progress: Progress) -> Found:
    """Search for better hyperparameters, or go on with it. Raises what a training raises, and
    UsageError for a space that can't be searched."""
    work = Search(loaded, run, progress)
    work.begin()
    work.work()
    return work.finish()
