"""One writer for each run folder.

``flock`` decides where the system has it: the kernel lets go when the process dies, so a lock
never outlives its owner, whatever the file says. Where it is missing (some network disks,
Windows), the file's host, pid, boot id and start time decide; a process of another host counts as
alive, and a pid that a later process got, or one
from before a reboot, is recognised as stale and the lock taken over.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from laras.errors import StorageFailed
from laras.runs.failures import storage_errors
from laras.runs.regular import open_regular, read_regular
from laras.translation import _

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = "run.lock"
_NO_FLOCK = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
_START_TOLERANCE_S = 2.0
_MOST_BYTES = 4096
_LARGEST_PID = 2**31 - 1  # of any system; the file may hold anything


class RunLock:
    """Held from construction until :meth:`release`."""

    def __init__(self, folder: Path) -> None:
        """Raises :class:`StorageFailed`, naming the pid, while another writer lives."""
        self.path = folder / LOCK_NAME
        with storage_errors(self.path):
            # Not through a link: it would lock, and then write, something else.
            self._descriptor = open_regular(self.path, os.O_RDWR | os.O_CREAT)
        try:
            self._acquire()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _acquire(self) -> None:
        owner = self._read()
        if not self._flock(owner) and _is_alive(owner):
            raise self._refusal(owner)
        with storage_errors(self.path):
            text = json.dumps(_this_process()).encode()
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)
            os.fsync(self._descriptor)

    def _flock(self, owner: dict[str, Any]) -> bool:
        """Whether the kernel's lock was taken; False where it has none to give."""
        if fcntl is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._refusal(owner) from None
        except OSError as error:
            if error.errno in _NO_FLOCK:
                return False
            raise
        return True

    def _refusal(self, owner: dict[str, Any]) -> StorageFailed:
        return StorageFailed(
            "runs.in-use",
            _("Another process is writing to this run folder (pid {pid}).").format(
                pid=owner.get("pid", "?")
            ),
            where=str(self.path.parent),
            hint=_("Wait for it, stop it, or choose another folder with --run."),
        )

    def _read(self) -> dict[str, Any]:
        return _owner_in(os.pread(self._descriptor, _MOST_BYTES, 0))

    def check_held(self) -> None:
        """Raise :class:`StorageFailed` when the folder was deleted or replaced meanwhile."""
        with storage_errors(self.path.parent):
            there = self.path.stat()
            if (there.st_dev, there.st_ino) != _identity(self._descriptor):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def release(self) -> None:
        """Let the next writer in. The file stays: removing it would race with who waits."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1


def holder(folder: Path) -> int | None:
    """The pid of whoever writes to the run folder; None where nobody does. Takes no lock."""
    try:
        owner = _owner_in(read_regular(folder / LOCK_NAME)[:_MOST_BYTES])
    except OSError:
        return None
    return int(owner["pid"]) if _is_alive(owner) else None


def _owner_in(content: bytes) -> dict[str, Any]:
    """Whom a lock file names; empty where it names nobody."""
    with contextlib.suppress(ValueError, RecursionError):
        owner = json.loads(content)
        if isinstance(owner, dict):
            return owner
    return {}


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _this_process() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": _host(),
        "boot_id": boot_id(),
        "process_started": _process_start(os.getpid()),
        "locked_at": time.time(),
    }


def boot_id() -> str:
    """What changes when the machine is started anew."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"booted-{psutil.boot_time():.0f}"


def _host() -> str:
    """Tells machines apart that share a disk, and doesn't tell a name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:16]


def _process_start(pid: int) -> float | None:
    """When the process was started: by a clock that is never set, where the system has one."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        # Ticks since the machine was started, the 22nd of proc(5); a name may hold anything.
        return float(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19])
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _is_alive(owner: dict[str, Any]) -> bool:
    """Whether the process that wrote the lock file still runs, and is not a namesake."""
    pid = owner.get("pid")
    if not isinstance(pid, int) or not 0 < pid <= _LARGEST_PID:
        return False
    if owner.get("host", _host()) != _host():
        return True  # nobody here can tell
    if owner.get("boot_id") != boot_id():
        return False
    started, then = _process_start(pid), owner.get("process_started")
    if started is None:
        return False
    if not isinstance(then, int | float):
        return True
    # Compared, not subtracted: no number is too large for that.
    return started - _START_TOLERANCE_S <= then <= started + _START_TOLERANCE_S
