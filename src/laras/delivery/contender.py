"""A finished run, opened to take a contender out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from laras.errors import StorageFailed, UsageError
from laras.recipe.load import load_recipe
from laras.recipe.schema import Contender, ModelSection
from laras.runs.folder import Run
from laras.translation import _


@dataclass(frozen=True, slots=True)
class OpenedContender:
    """A contender of a run; ``recipe_folder``: where the recipe's relative paths start from."""

    run: Run
    contender: Contender
    model: ModelSection
    recipe_folder: Path


def open_contender(run_folder: Path, name: str) -> OpenedContender:
    """The contender ``name`` of the run; UsageError where it has none, StorageFailed where the
    run does not say where its recipe was."""
    run = Run.read(run_folder)
    recipe = load_recipe(run.folder / "recipe.yaml").recipe
    by_name = {each.name: each for each in recipe.comparison.contenders}
    if name not in by_name:
        raise UsageError(
            "chat.no-contender",
            _("This run has no contender called {name!r}.").format(name=name),
            where=str(run_folder),
            hint=_("Known: {names}").format(names=", ".join(by_name)),
        )
    origin = run.read_json("origin.json")
    folder = origin.get("recipe_folder") if isinstance(origin, dict) else None
    if not isinstance(folder, str):
        raise StorageFailed(
            "runs.damaged",
            _("The run does not say where its recipe was."),
            where=str(run.folder / "origin.json"),
            hint=_("Give the `laras run` command again; it writes this file anew."),
        )
    return OpenedContender(run, by_name[name], recipe.model, Path(folder))
