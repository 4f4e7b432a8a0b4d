"""A stage of a run that is only done again when what it depends on has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class StageStatus:
    """Whether the stage ``name`` is done for this ``key``, and what it left.

    ``outputs``: what :meth:`finish` was given, with paths as paths; empty while not done.
    """

    name: str
    key: str
    folder: Path
    done: bool
    outputs: dict[str, Any]
    _save: Callable[[dict[str, Any]], None]
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the stage was asked for, by a clock that nobody can set back."""
        return time.monotonic() - self._began

    def finish(self, outputs: Mapping[str, Any] | None = None) -> None:
        """Record the stage as done. ``Path`` values must exist and lie in the run folder."""
        outputs = dict(outputs or {})
        record = {
            "name": self.name,
            "key": self.key,
            "seconds": self.seconds,
            "outputs": {name: _describe(value, self.folder) for name, value in outputs.items()},
        }
        self._save(record)
        self.done, self.outputs = True, outputs


def stage_status(
    name: str,
    key: str,
    folder: Path,
    record: dict[str, Any] | None,
    save: Callable[[dict[str, Any]], None],
) -> StageStatus:
    """The status that the saved ``record`` (None: never finished) gives the stage."""
    recorded = record.get("outputs", {}) if record and record.get("key") == key else None
    if recorded is None or not all(_still_there(value, folder) for value in recorded.values()):
        return StageStatus(name, key, folder, False, {}, save)
    outputs = {output: _restore(value, folder) for output, value in recorded.items()}
    return StageStatus(name, key, folder, True, outputs, save)


def _describe(value: Any, folder: Path) -> Any:
    if not isinstance(value, Path):
        return value
    relative = value.resolve().relative_to(folder.resolve()).as_posix()
    if value.is_dir():
        return {"path": relative, "files": _sizes(value)}
    return {"path": relative, "bytes": value.stat().st_size}


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file below ``folder``, by its path from there."""
    files = (Path(here, name) for here, _folders, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(files)}


def _is_path(value: Any) -> bool:
    return isinstance(value, dict) and set(value) in ({"path", "bytes"}, {"path", "files"})


def _still_there(value: Any, folder: Path) -> bool:
    """A file of the same size; a folder with, among others, the same files of the same sizes."""
    if not _is_path(value):
        return True
    path = folder / str(value["path"])
    if "bytes" in value:
        return _has_size(path, value["bytes"])
    return path.is_dir() and all(
        _has_size(path / name, size) for name, size in value["files"].items()
    )


def _has_size(path: Path, size: int | None) -> bool:
    return path.is_file() and path.stat().st_size == size


def _restore(value: Any, folder: Path) -> Any:
    return folder / value["path"] if _is_path(value) else value
