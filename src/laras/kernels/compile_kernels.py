"""The C files here -> functions: compiled once by the system's compiler, and then cached.

Nothing of it is required: without a compiler, or with a file that is not ours, no function is
there and ``reason`` says why. A cached library is named by three hashes: of the sources; of the
flags and all that the compiler says of itself and of this CPU; and of its own bytes, because a
truncated library kills the process that maps it. Libraries of other sources are deleted when a new
one is published.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Before the library is loaded, and only for that: it then shares torch's OpenMP runtime. A second
# runtime would be a second pool of threads that spins on the same cores.
import torch  # noqa: F401

from laras.translation import _

_FOLDER = Path(__file__).parent
# Of -ffast-math only what lets loops vectorise: NaN and infinity have to travel through, and a sum
# has to be the same in every run. (-std=c11 would forbid fused multiply-adds; gnu11 does not.)
_FLAGS = ("-std=gnu11", "-O2", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared")
_ARGUMENTS = {"p": ctypes.c_void_p, "i": ctypes.c_int64, "f": ctypes.c_float}
_TIMEOUT_S = 60
# What two versions of Laras that are used in turn compile is left alone: each has published its
# library when the day is over, and publishes no more.
_KEPT_S = 24 * 3600


@dataclass(frozen=True)
class Kernels:
    """The library of C functions; or none, and the reason in words."""

    reason: str
    library: ctypes.CDLL | None = None

    def function(self, name: str, letters: str) -> Callable[..., int] | None:
        """``letters``: the type of each argument (p pointer, i int64, f float). The C function
        returns an int64. None where there is no library."""
        if self.library is None:
            return None
        function: Callable[..., int] = ctypes.CFUNCTYPE(
            ctypes.c_int64, *(_ARGUMENTS[letter] for letter in letters)
        )((name, self.library))
        return function


class _UnavailableError(Exception):
    """The reason, in words, why there is no library."""


def load() -> Kernels:
    """Never raises: a reason stands in for what failed."""
    try:
        command, version = _compiler()
        return Kernels(" ".join(command), _library(command, version))
    except (_UnavailableError, OSError, subprocess.SubprocessError) as error:
        return Kernels(str(error))


def _compiler() -> tuple[list[str], bytes]:
    """The command with its flags, and the macros that it predefines with them: its version, and
    every feature of this CPU that it may use."""
    if os.environ.get("LARAS_KERNELS") == "torch":
        raise _UnavailableError(_("LARAS_KERNELS=torch is set."))
    if sys.platform not in ("linux", "darwin"):
        raise _UnavailableError(_("C kernels are built on Linux and macOS only."))
    for compiler in _candidates():
        for native in (["-march=native"], []):
            command = [*compiler, *_FLAGS, *native]
            asked = _run([*command, "-dM", "-E", "-x", "c", os.devnull])
            if asked.returncode == 0:
                # Clang's threads come from another runtime than torch's (see above): do without.
                clang = b"__clang__" in asked.stdout
                return [*command, "-fopenmp-simd" if clang else "-fopenmp"], asked.stdout
    raise _UnavailableError(_("No C compiler was found (CC, gcc, cc, clang)."))


def _candidates() -> Iterator[list[str]]:
    for command in (os.environ.get("CC", ""), "gcc", "cc", "clang"):
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            yield words


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
    )


def _library(command: list[str], version: bytes) -> ctypes.CDLL:
    sources = sorted(_FOLDER.glob("*.c"))
    texts = [path.read_bytes() for path in (*sources, *sorted(_FOLDER.glob("*.h")))]
    of_sources = f"kernels-{_digest(repr((len(sources), texts)).encode())}"
    name = f"{of_sources}-{_digest(repr((command, version)).encode())}"
    command = [*command, *map(str, sources), "-lm"]
    folder = _cache_folder()
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="laras-kernels-") as aside:
            return ctypes.CDLL(str(_compile(command, Path(aside))))
    for path in folder.glob(f"{name}-*.so"):
        with suppress(OSError):  # another process has deleted it meanwhile
            if _is_ours(path) and path.stem == f"{name}-{_digest(path.read_bytes())}":
                return ctypes.CDLL(str(path))
    # Written aside and renamed: of two processes that compile at once, both have a whole file.
    with tempfile.TemporaryDirectory(dir=folder, prefix="aside-") as aside:
        compiled = _compile(command, Path(aside))
        published = compiled.replace(folder / f"{name}-{_digest(compiled.read_bytes())}.so")
        library = ctypes.CDLL(str(published))
    _delete_others(folder, of_sources)
    return library


def _delete_others(folder: Path, of_sources: str) -> None:
    """Old libraries of other sources. A process that has one mapped keeps it until it ends."""
    for path in folder.glob("kernels-*.so"):
        ours = re.fullmatch(r"(kernels-[0-9a-f]{32})-[0-9a-f]{32}(-[0-9a-f]{32})?", path.stem)
        if ours and ours[1] != of_sources:
            with suppress(OSError):  # another process was quicker, or it is not ours to delete
                if time.time() - path.stat().st_mtime > _KEPT_S:
                    path.unlink()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _compile(command: list[str], folder: Path) -> Path:
    compiled = folder / "kernels.so"
    done = _run([*command, "-o", str(compiled)])
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [""]
        raise _UnavailableError(
            _("The C compiler {compiler} failed: {reason}").format(
                compiler=command[0], reason=next((x for x in lines if "error" in x), lines[-1])
            )
        )
    return compiled


def _cache_folder() -> Path | None:
    """The user's own folder for what can be made again; None where there is no safe one."""
    try:
        if sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = base / "laras"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder) and os.access(folder, os.W_OK) else None
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return None


def _is_ours(path: Path) -> bool:
    """Whether nobody else could have written it: what is in it is run."""
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
