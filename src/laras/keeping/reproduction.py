"""A run done again from what it left, and held against it.

Same recipe, same machine, same versions: the same bytes. What is not the same is named, and so is
every version that is another one; data or a base model that have changed are found before any
training is begun. What an endpoint has answered is taken over: it is material, and costs money.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from laras import workflow
from laras.distribution.processes import ONE_PROCESS, Processes
from laras.errors import StorageFailed, UsageError
from laras.job import model_digest
from laras.keeping.comparison import (
    Part,
    Version,
    compare_data,
    compare_results,
    other_versions,
    was_finished,
)
from laras.keeping.expectation import finished_stages
from laras.models.load import resolve_model
from laras.preparation.inputs import source_contents
from laras.recipe.load import LoadedRecipe, load_recipe, resolved_yaml
from laras.runs.atomic import write_bytes_atomic
from laras.runs.failures import storage_errors
from laras.runs.folder import MANIFEST_NAME, Run, is_run
from laras.runs.hashing import file_sha256
from laras.runs.machine import environment
from laras.runs.manifest import manifest, without_identity
from laras.runs.progress import Progress
from laras.runs.regular import is_own, read_regular
from laras.saving.begun import changed_on_the_way
from laras.translation import _

FILE = "reproduction.json"
_MOST_PROCESSES = 256
_REPLIES = ("data/replies.jsonl", "judge/replies.jsonl", "contenders/*/replies.jsonl")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``folder``: of the second run. ``versions``: what was another one; ``changed``: settings that
    got another value while a contender of the first run was trained."""

    of: Path
    folder: Path
    parts: list[Part]
    versions: list[Version]
    changed: list[str]

    @property
    def is_same(self) -> bool:
        """Whether every part is."""
        return all(part.difference is None for part in self.parts)


def reproduce(first: Path, second: Path | None, progress: Progress) -> Reproduction:
    """Do the run in the folder ``first`` again in ``second`` (default: beside it, ``-again`` behind
    its name) as far as it had got, and compare. The same call goes on with what was interrupted.

    UsageError where ``first`` is no run that can be done again, or its data or base model are not
    what they were.
    """
    run = Run.read(first)
    # Of "." and "..", only the resolved path has a name.
    named = first if first.name not in ("", "..") else first.resolve()
    second = second or named.with_name(f"{named.name}-again")
    if second.resolve().is_relative_to(first.resolve()):
        raise UsageError(
            "reproduce.same-folder",
            _("A run is not done again in its own folder."),
            where=str(second),
            hint=_("Name another folder with --run."),
        )
    then = run.read_json(MANIFEST_NAME)
    if not then or not isinstance(then, dict):
        raise UsageError(
            "reproduce.no-manifest",
            _("This run has no manifest: it was stopped before its data was prepared."),
            where=str(first),
            hint=_("`laras run` with its recipe begins it anew."),
        )
    _refuse_another_recipe(run, then)
    loaded = _recipe(run)
    _refuse_other_folder(second, loaded)
    processes = _processes(run)
    now = manifest({"environment": environment()})
    versions = other_versions(then, now)
    # Some of it may have been made before an upgrade.
    before = then.get("earlier")
    for earlier in before if isinstance(before, list) else ():
        if not isinstance(earlier, dict):
            continue
        versions += [v for v in other_versions({**then, **earlier}, now) if v not in versions]
    _refuse_another_base(loaded, then)
    _take_over_replies(first, second)
    prepared = workflow.prepare(loaded, run_folder=second, progress=progress)
    parts = compare_data(first, second)
    _refuse_other_data(parts, then, without_identity(source_contents(prepared)), versions)
    names = [contender.name for contender in loaded.recipe.comparison.contenders]
    if was_finished(run):
        workflow.run_whatever_the_gates(
            loaded, run_folder=second, progress=progress, processes=processes
        )
    elif not finished_stages(first, "tune-").isdisjoint(names):
        workflow.tune(loaded, run_folder=second, progress=progress, processes=processes)
    parts += compare_results(first, second)
    changed = sorted({field for name in names for field in changed_on_the_way(run, name)})
    found = Reproduction(first, second, parts, versions, changed)
    with Run.open(second, create=False) as again:
        again.write_json(FILE, as_json(found))
    return found


def as_json(found: Reproduction) -> dict[str, Any]:
    """For programs, and for ``reproduction.json``."""
    return {
        "of": found.of.resolve().name,
        "same": found.is_same,
        "parts": [{"name": p.name, "difference": p.difference} for p in found.parts],
        "versions": [{"name": v.name, "then": v.then, "now": v.now} for v in found.versions],
        "changed_on_the_way": found.changed,
    }


def _recipe(run: Run) -> LoadedRecipe:
    """The recipe as it was resolved then, with its paths seen from where they were."""
    loaded = load_recipe(run.folder / "recipe.yaml")
    origin = run.read_json("origin.json")
    folder = Path(str(origin.get("recipe_folder"))) if isinstance(origin, dict) else None
    if folder is None or not os.path.isdir(folder):  # noqa: PTH112 - any name
        raise UsageError(
            "reproduce.no-folder",
            _("The folder that the recipe's paths start from is not here: {folder}.").format(
                folder=folder or "?"
            ),
            where=str(run.folder / "origin.json"),
            hint=_("Put it back; its data is needed."),
        )
    return replace(loaded, folder=folder, path=None)


def _processes(run: Run) -> Processes:
    """As many as trained together then: sums over others are rounded otherwise."""
    last = {str(e.get("contender")): e for e in run.events() if e["kind"] == "training_planned"}
    counts = [1 if e.get("processes") is None else e["processes"] for e in last.values()]
    for each in counts:
        if type(each) is not int or not 1 <= each <= _MOST_PROCESSES:
            raise UsageError(
                "reproduce.processes",
                _("The run's events name no possible number of processes: {value}.").format(
                    value=str(each)[:40]
                ),
                where=str(run.folder / "events.jsonl"),
                hint=_("The events were changed; put them back."),
            )
    count = max(counts, default=1)
    if count == 1:
        return ONE_PROCESS
    is_divided = any(event.get("divided") for event in last.values())
    return Processes(count, shard="always" if is_divided else "never")


def _refuse_another_recipe(run: Run, then: Mapping[str, Any]) -> None:
    section = then.get("recipe")
    recorded = section.get("sha256") if isinstance(section, Mapping) else None
    file = run.folder / "recipe.yaml"
    if recorded is not None and is_own(run.folder, file) and file.is_file():
        if file_sha256(file) == recorded:
            return
        raise UsageError(
            "reproduce.other-recipe",
            _("The recipe in the run's folder is not the one that its manifest names."),
            where=str(file),
            hint=_("Put it back, or give the command that made the run once more."),
        )


def _refuse_other_folder(second: Path, loaded: LoadedRecipe) -> None:
    """The folder of the second run may hold what an interrupted call has left, and nothing of
    another run: answers would be mixed."""
    if not is_run(second):
        return
    there = Run.read(second)
    origin = there.read_json("origin.json")
    own = {"recipe_folder": str(loaded.folder.resolve()), "recipe": None}
    recipe = second / "recipe.yaml"
    is_ours = origin is None or origin == own
    if is_ours and os.path.lexists(recipe):
        with storage_errors(recipe):
            is_ours = read_regular(recipe) == resolved_yaml(loaded).encode("utf-8")
    if not is_ours:
        raise UsageError(
            "reproduce.other-folder",
            _("This folder holds another run."),
            where=str(second),
            hint=_("Name another folder with --run."),
        )


def _refuse_another_base(loaded: LoadedRecipe, then: Mapping[str, Any]) -> None:
    model = then.get("model")
    recorded = model.get("sha256") if isinstance(model, Mapping) else None
    folder = resolve_model(loaded.recipe.model, loaded.folder)
    if recorded is not None and model_digest(folder) != recorded:
        raise UsageError(
            "reproduce.other-model",
            _("The base model's files are not those of the run."),
            where=str(folder),
            hint=_("Put them back; of a hub id, name the commit as model.revision."),
        )


def _refuse_other_data(
    parts: list[Part],
    then: Mapping[str, Any],
    sources: Mapping[str, str],
    versions: list[Version],
) -> None:
    if all(part.difference is None for part in parts):
        return
    data = then.get("data")
    recorded = data.get("sources") if isinstance(data, Mapping) else None
    recorded = recorded if isinstance(recorded, Mapping) else {}
    changed = [name for name, key in sources.items() if recorded.get(name, key) != key]
    if changed:
        hint = _("These sources are not what they were: {names}.").format(names=", ".join(changed))
    elif versions:
        named = ", ".join(f"{v.name} {v.then} → {v.now}" for v in versions)
        hint = _("The files are what they were; these versions are not: {versions}.").format(
            versions=named
        )
    else:
        hint = _("Files, versions and machine are what they were; please report this.")
    names = ", ".join(part.name for part in parts if part.difference is not None)
    raise UsageError(
        "reproduce.other-data",
        _("The data is prepared to other rows than those of the run: {files}.").format(files=names),
        hint=hint,
    )


def _take_over_replies(first: Path, second: Path) -> None:
    """What endpoints answered, so that nobody is asked, and paid, twice."""
    with Run.open(second) as run:
        for pattern in _REPLIES:
            for path in first.glob(pattern):
                target = run.folder / path.relative_to(first)
                if os.path.lexists(target):
                    continue
                with storage_errors(target):
                    content = read_regular(path) if is_own(first, path) else None
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if content is None or not is_own(run.folder, target):
                        raise StorageFailed(
                            "runs.outside",
                            _("This path leads out of the run folder."),
                            where=str(path if content is None else target),
                            hint=_("Delete the link."),
                        )
                    write_bytes_atomic(target, content)
