"""A contender that is not tuned but asked well: the best prompts on validation rows compete.

Each kind of question has one of its own. Each way of prompting one is a stage of its own, so
that a run that was killed does not try again what it had finished. The model is loaded once for all
of them, and not at all where none is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from laras.contenders.prompting.asking import ContextOf
from laras.contenders.prompting.kept import (
    Chosen,
    kept_prompts,
    rewrite_of,
    stage_of,
    told_of,
    write_kept,
)
from laras.contenders.prompting.kinds import Kind, in_words, kinds_of, tell_of_unprompted
from laras.contenders.prompting.scoring import Tried, best_of, tried_from_json
from laras.contenders.prompting.system_role import with_system_role
from laras.contenders.prompting.ways import WAYS, rows_of
from laras.contenders.prompting.workbench import Settings, Workbench, nothing_to_compare_on
from laras.contenders.wording import shown, shown_name
from laras.devices.choice import best_device
from laras.errors import DataRefused
from laras.evaluation.candidate import Candidate
from laras.evaluation.cost import Meter
from laras.evaluation.reader import Reader
from laras.models.load import LoadedModel, load_model
from laras.models.places import template_file
from laras.recipe.asking import PromptWay
from laras.recipe.schema import Contender, ModelSection
from laras.records import Task
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

VERSION = 3  # raise it when the same input gives other prompts


def prompt_key(assignment: Assignment) -> str:
    """Hash of all that decides which prompts compete."""
    return content_hash(
        [
            _way_key(assignment, kind, way)
            for kind in _kinds(assignment)
            for way in _ways(assignment.contender)
        ]
    )


def obtain_prompt(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Try the ways that the contender names and leave the best prompt for each kind of question in
    its folder.

    Only the training and validation rows are read. DataRefused where no validation row can be
    asked, or no way has anything to show; where that is so of one kind among others, it is asked as
    it is.
    """
    name = assignment.contender.name
    run.contender(name)
    stage = run.stage(stage_of(name), prompt_key(assignment))
    if stage.done:
        return
    work = _Work(assignment, run, progress)
    found = [work.chosen(kind) for kind in _kinds(assignment)]
    chosen = [each for each in found if each is not None]
    if not chosen:
        if not work.has_rows():
            raise nothing_to_compare_on()
        raise DataRefused(
            "prompting.nothing-to-show",
            _("{name} can't show examples: no training example is short enough.").format(name=name),
            hint=_("Raise model.context, or add zero-shot to its ways."),
        )
    prompted = [each.best.prompt.task for each in chosen]
    tell_of_unprompted(name, assignment.prepared.audit, prompted, progress)
    kept = write_kept(run, name, chosen)
    run.event("contender_finished", contender=name, **told_of(chosen), **work.spent())
    stage.finish(kept)
    for each in chosen:
        if each.best.value is not None:
            progress.note(
                _(
                    "{name}: the best of {count} prompts for {questions} is by {way}, with "
                    "{metric} {value} on {rows} validation rows."
                ).format(
                    name=name,
                    questions=in_words(each.best.prompt.task),
                    count=len(each.tried),
                    way=each.best.prompt.way,
                    metric=shown_name(each.metric),
                    value=shown(each.metric, each.best.value),
                    rows=each.best.rows,
                )
            )
    progress.finish()


def load_prompted(
    contender: Contender, model: ModelSection, recipe_folder: Path, run: Run
) -> Candidate:
    """The base model, asked with the contender's prompts; raises what :func:`kept_prompts`
    does."""
    prompts = kept_prompts(run, contender.name)
    loaded = with_system_role(load_model(model, recipe_folder, device=best_device()))
    rewrite = rewrite_of(prompts, run, contender.name, loaded.context, ContextOf(loaded))
    return Candidate(contender.name, loaded, rewrite=rewrite)


class _Work:
    """The ways of one contender, those that are done read from the run, the others tried."""

    def __init__(self, assignment: Assignment, run: Run, progress: Progress) -> None:
        self.assignment = assignment
        self.run = run
        self.progress = progress
        self.settings = Settings.of(assignment.contender, assignment.tuning.seed)
        self.meter = Meter(best_device())
        self._told = self.meter.as_json()
        self._benches: dict[Task, Workbench] = {}
        self._asked = 0

    @cached_property
    def _loaded(self) -> LoadedModel:
        """Only when it is first needed."""
        given = self.assignment
        loaded = load_model(given.model, given.recipe_folder, device=best_device())
        return with_system_role(loaded)

    @cached_property
    def _reader(self) -> Reader:
        """One for all kinds: each would hold the weights once more."""
        with torch.no_grad():
            return Reader(self._loaded.model)

    def bench(self, kind: Kind) -> Workbench:
        """Made when it is first needed: it takes the model."""
        if kind.task not in self._benches:
            given = self.assignment
            self._benches[kind.task] = Workbench(
                self._loaded,
                self._reader,
                given.prepared.train,
                given.prepared.validation,
                given.prepared.audit["splits"]["train"]["languages"],
                self.settings,
                kind,
                given.evaluation,
                partial(self._tell, metric=kind.metric.name),
                self.meter,
            )
        return self._benches[kind.task]

    def has_rows(self) -> bool:
        """Whether any validation row can be asked."""
        return any(self.bench(kind).scoring.rows for kind in _kinds(self.assignment))

    def chosen(self, kind: Kind) -> Chosen | None:
        """The best prompt for a kind of question; None where there is none to try."""
        ways = _ways(self.assignment.contender)
        tried = [each for way in ways for each in self.tried(kind, way)]
        if not tried:
            return None
        best = best_of(tried, kind.metric)
        pool = None if best.prompt.retrieval is None else self.bench(kind).pool
        return Chosen(kind.metric.name, best, tried, pool)

    def tried(self, kind: Kind, way: PromptWay) -> list[Tried]:
        """What was tried in a way, now or before."""
        name = self.assignment.contender.name
        # Names have no dot: no other contender's stage is called like this.
        stage = self.run.stage(
            f"{stage_of(name)}.{kind.task}.{way}", _way_key(self.assignment, kind, way)
        )
        relative = f"{_file(name, kind, way)}.json"
        if stage.done:
            with damage_told(self.run.folder / relative):
                return [tried_from_json(each) for each in self.run.read_json(relative)]
        self._asked = 0
        self.progress.stage(
            _("Prompting {name} for {questions}: {way}").format(
                name=name, questions=in_words(kind.task), way=way
            ),
            rows_of(way, self.settings),
        )
        bench = self.bench(kind)
        found = WAYS[way](way, bench) if bench.scoring.rows else []
        if not found and bench.scoring.rows:
            self.progress.note(
                _(
                    "{name} can't be asked by {way} for {questions}: it has no training example "
                    "that is short enough."
                ).format(name=name, way=way, questions=in_words(kind.task))
            )
        told = [each.as_json(kind.metric.name) for each in found]
        cost = self.run.write_json(f"{_file(name, kind, way)}.cost.json", self._cost())
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
        for kind in _kinds(self.assignment):
            for way in _ways(contender):
                path = f"{_file(contender.name, kind, way)}.cost.json"
                with damage_told(self.run.folder / path):
                    costs.append(dict(self.run.read_json(path)))
        energies = [cost["energy_wh"] for cost in costs]
        return {
            "seconds": sum(cost["seconds"] for cost in costs),
            "energy_wh": None if None in energies else sum(energies),
            "peak_memory_bytes": max(cost["peak_memory_bytes"] for cost in costs),
        }

    def _tell(self, tried: Tried, metric: str) -> None:
        before = tried.rounds[-2][0] if len(tried.rounds) > 1 else 0
        self._asked += tried.rows - before
        self.progress.advance(self._asked)
        self.run.event(
            "prompt_tried",
            contender=self.assignment.contender.name,
            task=tried.prompt.task,
            way=tried.prompt.way,
            instruction=tried.prompt.instruction,
            shots=tried.prompt.shown,
            retrieval=tried.prompt.retrieval is not None,
            metric=metric,
            value=tried.value,
            perplexity=tried.perplexity,
            rows=tried.rows,
        )


def _file(name: str, kind: Kind, way: PromptWay) -> str:
    return f"contenders/{name}/prompts/{kind.task}-{way}"


def _ways(contender: Contender) -> list[PromptWay]:
    """Those that the contender names, default all, from the plainest on."""
    return [way for way in WAYS if contender.ways is None or way in contender.ways]


def _kinds(assignment: Assignment) -> list[Kind]:
    """Of the validation rows."""
    return kinds_of(
        assignment.primary_metric,
        assignment.evaluation.metrics,
        assignment.prepared.audit,
        otherwise="perplexity",
    )


def _way_key(assignment: Assignment, kind: Kind, way: PromptWay) -> str:
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
        kind.task,
        kind.metric.name,
        kind.main,
        assignment.evaluation.model_dump(include={"max_new_tokens", "seed"}),
        assignment.model.model_dump(exclude={"base", "download", "revision", "chat_template"}),
        assignment.model_digest,
        None if template is None else file_sha256(template),
        assignment.tuning.seed,
        assignment.prepared.key,
    )
