"""What an evaluation cost: seconds, tokens read and written, memory at its peak."""

from __future__ import annotations

import time

import torch

from laras.tuning.memory import peak_memory_bytes, reset_peak_memory


class Meter:
    """Counts from the moment it is made."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.tokens_in = 0
        self.tokens_out = 0
        self._started = time.monotonic()
        reset_peak_memory(device)

    def as_json(self) -> dict[str, float | int]:
        """``seconds``, ``peak_memory_bytes``, ``tokens_in``, ``tokens_out``."""
        return {
            "seconds": time.monotonic() - self._started,
            "peak_memory_bytes": peak_memory_bytes(self.device),
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
        }
