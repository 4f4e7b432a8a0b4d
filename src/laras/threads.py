"""OpenMP's threads: how long idle ones wait awake, and on which core each runs. GPUs' memory.

What is set for threads is worth more than most kernels, in both directions (benchmarks/machine.py).
On a machine of one's own, threads that keep their cores and wait awake for a moment make short
parallel steps quicker. Where others compute, the same settings make them much slower: a
thread that may not leave its core queues there. So threads keep their cores only while a
computation asks for it (:func:`placed`) and the cores are otherwise idle, and whoever starts
another program in the middle of it gets them to move.

libgomp, torch's OpenMP runtime on Linux, reads its settings from the environment when it is
loaded, once. It is loaded here, before torch, with settings that are for this process alone: child
processes inherit nothing but what is harmless to them. Elsewhere only the waiting is set.

torch's allocator for GPUs reads its settings from the environment, too, when it is first used.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

SWITCH = "LARAS_MACHINE"  # `off`: this and runs/heap.py leave the machine's settings alone
# Whoever sets one of these has chosen.
CHOICES = (
    *("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"),
    *("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"),
)
_THREADS = "OMP_NUM_THREADS"
# What torch's allocator for GPUs reads; the latter two are older names of the same.
_GPU_MEMORY = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF")
_NVIDIA = (Path("/dev/nvidiactl"), Path("/proc/driver/nvidia/version"))
# Turns of libgomp's waiting loop, about 50 ns each: long enough to bridge what Python does between
# two steps, short enough that a waiting thread soon leaves the core to who needs it.
_SPINS = 500
_REVIEW_EVERY_S = 2.0
_BUSY_SHARE = 0.1  # of the cores' time: above it, others compute here
_CPUS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True)
class Setting:
    """What was set. ``waiting``: short, asleep, or chosen (by the user); ``bound``: threads keep
    their cores during computations; ``reason``: why they don't, or "" (one of those below);
    ``threads``: how many, where Laras limits them; ``first``: cores of the first thread;
    ``everywhere``: all that this process may use; empty where nothing may be changed."""

    waiting: Literal["short", "asleep", "chosen"]
    bound: bool = False
    reason: str = ""
    threads: int | None = None
    first: frozenset[int] = frozenset()
    everywhere: frozenset[int] = frozenset()


class _Use(NamedTuple):
    """Seconds of core time since the machine was started: all there was, and what others used."""

    total: float
    others: float


SWITCHED_OFF, CHOSEN, TORCH_LOADED = "switched-off", "chosen", "torch-loaded"
ONE_CORE, SHARED, UNEQUAL = "one-core", "shared-cores", "unequal-cores"
OTHER_RUNTIME = "other-runtime"
_setting = Setting("asleep", reason=OTHER_RUNTIME)
_used_at_start = _Use(0.0, 0.0)


def setting() -> Setting:
    """What :func:`settle` has set."""
    return _setting


def settle() -> None:
    """Set what can still be set for this process; once, when Laras is imported."""
    global _setting, _used_at_start
    reason = _reason_against_binding()
    if reason == SWITCHED_OFF:
        _setting = Setting("chosen", reason=reason)
        return
    _let_segments_grow()
    everywhere = frozenset(os.sched_getaffinity(0) if sys.platform == "linux" else ())
    if reason == CHOSEN:
        _setting = Setting("chosen", reason=reason, everywhere=everywhere)
        return
    # Asleep is the safe way to wait: with the default, idle threads hold the cores that working
    # ones need, and a step of 25 us was measured to take up to 34 ms. Children may inherit it.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    threads = None
    if reason == SHARED and _THREADS not in os.environ and (threads := _quota()):
        os.environ[_THREADS] = str(threads)  # torch counts cores, not what it may use of them
    if reason == "":
        if first := _load_runtime(everywhere):
            _setting = Setting("short", bound=True, first=first, everywhere=everywhere)
            _used_at_start = _use_of(everywhere)
            return
        reason = OTHER_RUNTIME
    if reason == TORCH_LOADED:
        everywhere = frozenset()  # its runtime may have bound this thread already
    _setting = Setting("asleep", reason=reason, threads=threads, everywhere=everywhere)


def _let_segments_grow() -> None:
    """Rows of another length in every step break up GPU memory that is handed out in pieces of
    fixed size. Only where NVIDIA's own Linux driver is: under Windows' it fails at the first
    allocation (pytorch issue 192330), and other makers' GPUs warn."""
    chosen = set(_GPU_MEMORY) & os.environ.keys()
    if not chosen and any(path.exists() for path in _NVIDIA):
        os.environ[_GPU_MEMORY[0]] = "expandable_segments:True"


def _reason_against_binding() -> str:
    if os.environ.get(SWITCH, "").lower() == "off":
        return SWITCHED_OFF
    if set(CHOICES) & os.environ.keys():
        return CHOSEN
    if "torch" in sys.modules:
        return TORCH_LOADED
    if sys.platform != "linux":
        return OTHER_RUNTIME
    cores = os.sched_getaffinity(0)
    if len(cores) == 1:
        return ONE_CORE
    # With fewer threads than cores somebody divides the machine: two processes that each bind to
    # the first half of it would share that half.
    if os.environ.get(_THREADS, str(len(cores))) != str(len(cores)) or _quota():
        return SHARED
    return UNEQUAL if _unequal(cores) else ""


def _quota() -> int | None:
    """Cores' worth of time that a control group allows, if that is less than the cores it shows."""
    try:
        limit, period = (Path("/sys/fs/cgroup") / "cpu.max").read_text("ascii").split()
        allowed = max(1, round(int(limit) / int(period)))
    except (OSError, ValueError):  # no control group, or "max"
        return None
    return allowed if allowed < len(os.sched_getaffinity(0)) else None


def _unequal(cores: set[int]) -> bool:
    """Fast and economical cores side by side: the system knows better which work goes where."""
    kinds = set()
    for core in cores:
        for name in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
            with contextlib.suppress(OSError):
                kinds.add((name, (_CPUS / f"cpu{core}" / name).read_text("ascii").strip()))
    return len(kinds) > len({name for name, _value in kinds})


def _load_runtime(everywhere: frozenset[int]) -> frozenset[int] | None:
    """Load torch's libgomp with a place for each of its threads; the cores of the first, or None.

    Loading binds the calling thread to the first place. That is undone at once: threads and
    processes that it starts would inherit it.
    """
    library = _runtime()
    if library is None:
        return None
    own = {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores", "GOMP_SPINCOUNT": str(_SPINS)}
    os.environ.update(own)
    try:
        ctypes.CDLL(str(library))
        first = frozenset(os.sched_getaffinity(0))
    except OSError:
        return None
    finally:
        for name in own:
            del os.environ[name]
        os.sched_setaffinity(0, everywhere)
    return first if first != everywhere else None


def _runtime() -> Path | None:
    """The one libgomp that comes with torch, found without importing torch."""
    found = find_spec("torch")
    folders = list(found.submodule_search_locations or []) if found else []
    libraries = [path for folder in folders for path in Path(folder, "lib").glob("libgomp*.so*")]
    return libraries[0] if len(libraries) == 1 else None


class Placement:
    """The threads of a computation. :meth:`review`, called often, lets them keep their cores or
    move, as others use the cores."""

    def __init__(self) -> None:
        self.kept = False
        self._bound: dict[int, set[int]] = {}
        self._reviewed_at = 0.0
        self._used = _used_at_start
        self.review()

    def review(self) -> None:
        """Every few seconds, look at what others used of the cores since the last time."""
        now = time.monotonic()
        if now - self._reviewed_at < _REVIEW_EVERY_S:
            return
        used, before = _use_of(_setting.everywhere), self._used
        idle = used.others - before.others < _BUSY_SHARE * (used.total - before.total)
        self._reviewed_at, self._used = now, used
        if not idle:
            self.move()
        elif not self.kept:
            self._keep()

    def move(self) -> None:
        """Let every thread run anywhere; those of libgomp's that are started later, too."""
        self.kept = False
        os.sched_setaffinity(0, _setting.everywhere)
        for thread in (int(path.name) for path in Path("/proc/self/task").iterdir()):
            with contextlib.suppress(OSError):  # it has just ended
                cores = os.sched_getaffinity(thread)
                if cores != _setting.everywhere:
                    self._bound[thread] = cores
                    os.sched_setaffinity(thread, _setting.everywhere)

    def end(self) -> None:
        """Put libgomp's threads back, for the next computation to find them, and free this one."""
        self._put_back()
        os.sched_setaffinity(0, _setting.everywhere)

    def _keep(self) -> None:
        self.kept = True
        self._put_back()
        os.sched_setaffinity(0, _setting.first)

    def _put_back(self) -> None:
        for thread, cores in self._bound.items():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread, cores)
        self._bound = {}


@contextlib.contextmanager
def placed(on_processor: bool = True) -> Iterator[Callable[[], None]]:
    """A computation by the calling thread and those of OpenMP, which keep their cores while these
    are otherwise idle. What it gives is to be called often: it looks whether they still are."""
    if not (_setting.bound and on_processor):
        yield lambda: None
        return
    placement = Placement()
    try:
        yield placement.review
    finally:
        placement.end()


def run_anywhere() -> None:
    """For a thread that computes nothing, and may have inherited the core of the one that does: in
    :func:`placed`, or by the user's own OMP_PROC_BIND."""
    if _setting.everywhere:
        os.sched_setaffinity(0, _setting.everywhere)


def _use_of(cores: frozenset[int]) -> _Use:
    """By proc(5), /proc/stat: a line for each core, whose fourth and fifth number are idle time.
    What a virtual machine's host gave to others counts as used."""
    total = idle = 0
    for line in Path("/proc/stat").read_text("ascii").splitlines():
        name, *numbers = line.split()
        if name[:3] == "cpu" and name[3:].isdecimal() and int(name[3:]) in cores:
            ticks = [int(number) for number in numbers[:8]]
            total, idle = total + sum(ticks), idle + ticks[3] + ticks[4]
    per_s = os.sysconf("SC_CLK_TCK")
    return _Use(total / per_s, (total - idle) / per_s - time.process_time())
