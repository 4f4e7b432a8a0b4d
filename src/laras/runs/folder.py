"""A run's folder: the one truth about a run, for this process, the next one, and the report.

recipe.yaml  manifest.json  events.jsonl  verdict.json  report.html  run.lock
data/  contenders/NAME/  stages/NAME.json
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from laras.errors import StorageFailed, UsageError
from laras.runs.atomic import sweep, write_json_atomic, write_text_atomic
from laras.runs.events import EVENTS_NAME, EventLog, read_events
from laras.runs.failures import storage_errors
from laras.runs.lock import LOCK_NAME, RunLock
from laras.runs.manifest import earlier_versions, manifest
from laras.runs.regular import read_regular_json
from laras.runs.stage import StageStatus, stage_status
from laras.translation import _

MANIFEST_NAME = "manifest.json"
_MARKS = (LOCK_NAME, EVENTS_NAME, MANIFEST_NAME)  # by any of these a run folder is known
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LEAST_FREE_BYTES = 1 << 20


def default_folder(recipe: Path | None) -> Path:
    """``runs/NAME`` after the recipe's file, or after its folder where the file is just called
    ``recipe``: two projects must not end up in one place."""
    if recipe is None:
        return Path("runs/recipe")
    parent = recipe.resolve().parent.name
    return Path("runs") / (parent if recipe.stem == "recipe" and parent else recipe.stem)


class Run:
    """A run folder, opened by its only writer (:meth:`open`) or by a reader (:meth:`read`).

    ``with Run.open(folder) as run:`` gives the lock back at the end, whatever happens.
    """

    def __init__(self, folder: Path, lock: RunLock | None) -> None:
        """Use :meth:`open` or :meth:`read`."""
        self.folder = folder
        self._lock = lock
        self._log = EventLog(folder) if lock else None

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, create: bool = True) -> Run:
        """Take the folder for writing; a new one is made if ``create``.

        What a killed writer left half done is removed.

        Raises :class:`StorageFailed` if it can't be written (read-only, full, not a folder, a
        link, in use by another process) and :class:`UsageError` if something else lives there.
        """
        path = Path(folder)
        with storage_errors(path):
            _refuse_link(path)
            if create:
                _make_folder(path)
            elif not path.is_dir():
                raise _no_run(path)
            if not is_run(path) and any(path.iterdir()):
                raise UsageError(
                    "runs.not-a-run-folder",
                    _("This folder is not empty and holds no run of Laras."),
                    where=str(path),
                    hint=_("Choose another folder with --run."),
                )
            _refuse_full_disk(path)
        lock = RunLock(path)
        try:
            sweep(path)
            return cls(path, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> Run:
        """Look at a run, also while another process writes it; takes no lock."""
        path = Path(folder)
        try:
            there = path.is_dir() and is_run(path)
        except OSError:  # a name that no file system takes
            there = False
        if not there:
            raise _no_run(path)
        return cls(path, None)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back; the folder can still be read."""
        if self._log:
            self._log.close()
        if self._lock:
            self._lock.release()
        self._log = self._lock = None

    @property
    def data(self) -> Path:
        """Folder of the prepared data; made when first asked for by the writer."""
        return self._subfolder("data")

    def contender(self, name: str) -> Path:
        """Folder of the contender ``name``; made when first asked for by the writer."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't be the name of a contender")
        return self._subfolder(f"contenders/{name}")

    def contenders(self) -> list[str]:
        """Names of the contenders that have a folder."""
        folder = self.folder / "contenders"
        return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []

    def event(self, kind: str, **facts: Any) -> None:
        """Append one line to ``events.jsonl``: ``{"t": ..., "kind": kind, **facts}``.

        Raises :class:`StorageFailed` if the run folder was deleted; a full disk only costs
        the event.
        """
        if not self._log:
            raise RuntimeError("a run opened for reading records no events")
        self._check_held()
        self._log.append(kind, facts)

    def sync_events(self) -> None:
        """Make the events so far durable: a power failure then takes none of them."""
        if self._log:
            self._log.sync()

    def events(self) -> list[dict[str, Any]]:
        """All events so far; a last line that is not whole is left out."""
        return read_events(self.folder)

    def write_json(self, relative: str, data: Any) -> Path:
        """Replace a JSON file of the run, atomically and durably."""
        path = self._writable(relative)
        write_json_atomic(path, data)
        return path

    def write_text(self, relative: str, text: str) -> Path:
        """Replace a text file of the run, atomically and durably."""
        path = self._writable(relative)
        write_text_atomic(path, text)
        return path

    def read_json(self, relative: str) -> Any:
        """The content of a JSON file of the run; None where there is no such file."""
        path = self._inside(relative)
        try:
            return read_regular_json(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StorageFailed(
                "runs.damaged",
                _("This file of the run is damaged: {reason}.").format(reason=error),
                where=str(path),
                hint=_("Delete it and give the command again."),
            ) from error

    def stage(self, name: str, key: str) -> StageStatus:
        """Whether the stage ``name`` is already done for inputs whose hash is ``key``.

        It is not where an output's content is no longer what it was; an event tells of that.
        """
        status = self._stage(name, key, self._stage_record(name))
        if status.damaged and self._log:
            self.event("stage_repeated", stage=name, reason="damaged")
        return status

    def forget_stages(self, name: str) -> None:
        """Take back that the stage ``name``, and those called ``name-...``, were ever done: what
        they left was deleted on purpose, not damaged."""
        self._check_held()
        folder = self._inside("stages")
        with storage_errors(folder):
            for record in [folder / f"{name}.json", *folder.glob(f"{name}-*.json")]:
                record.unlink(missing_ok=True)

    def finished_stage(self, name: str) -> StageStatus | None:
        """The stage ``name`` as it was last finished, whatever its inputs; None if it never was."""
        record = self._stage_record(name)
        return None if record is None else self._stage(name, str(record.get("key")), record)

    def _stage(self, name: str, key: str, record: dict[str, Any] | None) -> StageStatus:
        def save(entry: dict[str, Any]) -> None:
            self.write_json(f"stages/{name}.json", entry)

        return stage_status(name, key, self.folder, record, save)

    def _stage_record(self, name: str) -> dict[str, Any] | None:
        record = self.read_json(f"stages/{name}.json")
        return record if isinstance(record, dict) else None

    def write_manifest(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write ``manifest.json``: ``facts`` with versions and machine, nothing personal."""
        before = self.read_json(MANIFEST_NAME)
        data = manifest(facts)
        # What was made before an upgrade was not made with what is installed now.
        earlier = earlier_versions(before, data) if isinstance(before, dict) else []
        if earlier:
            data["earlier"] = earlier
        self.write_json(MANIFEST_NAME, data)
        return data

    def _inside(self, relative: str) -> Path:
        """A path of this run; one that leads out of it, by dots or by a link, is refused."""
        path = self.folder / relative
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise StorageFailed(
                "runs.outside",
                _("This path leads out of the run folder."),
                where=str(path),
            )
        return path

    def _writable(self, relative: str) -> Path:
        self._check_held()
        path = self._inside(relative)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _subfolder(self, relative: str) -> Path:
        path = self._inside(relative)
        if self._lock:
            self._check_held()
            with storage_errors(path):
                path.mkdir(parents=True, exist_ok=True)
        return path

    def _check_held(self) -> None:
        """Without this, writing into a deleted folder would succeed, into nothing."""
        if self._lock:
            self._lock.check_held()


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # as a file or a device
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def is_run(path: Path) -> bool:
    """Whether a run of Laras lives in the folder ``path``."""
    return any((path / mark).exists() for mark in _MARKS)


def _no_run(path: Path) -> UsageError:
    return UsageError(
        "runs.not-found",
        _("There is no run here."),
        where=str(path),
        hint=_("`laras run recipe.yaml --run FOLDER` makes one."),
    )


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise StorageFailed(
            "runs.link",
            _("The run folder is a symbolic link."),
            where=str(path),
            hint=_("Give the folder that it leads to."),
        )


def _refuse_full_disk(path: Path) -> None:
    if not hasattr(os, "statvfs"):
        return
    status = os.statvfs(path)
    if status.f_bavail * status.f_frsize < _LEAST_FREE_BYTES:
        raise StorageFailed(
            "runs.disk-full",
            _("There is no room left to write this."),
            where=str(path),
            hint=_("Free some space and give the same command again; it continues."),
        )
