"""Energy that a piece of work takes: from the machine's counters, or estimated and called so.

Processor: RAPL's counters where the system lets this process read them (Linux, mostly for root);
they count whole packages, with what other processes do. Else an estimate from the core-seconds
that this process used. NVIDIA GPU: the driver's counter where ``pynvml`` is installed (GPUs since
Volta); else its power limit times the time, which is the most that it can have been. Memory,
disks, power supplies and cooling are not in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
import weakref
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

# Watts of one busy core where nothing measures them: what Green Algorithms takes for a processor
# that it doesn't know (Lannelongue et al. 2021, https://doi.org/10.1002/advs.202100707; its table
# goes from 4 for large servers to 24 for old desktops).
WATTS_PER_CORE = 12.0
POWERCAP = Path("/sys/class/powercap")
_LOOK_EVERY_S = 30.0  # RAPL's counters begin anew after minutes under full load
_JOULES_PER_WATT_HOUR = 3600.0

Joules = Callable[[], float]


class EnergyCounter:
    """Counts from the moment it is made.

    ``gpu``: the UUID of the NVIDIA GPU that works, as its driver writes it; None: the processor
    alone. ``source`` names what is read: ``rapl`` or ``estimate``, and for a GPU ``+nvml``,
    ``+power-limit`` or ``+unknown``.
    """

    def __init__(self, gpu: str | None = None, powercap: Path = POWERCAP) -> None:
        self._began = time.monotonic()
        packages = _Packages.found(powercap)
        self._processor: Joules = packages.joules if packages else _core_joules
        self._gpu: Joules | None = None
        self.source = "rapl" if packages else "estimate"
        if gpu is not None:
            self._gpu, name = _gpu_joules(gpu, self._began)
            self.source += f"+{name}"
        self._known = gpu is None or self._gpu is not None
        self._first = self._read()

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self._began

    def watt_hours(self) -> float | None:
        """Since it was made; None where a GPU works whose energy nobody tells."""
        return (self._read() - self._first) / _JOULES_PER_WATT_HOUR if self._known else None

    def watt_hours_of(self, seconds: float) -> float | None:
        """What ``seconds`` of such work take, at the mean power so far."""
        so_far = self.watt_hours()
        return None if so_far is None else so_far * seconds / max(self.seconds, 1e-9)

    def _read(self) -> float:
        return self._processor() + (self._gpu() if self._gpu else 0.0)


def _core_joules() -> float:
    """Core-seconds of this process and those it has waited for, at the power of a busy core."""
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    return seconds * WATTS_PER_CORE


class _Packages:
    """RAPL's counters of all processor packages, added up over their overflows."""

    def __init__(self, counters: list[Path]) -> None:
        self._counters = counters
        self._ranges = [_microjoules(file.with_name("max_energy_range_uj")) for file in counters]
        self._last = [_microjoules(file) for file in counters]
        self._sum = 0
        self._lock = threading.Lock()

    @classmethod
    def found(cls, powercap: Path) -> _Packages | None:
        """None where there are none, or where this process may not read them."""
        counters = []
        try:
            # A zone with one colon is a package or the whole board; those with two lie within.
            for zone in sorted(powercap.glob("intel-rapl:*")):
                name = (zone / "name").read_text("ascii").strip()
                if zone.name.count(":") == 1 and name.startswith("package"):
                    counters.append(zone / "energy_uj")
            if not counters:
                return None
            packages = cls(counters)
        except (OSError, ValueError):
            return None
        stop = threading.Event()
        weakref.finalize(packages, stop.set)
        watch = threading.Thread(target=_look, args=(weakref.ref(packages), stop), daemon=True)
        watch.start()
        return packages

    def joules(self) -> float:
        with self._lock, contextlib.suppress(OSError, ValueError):
            now = [_microjoules(file) for file in self._counters]
            for before, after, whole in zip(self._last, now, self._ranges, strict=True):
                self._sum += after - before if after >= before else after - before + whole
            self._last = now
        return self._sum / 1e6


def _look(packages: weakref.ref[_Packages], stop: threading.Event) -> None:
    """Read often enough that no overflow is missed, until nobody counts any more."""
    while not stop.wait(_LOOK_EVERY_S):
        found = packages()
        if found is not None:
            found.joules()
        del found


def _microjoules(file: Path) -> int:
    return int(file.read_text("ascii"))


def _gpu_joules(uuid: str, began: float) -> tuple[Joules | None, str]:
    """How to read the GPU's energy, and what that is called."""
    counter = _driver_counter(uuid)
    if counter is not None:
        return counter, "nvml"
    limit = _power_limit(uuid)
    if limit is not None:
        return (lambda: limit * (time.monotonic() - began)), "power-limit"
    return None, "unknown"


def _driver_counter(uuid: str) -> Joules | None:
    """NVML's total of the GPU, in joules; None without pynvml, or where the GPU has no counter."""
    try:
        nvml = import_module("pynvml")
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except Exception:  # an NVMLError is known only where the package is there
        return None
    return lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000.0


def _power_limit(uuid: str) -> float | None:
    """Watts that the GPU is allowed, asked of the driver's own program."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = ["--query-gpu=power.limit", "--format=csv,noheader,nounits", f"--id={uuid}"]
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run([program, *query], capture_output=True, timeout=10, check=True)
        return float(told.stdout.decode("ascii", errors="replace").strip())
    return None
