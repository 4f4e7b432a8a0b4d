"""A training in several processes, as the one that waits for them sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from laras.distribution.elastic import run_ranks
from laras.distribution.leash import show
from laras.distribution.processes import Processes
from laras.preparation.pipeline import Prepared
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.tuning.assignment import Assignment
from laras.tuning.result import TrainingResult

_RANK = "laras.tuning.rank"
_PATHS = ("train", "validation", "test", "ledger")


def train_in_processes(
    assignment: Assignment, key: str, run: Run, progress: Progress
) -> TrainingResult:
    """Train the contender in ``assignment.processes``; its files are in the run folder afterwards.

    Raises what :func:`laras.tuning.tune.train` raises, and GuardStopped where processes were lost
    more often than they may be.
    """
    processes = assignment.processes
    name, started = assignment.contender.name, dict[int, list[int]]()

    def heard(told: dict[str, Any]) -> None:
        if "progress" in told:
            show(told, progress)
            return
        pids = started.setdefault(told["attempt"], [0] * processes.count)
        pids[told["rank"]] = told["pid"]
        if all(pids):
            run.event("ranks_started", contender=name, attempt=told["attempt"], pids=pids)

    log = run.contender(name) / "ranks.log"
    task = {
        "run": str(run.folder.resolve()),
        "owner": os.getpid(),
        "timeout_s": processes.timeout_s,
        "key": key,
        "key_of_settings": assignment.key(),
        "assignment": _as_facts(assignment),
    }
    return TrainingResult(**run_ranks(_RANK, task, processes, log, heard))


def _as_facts(assignment: Assignment) -> dict[str, Any]:
    """What tuning reads of it, in JSON. Only what was set is written: a setting's origin decides
    the reason that is told for it."""
    prepared = assignment.prepared
    sections = ("contender", "model", "tuning")
    return {
        **{
            name: getattr(assignment, name).model_dump(mode="json", exclude_unset=True)
            for name in sections
        },
        "model_digest": assignment.model_digest,
        "processes": asdict(assignment.processes),
        "recipe_folder": str(assignment.recipe_folder.resolve()),
        "prepared": {
            **{name: str(getattr(prepared, name).resolve()) for name in _PATHS},
            "audit": prepared.audit,
            "key": prepared.key,
        },
    }


def assignment_of(facts: Mapping[str, Any]) -> Assignment:
    """The assignment that was written as ``facts``."""
    prepared = facts["prepared"]
    paths: dict[str, Any] = {name: Path(prepared[name]) for name in _PATHS}
    return Assignment(
        contender=Contender.model_validate(facts["contender"]),
        model=ModelSection.model_validate(facts["model"]),
        model_digest=facts["model_digest"],
        recipe_folder=Path(facts["recipe_folder"]),
        tuning=TuningSection.model_validate(facts["tuning"]),
        prepared=Prepared(
            **paths,
            audit=prepared["audit"],
            key=prepared["key"],
        ),
        processes=Processes(**facts["processes"]),
    )
