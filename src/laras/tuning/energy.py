"""A counter of energy for the device that works."""

from __future__ import annotations

import torch

from laras.distribution.ranks import Ranks
from laras.runs.energy import EnergyCounter


def energy_counter(device: torch.device) -> EnergyCounter:
    """Counts the processor's energy, and that of ``device`` where it is a GPU."""
    if device.type == "cuda":
        uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
        return EnergyCounter(f"GPU-{uuid}")
    # Nobody tells what a GPU of another make takes.
    return EnergyCounter(None if device.type == "cpu" else device.type)


def watt_hours(
    counter: EnergyCounter, seconds: float, device: torch.device, ranks: Ranks
) -> float | None:
    """Of a training of so many seconds in all processes. Each counts its own GPU, but all of them
    the same processor."""
    own = counter.watt_hours_of(seconds)
    if device.type != "cuda":
        return own
    unknown, total = ranks.sum(float(own is None), own or 0.0)
    return None if unknown else total
