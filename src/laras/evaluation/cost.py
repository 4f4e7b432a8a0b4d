"""What an evaluation cost, stage by stage: seconds, tokens read and written, memory, energy."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from laras.devices.energy import energy_counter
from laras.devices.memory import peak_memory_bytes, reset_peak_memory


@dataclass(slots=True)
class StageCost:
    """``rows`` that were done, and what they took; ``energy_wh`` None where nobody tells it."""

    rows: int = 0
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    energy_wh: float | None = 0.0


class Meter:
    """Counts from the moment it is made.

    What is added to ``tokens_in`` and ``tokens_out`` belongs to the stage that was begun last.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.tokens_in = 0
        self.tokens_out = 0
        self._stages: dict[str, StageCost] = {}
        self._current: str | None = None
        self._started = time.monotonic()
        reset_peak_memory(device)
        self._energy = energy_counter(device)
        self._at = self._reading()

    def begin(self, stage: str, rows: int) -> None:
        """``rows`` rows are done from here on, and the stage before is over. A stage that comes
        again goes on."""
        self._end_stage()
        self._current = stage
        self._stages.setdefault(stage, StageCost()).rows += rows

    def as_json(self) -> dict[str, Any]:
        """``seconds``, ``peak_memory_bytes``, ``tokens_in``, ``tokens_out``, ``energy_wh`` with its
        ``energy_source``, and the same for each of the ``stages``."""
        self._end_stage()
        return {
            "seconds": time.monotonic() - self._started,
            "peak_memory_bytes": peak_memory_bytes(self.device),
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "energy_wh": self._energy.watt_hours(),
            "energy_source": self._energy.source,
            "stages": {name: asdict(cost) for name, cost in self._stages.items()},
        }

    def _end_stage(self) -> None:
        before, self._at = self._at, self._reading()
        if self._current is None:
            return
        cost, now = self._stages[self._current], self._at
        cost.seconds += now.seconds - before.seconds
        cost.tokens_in += now.tokens_in - before.tokens_in
        cost.tokens_out += now.tokens_out - before.tokens_out
        if cost.energy_wh is not None and now.energy_wh is not None:
            cost.energy_wh += now.energy_wh - (before.energy_wh or 0.0)
        else:
            cost.energy_wh = None
        self._current = None

    def _reading(self) -> StageCost:
        return StageCost(
            seconds=time.monotonic(),
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            energy_wh=self._energy.watt_hours(),
        )
