"""What of a run may go: files that no result is read from any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from laras.errors import StorageFailed
from laras.keeping.survey import runs_below, size_of
from laras.runs.atomic import remove_folder
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.regular import is_own, read_regular_json
from laras.translation import _

_CONTINUED_FROM = ("checkpoints", "best.safetensors", "frozen", "training.json")
_PREPARING = "prepare-"  # before the names of the preparation's inner stages
_INNER_STAGE = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Leaving:
    """``path``: from the run's folder. ``reason``: why it may go. ``stage``: whose record goes too,
    so that nobody takes it for damaged; ``run``: from the run's folder, the run it is of."""

    path: str
    size_bytes: int
    reason: str
    stage: str | None = None
    run: str = ""


def leavings(folder: Path, *, begun: bool = False) -> list[Leaving]:
    """What may go of the run in ``folder`` and of the runs within it.

    ``begun``: also what trainings go on from that were begun and are not finished. UsageError where
    there is no run.
    """
    Run.read(folder)
    found = []
    runs = list(runs_below(folder))
    for run in runs:
        within = [other for other in runs if other != run and other.is_relative_to(run)]
        of = "" if run == folder else run.relative_to(folder).as_posix()
        for path, reason, stage in (*_torn(run), *_of_trainings(run, begun), *_of_data(run)):
            if any(path.is_relative_to(other) for other in within):
                continue  # it is that one's
            whole = path.relative_to(folder).as_posix()
            found.append(Leaving(whole, size_of(path), reason, stage, of))
    return found


def remove(folder: Path, going: list[Leaving]) -> None:
    """Delete it, under the run's lock. Raises StorageFailed where another process writes there."""
    with Run.open(folder, create=False) as run:
        for each in going:
            path = folder / each.path
            if not is_own(folder, path):
                raise StorageFailed(
                    "runs.outside",
                    _("This path leads out of the run folder."),
                    where=str(path),
                    hint=_("Delete the link."),
                )
            with storage_errors(path):
                if each.stage is not None:
                    if each.run:
                        with Run.open(folder / each.run, create=False) as inner:
                            inner.forget_stages(each.stage)
                    else:
                        run.forget_stages(each.stage)
                if path.is_dir() and not path.is_symlink():
                    remove_folder(path)
                else:
                    path.unlink(missing_ok=True)
        run.event("run_cleaned", paths=[each.path for each in going])


Found = tuple[Path, str, str | None]


def _torn(run: Path) -> Iterator[Found]:
    for path in sorted(run.glob("**/.*.tmp")):
        if is_own(run, path):
            yield path, _("left by a process that was killed"), None
    for path in sorted(run.glob("traceback-*.txt")):
        if is_own(run, path) and path.is_file():
            yield path, _("the traceback of an error"), None


def _of_trainings(run: Path, begun: bool) -> Iterator[Found]:
    for contender in sorted(run.glob("contenders/*")):
        left = [contender / name for name in _CONTINUED_FROM[:3]]
        left = [path for path in left if is_own(run, path) and path.exists()]
        if not left:
            continue
        if _is_finished(run, contender):
            reason = _("the training that it served to continue is finished")
        elif begun:
            reason = _("of a training that was begun and is not finished")
            left += [path for path in [contender / _CONTINUED_FROM[3]] if is_own(run, path)]
        else:
            continue
        for path in left:
            yield path, reason, None


def _of_data(run: Path) -> Iterator[Found]:
    """What preparing and encoding are quicker with, next time."""
    if (run / "stages/prepare.json").is_file():
        for record in sorted((run / "stages").glob(f"{_PREPARING}*.json")):
            folder = _inner_folder(run, record)
            if folder is not None:
                yield folder, _("an inner stage of the preparation, which is finished"), record.stem
    if is_own(run, run / "data/tokens") and (run / "data/tokens").is_dir():
        yield run / "data/tokens", _("examples in tokens; encoded again when needed"), None


def _inner_folder(run: Path, record: Path) -> Path | None:
    """The folder ``data/STAGE/KEY`` of the inner stage that is recorded there; None where the
    record names anything else: it may be forged."""
    name = record.stem.removeprefix(_PREPARING)
    output = _mapping(_mapping(_json(record).get("outputs")).get("folder")).get("path")
    parts = PurePosixPath(output).parts if isinstance(output, str) else ()
    if not _INNER_STAGE.fullmatch(name) or len(parts) != 3 or parts[:2] != ("data", name):
        return None
    folder = run.joinpath(*parts)
    is_there = is_own(run, record) and is_own(run, folder) and folder.is_dir()
    return folder if is_there else None


def _is_finished(run: Path, contender: Path) -> bool:
    """Whether the last training of the contender that was begun has ended."""
    stage = _json(run / f"stages/tune-{contender.name}.json")
    begun = _json(contender / _CONTINUED_FROM[3])
    return "key" in stage and begun.get("for") == stage["key"]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = read_regular_json(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
