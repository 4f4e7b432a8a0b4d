"""Whether a run's files are what the run left: stages, models, checkpoints and verdict by their
hashes, all else by whether it is there and can be read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laras.errors import LarasError
from laras.keeping.expectation import unrecorded, what_is_missing
from laras.keeping.survey import runs_below
from laras.recipe.load import load_recipe
from laras.runs.events import EVENTS_NAME, read_events
from laras.runs.folder import MANIFEST_NAME, Run
from laras.runs.hashing import file_sha256
from laras.runs.regular import is_own, read_regular, read_regular_json
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
        looked = [*_stages(run), *_checkpoints(run), *_texts(run), *_hashes_of_manifest(run)]
        looked += _hashes_of_verdict(run)
        known = {each.path for each in looked}
        missing = [Looked(path, _("missing")) for path in what_is_missing(run)]
        looked += [each for each in missing if each.path not in known]
        looked += [Looked(path, _("no record of it")) for path in unrecorded(run)]
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
                yield Looked(each, problem if os.path.lexists(run / each) else _("missing"))
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
    if os.path.lexists(run / EVENTS_NAME):
        lost = _unreadable_lines(run / EVENTS_NAME)
        if lost is None:
            yield Looked(EVENTS_NAME, _("can't be read"))
        else:
            problem = ngettext("{count} line can't be read", "{count} lines can't be read", lost)
            yield Looked(EVENTS_NAME, problem.format(count=lost) if lost else None)
    if os.path.lexists(run / "recipe.yaml"):
        try:
            read_regular(run / "recipe.yaml")
            load_recipe(run / "recipe.yaml")
        except LarasError as error:
            yield Looked("recipe.yaml", error.what)
        except (OSError, RecursionError):
            yield Looked("recipe.yaml", _("can't be read"))
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
        there = is_own(run, file) and file.is_file()
        if recorded is not None and there and file_sha256(file) != recorded:
            yield Looked(path, _("not what the manifest names"))


def _hashes_of_verdict(run: Path) -> Iterator[Looked]:
    """The verdict, which the last event of a run that has ended tells the hashes of; begun again
    since then, it is another one's."""
    try:
        events = read_events(run)
    except LarasError:
        return
    ends = [event for event in events if event["kind"] in ("run_started", "run_finished")]
    recorded = ends[-1].get("sha256") if ends else None
    for name in ("verdict.json", "verdict.md"):
        digest = recorded.get(name) if isinstance(recorded, dict) else None
        file = run / name
        if digest is None or not (is_own(run, file) and file.is_file()):
            continue
        if name == "verdict.md" or _json(file) is not None:
            sound = file_sha256(file) == digest
            yield Looked(name, None if sound else _("not what the run has left"))


def _unreadable_lines(path: Path) -> int | None:
    """Whole lines that are no events; None where nothing can be read.

    The last may be torn: that is how a kill leaves it.
    """
    try:
        lines = read_regular(path).split(b"\n")[:-1]
    except OSError:
        return None
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
        return read_regular_json(path)
    except (OSError, ValueError):
        return None
