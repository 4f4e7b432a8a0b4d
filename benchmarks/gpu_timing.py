"""Steps on a clock, and what memory a device has held; the same for the engine and its peers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

_GIB = 2**30


@dataclass(frozen=True)
class Timed:
    """``first_s``: the first step, compiling and all; ``seconds``: of each counted step."""

    first_s: float
    seconds: list[float]
    losses: list[float]

    def facts(self, tokens: list[int], flops: list[float]) -> dict[str, Any]:
        """Rates, from the tokens and model FLOPs of each counted step. The median is that of single
        steps; with steps of different length it says as much as the whole."""
        rates = [count / s for count, s in zip(tokens, self.seconds, strict=True)]
        speeds = [work / s / 1e12 for work, s in zip(flops, self.seconds, strict=True)]
        return {
            "tokens_per_s": median(rates),
            "tokens_per_s_of_steps": [round(rate, 1) for rate in rates],
            "model_tflops": median(speeds),
            "first_step_s": self.first_s,
            "loss": self.losses[-1],
        }


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def measured_steps(
    step: Callable[[int], float], warm_up: int, count: int, device: torch.device
) -> Timed:
    """Run ``step`` with 0, 1, ... and time all but the first ``warm_up``; it returns its loss."""
    seconds, losses = [], []
    for number in range(warm_up + count):
        synchronise(device)
        started = time.perf_counter()
        losses.append(step(number))
        synchronise(device)
        seconds.append(time.perf_counter() - started)
    if not all(math.isfinite(loss) for loss in losses):
        raise ArithmeticError(f"losses are not finite: {losses}")
    return Timed(seconds[0], seconds[warm_up:], losses)


def device_memory(device: torch.device) -> dict[str, float]:
    """Most memory of tensors since the peak was last reset, most that the allocator has held, and
    what the device has given away in all (the driver's own share too)."""
    if device.type != "cuda":
        return {}
    free, total = torch.cuda.mem_get_info()
    return {
        "peak_gib": torch.cuda.max_memory_allocated() / _GIB,
        "reserved_gib": torch.cuda.max_memory_reserved() / _GIB,
        "device_gib": (total - free) / _GIB,
    }
