"""A run folder in the hands of a process that its writer has started and waits for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.lock import LOCK_NAME, RunLock


class LentLock(RunLock):
    """Holds as long as the process ``owner`` holds the folder's lock; takes none of its own."""

    def __init__(self, folder: Path, owner: int) -> None:
        self.path = folder / LOCK_NAME
        self._owner = owner
        with storage_errors(self.path):
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self.path, flags)

    def check_held(self) -> None:
        """Raise StorageFailed where the folder is gone, or another process has it by now."""
        super().check_held()
        owner = self._read()
        if owner.get("pid") != self._owner:
            raise self._refusal(owner)

    def release(self) -> None:
        """Let go of the file; the lock is its owner's."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Onlooker(Run):
    """A run that is looked at by one who does the same work as its writer, and leaves no trace."""

    def event(self, kind: str, **facts: Any) -> None:
        """The writer tells it."""

    def write_json(self, relative: str, data: Any) -> Path:
        """The writer writes it."""
        return self.folder / relative

    def write_text(self, relative: str, text: str) -> Path:
        """The writer writes it."""
        return self.folder / relative


def lent(folder: Path, owner: int, writes: bool) -> Run:
    """The run in ``folder``, which the process ``owner`` has opened: for one of the processes that
    work for it, of which one ``writes``."""
    return Run(folder, LentLock(folder, owner)) if writes else Onlooker(folder, None)
