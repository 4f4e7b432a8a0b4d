"""A contender that is not tuned but asked well: the best prompt on validation rows competes.

Each way of prompting is a stage of its own, so that a run that was killed does not try again what
it had finished. The model is loaded once for all of them, and not at all where none is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from laras.contenders.primary import expected_primary
from laras.contenders.prompting.asking import Asker, ContextOf
from laras.contenders.prompting.kept import kept_pool, kept_prompt, stage_of, write_kept
from laras.contenders.prompting.retrieval import Retrieval
from laras.contenders.prompting.scoring import Tried, rank_by, tried_from_json
from laras.contenders.prompting.system_role import with_system_role
from laras.contenders.prompting.ways import WAYS, rows_of
from laras.contenders.prompting.workbench import Settings, Workbench
from laras.contenders.wording import shown, shown_name
from laras.devices.choice import best_device
from laras.errors import DataRefused
from laras.evaluation.candidate import Candidate
from laras.evaluation.cost import Meter
from laras.evaluation.metric import METRICS, Metric
from laras.models.load import load_model
from laras.models.places import template_file
from laras.recipe.asking import PromptWay
from laras.recipe.schema import Contender, ModelSection
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

VERSION = 2  # raise it when the same input gives other prompts


def prompt_key(assignment: Assignment) -> str:
    """Hash of all that decides which prompt competes."""
    return content_hash([_way_key(assignment, way) for way in _ways(assignment.contender)])


def obtain_prompt(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Try the ways that the contender names and leave the best prompt in its folder.

    Only the training and validation rows are read. DataRefused where no validation row can be
    asked, or no way has anything to show.
    """
    name = assignment.contender.name
    run.contender(name)
    stage = run.stage(stage_of(name), prompt_key(assignment))
    if stage.done:
        return
    work = _Work(assignment, run, progress)
    tried = [each for way in _ways(assignment.contender) for each in work.tried(way)]
    if not tried:
        raise DataRefused(
            "prompting.nothing-to-show",
            _("{name} can't show examples: no training example is short enough.").format(name=name),
            hint=_("Raise model.context, or add zero-shot to its ways."),
        )
    rows = max(each.rows for each in tried)
    metric = work.metric
    # The first of equal ones: ways go from the plainest on.
    best = min((each for each in tried if each.rows == rows), key=rank_by(metric))
    pool = work.bench.pool if best.prompt.retrieval is not None else None
    kept = write_kept(run, name, best, tried, metric.name, pool)
    run.event(
        "contender_finished",
        contender=name,
        way=best.prompt.way,
        shots=best.prompt.shown,
        metric=metric.name,
        value=best.value,
        rows=rows,
        prompts=len(tried),
        **work.spent(),
    )
    stage.finish(kept)
    if best.value is not None:
        progress.note(
            _(
                "{name}: the best of {count} prompts is by {way}, with {metric} {value} on {rows} "
                "validation rows."
            ).format(
                name=name,
                count=len(tried),
                way=best.prompt.way,
                metric=shown_name(metric.name),
                value=shown(metric.name, best.value),
                rows=rows,
            )
        )
    progress.finish()


def load_prompted(
    contender: Contender, model: ModelSection, recipe_folder: Path, run: Run
) -> Candidate:
    """The base model, asked with the contender's prompt; raises what :func:`kept_prompt` does."""
    prompt = kept_prompt(run, contender.name)
    loaded = with_system_role(load_model(model, recipe_folder, device=best_device()))
    retrieval = None
    if prompt.retrieval is not None:
        retrieval = Retrieval(kept_pool(run, contender.name, loaded.context))
    asker = Asker(prompt, ContextOf(loaded), retrieval)
    return Candidate(contender.name, loaded, rewrite=asker.rewrite)


class _Work:
    """The ways of one contender, those that are done read from the run, the others tried."""

    def __init__(self, assignment: Assignment, run: Run, progress: Progress) -> None:
        self.assignment = assignment
        self.run = run
        self.progress = progress
        self.metric = _metric(assignment)
        self.settings = Settings.of(assignment.contender, assignment.tuning.seed)
        self.meter = Meter(best_device())
        self._told = self.meter.as_json()
        self._bench: Workbench | None = None
        self._asked = 0

    @property
    def bench(self) -> Workbench:
        """Made when it is first needed: it holds a model."""
        if self._bench is None:
            given = self.assignment
            self._bench = Workbench(
                load_model(given.model, given.recipe_folder, device=best_device()),
                given.prepared.train,
                given.prepared.validation,
                given.prepared.audit["splits"]["train"]["languages"],
                self.settings,
                self.metric,
                given.evaluation,
                self._tell,
                self.meter,
            )
        return self._bench

    def tried(self, way: PromptWay) -> list[Tried]:
        """What was tried in a way, now or before."""
        name = self.assignment.contender.name
        # Names have no dot: no other contender's stage is called like this.
        stage = self.run.stage(f"{stage_of(name)}.{way}", _way_key(self.assignment, way))
        relative = f"contenders/{name}/prompts/{way}.json"
        if stage.done:
            with damage_told(self.run.folder / relative):
                return [tried_from_json(each) for each in self.run.read_json(relative)]
        self._asked = 0
        self.progress.stage(
            _("Prompting {name}: {way}").format(name=name, way=way), rows_of(way, self.settings)
        )
        found = WAYS[way](way, self.bench)
        if not found:
            self.progress.note(
                _("{name} can't be asked by {way}: no training example is short enough.").format(
                    name=name, way=way
                )
            )
        told = [each.as_json(self.metric.name) for each in found]
        cost = self.run.write_json(_cost_file(name, way), self._cost())
        stage.finish({"tried": self.run.write_json(relative, told), "cost": cost})
        return found

    def _cost(self) -> dict[str, float | None]:
        """Of what was done since the last time that somebody asked."""
        before, self._told = self._told, self.meter.as_json()
        energy = self._told["energy_wh"]
        return {
            "seconds": self._told["seconds"] - before["seconds"],
            "energy_wh": None if energy is None else energy - before["energy_wh"],
            "peak_memory_bytes": self._told["peak_memory_bytes"],
        }

    def spent(self) -> dict[str, float | None]:
        """Cost of all ways, those of interrupted runs among them."""
        contender = self.assignment.contender
        costs = []
        for way in _ways(contender):
            path = _cost_file(contender.name, way)
            with damage_told(self.run.folder / path):
                costs.append(dict(self.run.read_json(path)))
        energies = [cost["energy_wh"] for cost in costs]
        return {
            "seconds": sum(cost["seconds"] for cost in costs),
            "energy_wh": None if None in energies else sum(energies),
            "peak_memory_bytes": max(cost["peak_memory_bytes"] for cost in costs),
        }

    def _tell(self, tried: Tried) -> None:
        before = tried.rounds[-2][0] if len(tried.rounds) > 1 else 0
        self._asked += tried.rows - before
        self.progress.advance(self._asked)
        self.run.event(
            "prompt_tried",
            contender=self.assignment.contender.name,
            way=tried.prompt.way,
            instruction=tried.prompt.instruction,
            shots=tried.prompt.shown,
            retrieval=tried.prompt.retrieval is not None,
            metric=self.metric.name,
            value=tried.value,
            perplexity=tried.perplexity,
            rows=tried.rows,
        )


def _cost_file(name: str, way: PromptWay) -> str:
    return f"contenders/{name}/prompts/{way}.cost.json"


def _ways(contender: Contender) -> list[PromptWay]:
    """Those that the contender names, default all, from the plainest on."""
    return [way for way in WAYS if contender.ways is None or way in contender.ways]


def _metric(assignment: Assignment) -> Metric:
    """What a verdict over the validation rows would turn on."""
    tasks = assignment.prepared.audit["splits"]["validation"]["tasks"]
    asked = [task for task in tasks if task != "text"]
    found = expected_primary(assignment.primary_metric, assignment.evaluation.metrics, asked)
    return METRICS.get("perplexity" if found is None else found.name)


def _way_key(assignment: Assignment, way: PromptWay) -> str:
    """Hash of all that decides what comes of one way: the model, the data, what is compared."""
    template = template_file(assignment.model, assignment.recipe_folder)
    contender = assignment.contender
    read: Mapping[str, Any] = {
        "instruction": contender.instruction,
        "rows": contender.prompt_rows,
        "shots": None if way == "zero-shot" else contender.shots,
        "proposals": contender.proposals if way == "search" else None,
        # What the other ways try, a search does not propose again.
        "ways": _ways(contender) if way == "search" else None,
    }
    return content_hash(
        VERSION,
        way,
        read,
        _metric(assignment).name,
        assignment.evaluation.model_dump(include={"max_new_tokens", "seed"}),
        assignment.model.model_dump(exclude={"base", "download", "revision", "chat_template"}),
        assignment.model_digest,
        None if template is None else file_sha256(template),
        assignment.tuning.seed,
        assignment.prepared.key,
    )
