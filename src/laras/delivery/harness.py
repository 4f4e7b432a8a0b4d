"""Benchmarks of lm-evaluation-harness on a contender of a run, through the harness's Python API.

What they measure is general: whether a model that was tuned to one domain still does what models
are commonly compared by. The harness (https://github.com/EleutherAI/lm-evaluation-harness) brings
tasks, prompts and metrics; :mod:`laras.delivery.harness_model` brings the model.

Nothing is fetched unless ``download`` says so. A task file may name code, which the harness runs:
a folder of task files is to be trusted like a program.
"""

from __future__ import annotations

import difflib
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partialmethod
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.contenders.obtain import load_candidate
from laras.delivery.contender import open_contender
from laras.errors import LarasError, UsageError, is_out_of_memory
from laras.evaluation.candidate import Candidate
from laras.models.quiet import quiet
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.threads import placed
from laras.translation import _

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

# Asked in their own way, which a benchmark replaces by its own; or not on this machine at all.
ASKED = ("prompt", "api")
RESAMPLES = 1000  # for standard errors of metrics that are no means

Setting = tuple[Any, str, Any]


@dataclass(frozen=True, slots=True)
class BenchmarkFigure:
    """One metric of one task.

    ``filter``: what the harness does to an answer before it is scored; ``limit``: at most so many
    rows of the task were used; ``harness``: its version.
    """

    task: str
    metric: str
    filter: str
    value: float
    standard_error: float | None
    higher_is_better: bool | None
    rows: int | None
    shots: int | None
    limit: int | None
    harness: str


def run_benchmarks(
    run_folder: Path,
    contender: str,
    tasks: Sequence[str],
    progress: Progress,
    *,
    limit: int | None = None,
    include: Path | None = None,
    download: bool = False,
) -> list[BenchmarkFigure]:
    """Figures of ``contender`` on ``tasks``, which also go to contenders/NAME/benchmarks.json.

    ``include``: a folder of the user's own task files. UsageError where the harness is not
    installed, does not know a task, or stops; else what loading the contender raises.
    """
    if find_spec("lm_eval") is None:
        raise UsageError(
            "benchmark.not-installed",
            _("lm-evaluation-harness is not installed."),
            hint=_("Install it: pip install {package}").format(package="'laras[harness]'"),
        )
    opened = open_contender(run_folder, contender)
    if opened.contender.kind in ASKED:
        raise UsageError(
            "benchmark.no-weights",
            _("The contender {name!r} is a way of asking, and a benchmark asks in its own.").format(
                name=contender
            ),
            where=str(run_folder),
            hint=_("Choose a contender that is tuned, or base, with --contender."),
        )
    with Run.open(run_folder, create=False) as run:
        progress.stage(_("Loading {name}").format(name=contender))
        candidate = load_candidate(opened.contender, opened.model, opened.recipe_folder, run)
        if candidate.labels is not None:
            raise UsageError(
                "benchmark.only-labels",
                _("The contender {name!r} names labels and can't write.").format(name=contender),
                where=str(run_folder),
            )
        started = time.monotonic()
        with _held([*_network(download), *_silence()]), quiet():
            progress.stage(_("Loading tasks"))
            known = _task_manager(include, tasks)
            _check_known(tasks, known.all_tasks)
            found = _evaluate(candidate, tasks, known, limit, progress, download)
        figures = list(_figures(found, limit))
        _write(run, contender, figures, time.monotonic() - started)
    progress.finish()
    return figures


def _task_manager(include: Path | None, tasks: Sequence[str]) -> TaskManager:
    from lm_eval.tasks import TaskManager

    if include is not None and not include.is_dir():
        raise UsageError(
            "benchmark.no-folder",
            _("There is no folder of tasks here."),
            where=str(include),
            hint=_("Give --include a folder with task files of lm-evaluation-harness (YAML)."),
        )
    if include is None:
        return TaskManager()
    folder = str(include.resolve())
    own = TaskManager(include_path=folder, include_defaults=False)
    # Reading the harness's thousands of task files takes seconds.
    return own if set(tasks) <= {*own.all_tasks} else TaskManager(include_path=folder)


def _check_known(tasks: Sequence[str], known: Collection[str]) -> None:
    for task in tasks:
        if task not in known:
            close = difflib.get_close_matches(task, known, n=3)
            raise UsageError(
                "benchmark.unknown-task",
                _("lm-evaluation-harness knows no task called {name!r}.").format(name=task),
                where="--tasks",
                hint=_("Did you mean {name!r}?").format(name=", ".join(close))
                if close
                else _("Give --include the folder of your own task files."),
            )


def _evaluate(
    candidate: Candidate,
    tasks: Sequence[str],
    known: TaskManager,
    limit: int | None,
    progress: Progress,
    download: bool,
) -> dict[str, Any]:
    from lm_eval import simple_evaluate

    from laras.delivery.harness_model import ContenderModel

    model = ContenderModel(candidate.loaded, candidate.name, progress)
    try:
        with placed(candidate.loaded.model.device.type == "cpu"):
            found: dict[str, Any] = simple_evaluate(
                model=model,
                tasks=list(tasks),
                limit=limit,
                task_manager=known,
                bootstrap_iters=RESAMPLES,
                log_samples=False,
            )
    except LarasError:
        raise
    except Exception as error:  # whatever a task file, its data or a metric make of it
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(
            "benchmark.failed",
            _("lm-evaluation-harness stopped: {reason}").format(reason=reason[:500]),
            where=", ".join(tasks),
            hint=None
            if download
            else _("If a task has to fetch its data: --download allows it, once."),
        ) from error
    return found


def _figures(found: dict[str, Any], limit: int | None) -> Iterator[BenchmarkFigure]:
    """Figures of the harness's result, whose keys are ``metric,filter``."""
    directions = found.get("higher_is_better", {})
    for task, values in found["results"].items():
        for key, value in values.items():
            metric, comma, filter_name = str(key).partition(",")
            if not comma or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            error = values.get(f"{metric}_stderr,{filter_name}")
            yield BenchmarkFigure(
                task=task,
                metric=metric,
                filter=filter_name,
                value=float(value),
                standard_error=float(error) if isinstance(error, int | float) else None,
                higher_is_better=directions.get(task, {}).get(metric),
                rows=found.get("n-samples", {}).get(task, {}).get("effective"),
                shots=found.get("n-shot", {}).get(task),
                limit=limit,
                harness=version("lm_eval"),
            )


def _write(run: Run, contender: str, figures: Sequence[BenchmarkFigure], seconds: float) -> None:
    """Add the figures to those of other tasks that the run has already."""
    name = f"contenders/{contender}/benchmarks.json"
    before = run.read_json(name)
    kept = before.get("figures", []) if isinstance(before, dict) else []
    measured = {figure.task for figure in figures}
    run.write_json(
        name,
        {
            "contender": contender,
            "figures": [
                *(entry for entry in kept if entry.get("task") not in measured),
                *map(asdict, figures),
            ],
        },
    )
    run.event("benchmarks_done", contender=contender, tasks=sorted(measured), seconds=seconds)


def _network(allowed: bool) -> list[Setting]:
    """What keeps the hub's libraries from the network, unless it is ``allowed``."""
    import datasets.config
    from huggingface_hub import constants

    if allowed:
        return []
    return [(constants, "HF_HUB_OFFLINE", True), (datasets.config, "HF_HUB_OFFLINE", True)]


def _silence() -> list[Setting]:
    """What keeps the harness's bars and log lines from the terminal, where our own progress is."""
    from tqdm import tqdm

    return [
        (tqdm, "__init__", partialmethod(tqdm.__init__, disable=True)),
        (logging.getLogger("lm_eval"), "disabled", True),
    ]


@contextmanager
def _held(settings: Sequence[Setting]) -> Iterator[None]:
    """``settings`` (of what, name, value) inside the block; what was there before, after it."""
    before = [(holder, name, getattr(holder, name)) for holder, name, _value in settings]
    try:
        for holder, name, value in settings:
            setattr(holder, name, value)
        yield
    finally:
        for holder, name, value in before:
            setattr(holder, name, value)
