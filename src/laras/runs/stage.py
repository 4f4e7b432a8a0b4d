"""A stage of a run that is only done again when what it depends on has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laras.runs.hashing import file_sha256


@dataclass(slots=True)
class StageStatus:
    """Whether the stage ``name`` is done for this ``key``, and what it left.

    ``outputs``: what :meth:`finish` was given, with paths as paths; empty while not done.
    ``damaged``: it was finished for this key, and an output is no longer what it was.
    """

    name: str
    key: str
    folder: Path
    done: bool
    outputs: dict[str, Any]
    _save: Callable[[dict[str, Any]], None]
    damaged: bool = False
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
        self.done, self.damaged, self.outputs = True, False, outputs


def stage_status(
    name: str,
    key: str,
    folder: Path,
    record: dict[str, Any] | None,
    save: Callable[[dict[str, Any]], None],
) -> StageStatus:
    """The status that the saved ``record`` (None: never finished) gives the stage."""
    recorded = record.get("outputs") if record and record.get("key") == key else None
    if not isinstance(recorded, dict):
        return StageStatus(name, key, folder, False, {}, save)
    if not all(_is_sound(value, folder) for value in recorded.values()):
        return StageStatus(name, key, folder, False, {}, save, damaged=True)
    outputs = {output: _restore(value, folder) for output, value in recorded.items()}
    return StageStatus(name, key, folder, True, outputs, save)


def damaged_files(record: Mapping[str, Any], folder: Path) -> list[str]:
    """Of the files that a stage's ``record`` names, those that are not what it left, as paths from
    the run ``folder``; a record that can't be understood names itself by an empty path."""
    outputs = record.get("outputs")
    if not isinstance(outputs, dict):
        return [""]
    damaged = []
    for value in outputs.values():
        if not _is_path(value):
            continue
        path = str(value["path"])
        recorded = value.get("files", {"": value.get("sha256")})
        if not isinstance(recorded, dict):
            return [""]
        names = {f"{path}/{name}".rstrip("/"): digest for name, digest in recorded.items()}
        damaged += [name for name, digest in names.items() if not _has_hash(folder / name, digest)]
    return damaged


def _describe(value: Any, folder: Path) -> Any:
    if not isinstance(value, Path):
        return value
    relative = value.resolve().relative_to(folder.resolve()).as_posix()
    if value.is_dir():
        return {"path": relative, "files": _hashes(value)}
    return {"path": relative, "sha256": file_sha256(value)}


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below ``folder``, by its path from there."""
    files = (Path(here, name) for here, _folders, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(files)}


def _is_path(value: Any) -> bool:
    """Whether a path was described; by its size only, as was done at first, included."""
    return isinstance(value, dict) and set(value) in (
        {"path", "sha256"},
        {"path", "files"},
        {"path", "bytes"},
    )


def _is_sound(value: Any, folder: Path) -> bool:
    """A file with the same content; a folder with, among others, the same files.

    Sizes would not do: a flipped bit changes none. What was recorded without hashes is not sound.
    """
    if not _is_path(value):
        return True
    path = folder / str(value["path"])
    if "files" in value:
        files = value["files"]
        return (
            isinstance(files, dict)
            and os.path.isdir(path)  # noqa: PTH112 - also a name that no file system takes
            and all(_has_hash(path / name, recorded) for name, recorded in files.items())
        )
    return _has_hash(path, value.get("sha256"))


def _has_hash(path: Path, recorded: Any) -> bool:
    try:
        return path.is_file() and file_sha256(path) == recorded
    except (OSError, ValueError):  # what can't be read is no less damaged
        return False


def _restore(value: Any, folder: Path) -> Any:
    return folder / value["path"] if _is_path(value) else value
