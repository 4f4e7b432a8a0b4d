"""A counter of energy for the device that works."""

from __future__ import annotations

import torch

from laras.runs.energy import EnergyCounter


def energy_counter(device: torch.device) -> EnergyCounter:
    """Counts the processor's energy, and that of ``device`` where it is a GPU."""
    if device.type == "cuda":
        uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
        return EnergyCounter(f"GPU-{uuid}")
    # Nobody tells what a GPU of another make takes.
    return EnergyCounter(None if device.type == "cpu" else device.type)
