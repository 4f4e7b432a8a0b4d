"""The main job in order: prepare, tune, evaluate, compare, report. The CLI and Python call this."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laras.distribution.processes import ONE_PROCESS, Processes
from laras.job import Job
from laras.recipe.load import LoadedRecipe, load_recipe, recipe_from_mapping
from laras.runs.folder import Run, default_folder
from laras.runs.progress import Progress, Silent

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared
    from laras.ranking.ranking import Ranking
    from laras.trials.search import Found

RecipeLike = str | os.PathLike[str] | Mapping[str, Any] | LoadedRecipe


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a run came to. ``scores``: contender name to the content of its scores.json."""

    folder: Path
    verdict: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    report: Path


def run(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    allow_change: bool = False,
    processes: Processes = ONE_PROCESS,
) -> FinishedRun:
    """Do all that ``recipe`` asks for.

    ``recipe``: a path, a mapping, or what ``load_recipe`` gave. ``run_folder``: default
    ``runs/NAME`` after the recipe. ``overrides``: ``section.key=value``. ``allow_change``: a
    training that was begun with other settings goes on with these, where that is safe.
    ``processes``: those that train together. Raises
    :class:`laras.LarasError`, whose kinds tell what to do; GateFailed where the verdict does not
    pass the recipe's gates: all is written then, and ``Run.read`` gives it.
    """
    finished = run_whatever_the_gates(
        recipe,
        run_folder=run_folder,
        overrides=overrides,
        progress=progress,
        allow_change=allow_change,
        processes=processes,
    )
    require_gates(finished.verdict, finished.folder)
    return finished


def run_whatever_the_gates(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    allow_change: bool = False,
    processes: Processes = ONE_PROCESS,
) -> FinishedRun:
    """As :func:`run`, but what the gates say is left to the caller: :func:`require_gates`."""
    loaded = _load(recipe, overrides)
    with Run.open(_folder(loaded, run_folder)) as opened:
        job = Job(
            loaded,
            opened,
            progress or Silent(),
            allow_change=allow_change,
            processes=processes,
        )
        job.begin()
        job.announce_costs()
        job.tune()
        job.evaluate()
        report_path = job.finish()
        verdict = opened.read_json("verdict.json")
        judged = [contender["name"] for contender in verdict["contenders"]]
        return FinishedRun(
            opened.folder,
            verdict,
            {name: opened.read_json(f"contenders/{name}/scores.json") for name in judged},
            report_path,
        )


def prepare(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Prepared:
    """Only the data: splits, ledger, audit. Arguments as for :func:`run`."""
    loaded = _load(recipe, overrides)
    with Run.open(_folder(loaded, run_folder)) as opened:
        job = Job(loaded, opened, progress or Silent())
        job.write_recipe()
        return job.prepare()


def plan(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    rate_test: bool = False,
) -> dict[str, Any]:
    """What a run will cost, before it: the data is prepared, and each contender rehearsed.

    Arguments as for :func:`run`; ``rate_test``: also try learning rates. Returns the content of
    plan.json, and under ``measured`` what forecasts came to where the run is done already.
    """
    loaded = _load(recipe, overrides)
    with Run.open(_folder(loaded, run_folder)) as opened:
        job = Job(loaded, opened, progress or Silent())
        job.begin()
        return job.plan(rate_test)


def tune(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    allow_change: bool = False,
    processes: Processes = ONE_PROCESS,
) -> None:
    """The data and the training, without the evaluation. Arguments as for :func:`run`."""
    loaded = _load(recipe, overrides)
    with Run.open(_folder(loaded, run_folder)) as opened:
        job = Job(
            loaded,
            opened,
            progress or Silent(),
            allow_change=allow_change,
            processes=processes,
        )
        job.begin()
        job.tune()


def evaluate(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
    allow_change: bool = False,
) -> dict[str, Any]:
    """Scores and verdict of all contenders, trained first where needed; returns the verdict,
    whatever its gates say: :func:`require_gates` refuses what does not pass them."""
    loaded = _load(recipe, overrides)
    with Run.open(_folder(loaded, run_folder)) as opened:
        job = Job(loaded, opened, progress or Silent(), allow_change=allow_change)
        job.begin()
        job.announce_costs()
        job.tune()
        job.evaluate()
        verdict: dict[str, Any] = opened.read_json("verdict.json")
        return verdict


def require_gates(verdict: Mapping[str, Any], folder: Path) -> None:
    """GateFailed where the ``verdict`` of the run in ``folder`` does not pass its gates."""
    from laras.contenders.gates import refuse_failed

    refuse_failed(verdict, str(folder))


def search(
    recipe: RecipeLike,
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Found:
    """Search for better hyperparameters, as the recipe's ``search`` section says; what was found.

    Trials are compared by their validation loss; none sees the test set. Arguments as for
    :func:`run`.
    """
    loaded = _load(recipe, overrides)
    from laras.trials.search import search as search_for

    with Run.open(_folder(loaded, run_folder)) as opened:
        return search_for(loaded, opened, progress or Silent())


def rank_models(
    recipe: RecipeLike,
    models: Sequence[str],
    *,
    run_folder: Path | str | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Ranking:
    """How ``models`` (folders, seen from the current one, or hub ids) and the recipe's own base do
    on the recipe's validation examples, and which to take. Other arguments as for :func:`run`.
    """
    loaded = _load(recipe, overrides)
    from laras.ranking.ranking import rank

    with Run.open(_folder(loaded, run_folder)) as opened:
        return rank(loaded, models, opened, progress or Silent())


def report(run_folder: Path | str) -> Path:
    """Write the report of a run anew, from what its folder holds."""
    from laras.report.html import write_report

    with Run.open(Path(run_folder), create=False) as opened:
        return write_report(opened)


def demo_recipe() -> Path:
    """The recipe that ``laras demo`` runs."""
    return Path(__file__).parent / "starter" / "demo.yaml"


def _load(recipe: RecipeLike, overrides: Sequence[str]) -> LoadedRecipe:
    if isinstance(recipe, LoadedRecipe):
        return recipe
    if isinstance(recipe, Mapping):
        return recipe_from_mapping(recipe, Path.cwd(), overrides)
    return load_recipe(recipe, overrides)


def _folder(loaded: LoadedRecipe, chosen: Path | str | None) -> Path:
    if chosen is not None:
        return Path(chosen)
    return default_folder(loaded.path)
