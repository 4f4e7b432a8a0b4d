"""How much memory a piece of work has held at its peak, and how much there is for more."""

from __future__ import annotations

import contextlib
import gc
import sys
from pathlib import Path

import torch

from laras.runs.machine import available_memory_bytes, memory_bytes

_FORGET_PEAK = "5"  # what Linux wants to be told: proc(5), /proc/pid/clear_refs


def reset_peak_memory(device: torch.device) -> None:
    """Begin to measure: what was held before, and is not any more, doesn't count from here.

    On a GPU and on Linux; other systems keep only the peak of the whole process.
    """
    gc.collect()  # a model of the work before may still hang in a cycle
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        # Some containers forbid it; the peak is then the process's so far, as elsewhere.
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text(_FORGET_PEAK)


def peak_memory_bytes(device: torch.device) -> int:
    """Most memory held since :func:`reset_peak_memory`: of the accelerator, else this process's."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "linux":
        peak = _resident_peak_bytes()
        if peak is not None:
            return peak
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes, except on a Mac


def held_memory_bytes(device: torch.device) -> int:
    """What is held now: on the accelerator, else by this process."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    import psutil

    return int(psutil.Process().memory_info().rss)


def let_go(device: torch.device) -> None:
    """Give back what work that failed has held, before it is tried again."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def total_bytes(device: torch.device) -> int:
    """All the memory that ``device`` has for this process."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return memory_bytes()


def available_bytes(device: torch.device) -> int:
    """What could still be allocated on ``device``."""
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        # torch keeps what it was given once.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + unused)
    return available_memory_bytes()


def _resident_peak_bytes() -> int | None:
    """VmHWM, which can be reset; the figure of getrusage can't."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None
