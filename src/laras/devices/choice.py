"""The device that a model computes on."""

from __future__ import annotations

import torch


def best_device(*, alone: bool = True) -> torch.device:
    """The GPU if there is one, NVIDIA's or a Mac's, else the CPU. ``alone``: for one process;
    several have an NVIDIA GPU each, or the CPU together."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if alone and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def gpu_count() -> int:
    """How many NVIDIA GPUs this process sees."""
    return torch.cuda.device_count()
