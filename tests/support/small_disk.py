"""A small disk of its own for a test, really mounted: one that can be filled and emptied.

It lives in a mount namespace, which a process of this test holds open. Commands are started in it,
and its files are seen from outside, below ``/proc/PID/root``.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """``enter``: what a command is started through to find the disk at its place."""

    place: Path
    holder: int

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", "-t", str(self.holder), "-U", "-m", "--preserve-credentials")

    def seen(self, path: Path) -> Path:
        """``path`` of the commands, as this test can open it."""
        return Path(f"/proc/{self.holder}/root{path}")

    def fill(self) -> None:
        """Take all the room there is."""
        with self.seen(self.place / "filler").open("wb", buffering=0) as file:
            for block in (1 << 16, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(block))

    def empty(self) -> None:
        """Give the room back."""
        self.seen(self.place / "filler").unlink()


@contextmanager
def small_disk(place: Path, size: str, holding: Path | None = None) -> Iterator[SmallDisk]:
    """A disk of ``size`` (as ``mount`` takes it) at the folder ``place``. ``holding``: a file
    elsewhere whose content lies on it."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("no unshare or nsenter here")
    place.mkdir(parents=True, exist_ok=True)
    script = 'mount -t tmpfs -o "size=$2" tmpfs "$1"'
    if holding is not None:
        script += ' && cp "$3" "$1/held" && mount --bind "$1/held" "$3"'
    script += " && echo mounted && exec cat"
    with subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", place, size, holding or ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        if holder.stdout.readline() != b"mounted\n":
            pytest.skip("no mounts are allowed here")
        try:
            yield SmallDisk(place, holder.pid)
        finally:
            holder.stdin.close()
            holder.wait()
