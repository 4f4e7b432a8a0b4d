"""Whether a run's files are what the run left: stages, models and checkpoints by their hashes, all
else by whether it can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laras.errors import LarasError
from laras.keeping.survey import runs_below
from laras.recipe.load import load_recipe
from laras.runs.events import EVENTS_NAME
from laras.runs.folder import MANIFEST_NAME, Run
from laras.runs.hashing import file_sha256
from laras.runs.stage import damaged_files
from laras.saving.verified import read as read_checkpoint
from laras.translation import _, ngettext


@dataclass(frozen=True, slots=True)
class Looked:
    """Something that was looked at. ``path``: from the run's folder; ``problem``: None where it is
    sound."""

    path: str
    problem: str | None = None


def look(folder: Path) -> list[Looked]:
    """Everything of the run in ``folder``, and of the runs within it. UsageError where there is
    none; whatever is wrong with one is told, never raised."""
    Run.read(folder)
    found: list[Looked] = []
    for run in runs_below(folder):
        prefix = "" if run == folder else f"{run.relative_to(folder).as_posix()}/"
        looked = (*_stages(run), *_checkpoints(run), *_texts(run), *_hashes_of_manifest(run))
        found += [Looked(f"{prefix}{each.path}", each.problem) for each in looked]
    return found


def _stages(run: Path) -> Iterator[Looked]:
    """Each finished stage; each of its files that is not what it left by itself."""
    for path in sorted((run / "stages").glob("*.json")):
        name = f"stages/{path.name}"
        record = _json(path)
        damaged = damaged_files(record, run) if isinstance(record, dict) else [""]
        if not damaged:
            yield Looked(name)
        for each in damaged:
            if each:
                problem = _("not what the stage {stage} left").format(stage=path.stem)
                yield Looked(each, problem if (run / each).exists() else _("missing"))
            else:
                yield Looked(name, _("can't be read"))


def _checkpoints(run: Path) -> Iterator[Looked]:
    for path in sorted(run.glob("contenders/*/checkpoints/step-*")):
        name = path.relative_to(run).as_posix()
        try:
            checkpoint = read_checkpoint(path)
        except LarasError as error:  # of another version
            yield Looked(name, error.what)
            continue
        if path.exists():  # a training that goes on has rotated it away
            yield Looked(name, checkpoint if isinstance(checkpoint, str) else None)


def _texts(run: Path) -> Iterator[Looked]:
    """JSON that no stage has hashed, the events, the recipe."""
    for path in sorted({*run.glob("*.json"), *run.glob("contenders/*/*.json")}):
        sound = _json(path) is not None
        yield Looked(path.relative_to(run).as_posix(), None if sound else _("can't be read"))
    if (run / EVENTS_NAME).is_file():
        lost = _unreadable_lines(run / EVENTS_NAME)
        problem = ngettext("{count} line can't be read", "{count} lines can't be read", lost)
        yield Looked(EVENTS_NAME, problem.format(count=lost) if lost else None)
    if (run / "recipe.yaml").is_file():
        try:
            load_recipe(run / "recipe.yaml")
        except LarasError as error:
            yield Looked("recipe.yaml", error.what)
        else:
            yield Looked("recipe.yaml")


def _hashes_of_manifest(run: Path) -> Iterator[Looked]:
    """What the manifest names and the run holds."""
    manifest = _json(run / MANIFEST_NAME)
    for path, section, key in (
        ("recipe.yaml", "recipe", "sha256"),
        ("data/test.parquet", "data", "test_sha256"),
    ):
        part = manifest.get(section) if isinstance(manifest, dict) else None
        recorded = part.get(key) if isinstance(part, dict) else None
        file = run / path
        if recorded is not None and file.is_file() and file_sha256(file) != recorded:
            yield Looked(path, _("not what the manifest names"))


def _unreadable_lines(path: Path) -> int:
    """Whole lines that are no events. The last may be torn: that is how a kill leaves it."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return sum(bool(line.strip()) and not _is_json(line) for line in lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _json(path: Path) -> Any:
    """The content; None where there is no such file, or nothing that can be read."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
