"""A file written from its beginning to its end, hashed on the way, and on the disk at the end.

Large ones go past the system's page cache, where it can be avoided: of a checkpoint that nobody
will read, copying it there costs the processor more than all else (benchmarks/checkpointing.py),
and pushes out what somebody will.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import numpy as np

from laras.runs.hashing import FileFacts

_DIRECT_FROM_BYTES = 32 << 20
_STAGING_BYTES = 8 << 20
# Memory, places in the file and sizes are multiples of this; no disk's blocks are larger.
_ALIGNMENT = 4096
_NO_DIRECT = frozenset({errno.EINVAL, errno.EOPNOTSUPP})


class StreamedFile:
    """The new file ``path``, which will have ``size`` bytes. Raises OSError."""

    def __init__(self, path: Path, size: int) -> None:
        self._digest = hashlib.sha256()
        self._written = 0
        self._filled = 0
        self._descriptor, self._direct = _open(path, size >= _DIRECT_FROM_BYTES)
        self._staging = _aligned(_STAGING_BYTES) if self._direct else np.empty(0, np.uint8)

    def write(self, content: np.ndarray) -> None:
        """``content``: bytes, (n,) uint8, at most as many as are staged."""
        self._digest.update(content.data)
        if not len(self._staging):
            self._write(content)
            return
        first = content[: len(self._staging) - self._filled]
        self._staging[self._filled : self._filled + len(first)] = first
        self._filled += len(first)
        if self._filled == len(self._staging):
            self._write(self._staging)
            rest = content[len(first) :]
            self._staging[: len(rest)] = rest
            self._filled = len(rest)

    def finish(self) -> FileFacts:
        """All is on the disk now; what it is."""
        self._go_through_the_cache()  # the rest is no whole block
        self._write(self._staging[: self._filled])
        os.fsync(self._descriptor)
        return FileFacts(self._written, self._digest.hexdigest())

    def close(self) -> None:
        """Let go of the file, as far as it was written."""
        os.close(self._descriptor)

    def _write(self, content: np.ndarray) -> None:
        while len(content):  # a system may take less at once, most of all where the room ends
            try:
                done = os.write(self._descriptor, content.data)
            except OSError as error:
                if error.errno not in _NO_DIRECT or not self._direct:
                    raise
                self._go_through_the_cache()
                continue
            self._written += done
            content = content[done:]

    def _go_through_the_cache(self) -> None:
        if self._direct:
            import fcntl

            flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
            self._direct = False


def _open(path: Path, large: bool) -> tuple[int, bool]:
    """Its descriptor, and whether what is written goes past the cache."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    if large and hasattr(os, "O_DIRECT"):
        try:
            return os.open(path, flags | os.O_DIRECT, 0o666), True
        except OSError as error:
            if error.errno not in _NO_DIRECT:
                raise
    return os.open(path, flags, 0o666), False


def _aligned(size: int) -> np.ndarray:
    """(size,) uint8 of memory that begins where a disk can fetch it from."""
    room = np.empty(size + _ALIGNMENT, dtype=np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size]
