"""One run being worked on: what each step does, and how it knows that it is done already.

Each step looks up whether it is done for exactly these inputs, so the same call again goes on
where an interrupted one stopped, and a changed recipe repeats only what the change touches.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.distribution.processes import ONE_PROCESS, Processes
from laras.errors import StorageFailed, UsageError
from laras.recipe.load import LoadedRecipe, resolved_yaml
from laras.recipe.schema import Contender
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress
from laras.translation import _

if TYPE_CHECKING:
    from laras.contenders.detectable import Expected
    from laras.contenders.pairs import Standing
    from laras.preparation.pipeline import Prepared
    from laras.preparation.stages import Embedder


class Job:
    """One recipe in its run folder. Steps are called in the order in which they stand here."""

    def __init__(
        self,
        loaded: LoadedRecipe,
        opened: Run,
        progress: Progress,
        *,
        allow_change: bool = False,
        processes: Processes = ONE_PROCESS,
    ) -> None:
        """``allow_change``: a training that was begun with other settings goes on with those of the
        recipe, where that is safe. ``processes``: those that train together."""
        self.loaded = loaded
        self.allow_change = allow_change
        self.processes = processes
        self.recipe = loaded.recipe
        self.run = opened
        self.progress = progress
        self.started = time.monotonic()
        self.expected: Expected | None = None

    def write_recipe(self) -> None:
        """The resolved recipe, and where its relative paths start from.

        A run folder belongs to one recipe file: another one's results must not be mixed with it.
        """
        origin = {
            "recipe_folder": str(self.loaded.folder.resolve()),
            "recipe": self.loaded.path.name if self.loaded.path else None,
        }
        before = self.run.read_json("origin.json")
        if isinstance(before, dict) and before != origin:
            raise UsageError(
                "runs.other-recipe",
                _("This run folder belongs to another recipe: {path}.").format(
                    path=Path(str(before.get("recipe_folder"))) / str(before.get("recipe") or "")
                ),
                where=str(self.run.folder),
                hint=_("Name another folder with --run, or delete this one."),
            )
        self.run.write_text("recipe.yaml", resolved_yaml(self.loaded))
        self.run.write_json("origin.json", origin)

    def begin(self) -> None:
        """Everything that is cheap to refuse comes before anything that takes time."""
        from laras.contenders.gates import check_measured
        from laras.contenders.ingredients import ingredients
        from laras.contenders.learning import check_data, objectives_of
        from laras.contenders.primary import check_applies
        from laras.devices.choice import gpu_count
        from laras.models.inspection import inspect_folder
        from laras.models.load import resolve_model
        from laras.models.places import template_file
        from laras.models.template_text import read_template
        from laras.preparation.shares import refuse_shares

        self.processes.refuse_impossible(gpu_count())
        self.model_folder = resolve_model(self.recipe.model, self.loaded.folder)
        configuration = inspect_folder(self.model_folder)
        chosen = objectives_of(self.recipe, configuration["model_type"])
        template = template_file(self.recipe.model, self.loaded.folder)
        if template is not None:
            read_template(template)
        self.write_recipe()
        self.run.event("run_started", recipe=self.loaded.path.name if self.loaded.path else None)
        self.prepared = self.prepare()
        with damage_told(self.run.data / "audit.json"):
            tasks = list(self.prepared.audit["splits"]["test"]["tasks"])
            check_data(self.recipe, chosen, self.prepared.audit)
        check_applies(self.recipe.evaluation.metrics, tasks, self.recipe.comparison.primary_metric)
        if shares := self.recipe.comparison.learning_curve:
            refuse_shares(self.prepared.train, shares, self.recipe.preparation.seed)
        check_measured(self.recipe.gates, self.recipe.evaluation.metrics)
        self.model_digest = model_digest(self.model_folder)
        written = self.run.folder / "recipe.yaml"
        self.run.write_manifest(
            ingredients(self.loaded, self.model_folder, self.model_digest, self.prepared, written)
        )

    def prepare(self) -> Prepared:
        """Splits, ledger and audit."""
        from laras.preparation.pipeline import prepare as prepare_data

        with self._stage("prepare"):
            embedder = self._embedder()
            prepared = prepare_data(self.loaded, self.run, self.progress, embedder=embedder)
        self._warn_of_a_small_test(prepared)
        return prepared

    def _warn_of_a_small_test(self, prepared: Prepared) -> None:
        """Said before the training, which may take hours: how small a difference this test can't
        tell; and that no verdict can come of too few groups."""
        from laras.contenders.announcement import announce
        from laras.evaluation.randomisation import groups_needed

        count = len(self.recipe.comparison.contenders)
        comparisons = count * (count - 1) // 2  # p-values are adjusted for all pairs
        needed = groups_needed(comparisons, self.recipe.evaluation.confidence)
        with damage_told(self.run.data / "audit.json"):
            test = prepared.audit["splits"]["test"]
            groups = int(test["groups"])
            self.expected = announce(test, self.recipe, self.run, self.progress)
        if comparisons and groups < needed:
            self.progress.note(
                _(
                    "The test rows are of only {groups} groups (documents, conversations, "
                    "customers); {needed} are needed for a verdict. Add data, or raise "
                    "data.test_share."
                ).format(groups=groups, needed=needed)
            )

    def _embedder(self) -> Embedder | None:
        """What tells paraphrases, where the recipe wants them found."""
        from laras.preparation.stages import Embedder

        section = self.recipe.preparation
        if section.semantic_threshold is None:
            return None
        from laras.models.embedding import Embedding

        embedding = Embedding(self.recipe.model, self.loaded.folder, section.semantic_model)
        return Embedder(embedding, model_digest(embedding.source))

    def plan(self, rate_test: bool) -> dict[str, Any]:
        """What every contender will cost; nothing of it stays but the plan."""
        from laras.contenders.plan import make_plan

        assignments = [self._assignment(each) for each in self.recipe.comparison.contenders]
        return make_plan(self.recipe, assignments, self.run, self.progress, rate_test=rate_test)

    def announce_costs(self) -> None:
        """What asking endpoints will cost, refused above a budget: before the training."""
        from laras.contenders.hosted.forecast import announce_cost
        from laras.contenders.judged import evaluation_key

        for contender in self.recipe.comparison.contenders:
            if contender.kind == "api":
                assignment = self._assignment(contender)
                key = evaluation_key(assignment)
                if not self.run.stage(f"evaluate-{contender.name}", key).done:
                    announce_cost(assignment, key, self.run, self.progress)

    def tune(self) -> None:
        """Every contender's files, one contender after the other. Endpoints are not asked yet."""
        from laras.contenders.obtain import obtain
        from laras.recipe.unread import TUNED_KINDS
        from laras.saving.begun import refuse_changed

        # All of them before the first one is trained, which may take days.
        for contender in self.recipe.comparison.contenders:
            if contender.kind in TUNED_KINDS:
                refuse_changed(self._assignment(contender).asked(), self.run)
        for contender in self.recipe.comparison.contenders:
            if contender.kind != "api":
                obtain(self._assignment(contender), self.run, self.progress)

    def evaluate(self) -> None:
        """Scores and predictions of every contender, then the verdict."""
        from laras.contenders.conclusion import conclude

        judged = [self._judge(contender) for contender in self.recipe.comparison.contenders]
        standings = [standing for standing in judged if standing is not None]
        conclude(standings, self.recipe, self.run, self.expected, self.progress)
        self._train_once_more(standings)
        self._describe(standings)

    def _train_once_more(self, standings: list[Standing]) -> None:
        """Other seeds and less data, where the recipe asks: after the verdict, which is done."""
        from laras.contenders.retraining.conclusion import conclude_retraining
        from laras.contenders.retraining.work import Retrainer

        assignments = [self._assignment(each) for each in self.recipe.comparison.contenders]
        done = Retrainer(self.recipe, assignments, self.run).work(self.progress)
        if done:
            conclude_retraining(done, standings, self.recipe, self.prepared, self.run)

    def _describe(self, standings: list[Standing]) -> None:
        """The verdict as a page of Markdown, and a card for each model that was tuned."""
        from laras.contenders.remarks import remarks
        from laras.models.licence import licence_of
        from laras.report.markdown import write_verdict_text
        from laras.report.model_card import licence_on_card, write_cards

        section = self.recipe.evaluation
        write_verdict_text(self.run, section.confidence)
        notes = remarks(standings, section, self.run, "en")
        found = licence_of(self.model_folder)
        licence = None if found is None else licence_on_card(found.name)
        write_cards(self.run, self.recipe, notes, licence)

    def finish(self) -> Path:
        """The report, and the end."""
        from laras.inspection import write_shown
        from laras.planning.accuracy import compared
        from laras.report.html import write_report

        write_shown(self.run, self.prepared.audit)
        forecasts = [each.as_json() for each in compared(self.run.events())]
        self.run.write_json("forecast.json", forecasts)
        # What no stage has recorded, so that `laras runs verify` can tell whether it is this still.
        told = ("verdict.json", "verdict.md")
        written = {name: file_sha256(self.run.folder / name) for name in told}
        self.run.event("run_finished", seconds=time.monotonic() - self.started, sha256=written)
        with self._stage("report"):
            path = write_report(self.run)
        self.progress.finish()
        return path

    def _judge(self, contender: Contender) -> Standing | None:
        """The contender's standing, from its files where they are of these inputs and sound; None
        where its endpoint did not answer all."""
        from laras.contenders.judged import evaluation_key, judged
        from laras.contenders.record import read_standing, write_record

        name, assignment = contender.name, self._assignment(contender)
        stage = self.run.stage(f"evaluate-{name}", evaluation_key(assignment))
        if stage.done:
            try:
                return read_standing(self.run, contender)
            except StorageFailed as damage:
                self.run.event("stage_repeated", stage=f"evaluate-{name}", reason=damage.what)
                self.progress.note(
                    _("{name} is judged again: {reason}").format(name=name, reason=damage.what)
                )
        with self._stage(f"evaluate-{name}"):
            found = judged(assignment, self.run, self.progress)
            if found is None:
                return None
            asked = contender.endpoint
            model = self.recipe.model.base if asked is None else asked.model
            stage.finish(write_record(self.run, contender, model, *found))
        return read_standing(self.run, contender)

    def _assignment(self, contender: Contender) -> Any:
        from laras.tuning.assignment import Assignment

        return Assignment(
            contender,
            self.recipe.model,
            self.model_digest,
            self.loaded.folder,
            self.recipe.tuning,
            self.prepared,
            self.recipe.evaluation,
            self.recipe.comparison.primary_metric,
            on_change="allow" if self.allow_change else "refuse",
            processes=self.processes,
        )

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        self.run.event("stage_started", stage=name)
        yield
        self.run.event("stage_finished", stage=name, seconds=time.monotonic() - started)


def model_digest(folder: Path) -> str:
    """Hash of every file that decides what the base model computes."""
    names = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in (".safetensors", ".json", ".jinja", ".model")
    ]
    return content_hash([(path.name, file_sha256(path)) for path in names])
