"""The runs of a folder, and one of them at a glance: from what they left, without any lock."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laras.errors import LarasError
from laras.runs.folder import Run, is_run
from laras.runs.lock import holder

_HOLD_NO_RUN = frozenset({"data", "model", "checkpoints", "stages"})
_LATEST = 1e11  # seconds since 1970, or of a stage; no clock tells more
_DEPTH = 3  # folders below each other in which runs are looked for


@dataclass(frozen=True, slots=True)
class RunAtAGlance:
    """``state``: running, finished, unfinished, or unreadable; ``pid``: of the one that
    runs. ``began`` and ``last``: seconds since 1970 of the first and the last event.
    ``stages``: finished, with their seconds. ``size_bytes``: what deleting it would free."""

    folder: Path
    state: str
    pid: int | None
    began: float | None
    last: float | None
    size_bytes: int
    stages: dict[str, float]
    contenders: list[str]
    recommended: str | None
    sentence: str | None


def find_runs(folder: Path) -> list[RunAtAGlance]:
    """All runs in ``folder`` (or it alone, where it is one), the one that was written to last at
    the end. A folder that is a link is passed over."""
    found = [_glance_or_name(each) for each in _runs_in(folder, _DEPTH)]
    return sorted(found, key=lambda each: (each.last or 0.0, str(each.folder)))


def glance(folder: Path) -> RunAtAGlance:
    """One run, also while it is written to. A file that is damaged tells nothing."""
    run = Run.read(folder)
    told = _read(run.events, None)
    events = told or []
    times = [t for t in (_seconds(event.get("t")) for event in events) if t is not None]
    verdict = _mapping(_read(lambda: run.read_json("verdict.json"), None))
    pid = holder(folder)
    kinds = [event.get("kind") for event in events]
    is_finished = "run_finished" in kinds and "run_started" not in _after_last(kinds)
    state = "unreadable" if told is None else "finished" if is_finished else "unfinished"
    return RunAtAGlance(
        folder,
        "running" if pid is not None else state,
        pid,
        min(times, default=None),
        max(times, default=None),
        size_of(folder),
        dict(_stages(run)),
        _read(run.contenders, []),
        _text(verdict.get("recommendation")),
        _text(verdict.get("sentence")),
    )


def _glance_or_name(folder: Path) -> RunAtAGlance:
    """One that can't be read at all must not hide the others."""
    try:
        return glance(folder)
    except (LarasError, OSError, ArithmeticError, ValueError, TypeError, RecursionError):
        return RunAtAGlance(folder, "unreadable", None, None, None, 0, {}, [], None, None)


def runs_below(folder: Path) -> list[Path]:
    """The run in ``folder`` and those of its search and its retrainings, which lie in it."""
    below = [folder]
    for here, folders, _files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _HOLD_NO_RUN and not Path(here, name).is_symlink()
        )
        below += [Path(here, name) for name in folders if is_run(Path(here, name))]
    return below


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; one that has two names counts once."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size if os.path.lexists(path) else 0
    seen: dict[tuple[int, int], int] = {}
    for here, _folders, names in os.walk(path):
        for name in names:
            try:
                status = Path(here, name).lstat()
            except FileNotFoundError:  # whoever writes there has just replaced it
                continue
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def _runs_in(folder: Path, depth: int) -> Iterator[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return
    try:
        holds_run = is_run(folder)
        entries = [] if holds_run or not depth else sorted(folder.iterdir())
    except OSError:  # a folder that this user may not look into
        return
    if holds_run:
        yield folder
    else:
        for entry in entries:
            if not entry.name.startswith("."):
                yield from _runs_in(entry, depth - 1)


def _stages(run: Run) -> Iterator[tuple[str, float]]:
    for path in sorted((run.folder / "stages").glob("*.json")):
        record = _mapping(_read(lambda at=path: run.read_json(f"stages/{at.name}"), None))
        yield path.stem, _seconds(record.get("seconds")) or 0.0


def _seconds(value: Any) -> float | None:
    """A time that a clock may have told; None for anything else that JSON holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _LATEST and math.isfinite(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _after_last(kinds: list[Any]) -> list[Any]:
    """What came after the last end of the run."""
    ends = [at for at, kind in enumerate(kinds) if kind == "run_finished"]
    return kinds[ends[-1] :] if ends else kinds


def _read(read: Any, otherwise: Any) -> Any:
    try:
        return read()
    except (LarasError, OSError):
        return otherwise


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
