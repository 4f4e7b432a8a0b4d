"""The factor that keeps small gradients from vanishing in float16."""

from __future__ import annotations

import torch


class LossScale:
    """What the loss is multiplied by in float16, whose small gradients would vanish otherwise.

    As torch's GradScaler does it (Micikevicius et al. 2018, "Mixed Precision Training", section
    3.2): halved when a gradient overflows, doubled after 2,000 steps in which none did. But its
    division is one more pass over all gradients, and here it is a factor that the optimizer's
    kernel applies together with clipping. In other precisions it is 1 for good.
    """

    _LEAST = 1.0
    _STEPS_TO_GROW = 2_000

    def __init__(self, precision: torch.dtype) -> None:
        self._enabled = precision == torch.float16
        self.value = 2.0**16 if self._enabled else 1.0
        self.steps_without_overflow = 0

    def fitted(self) -> None:
        """A step's gradients were finite."""
        self.steps_without_overflow += 1
        if self._enabled and self.steps_without_overflow % self._STEPS_TO_GROW == 0:
            self.value *= 2.0

    def overflowed(self) -> bool:
        """A step's gradients were not finite: go down. False if the scale can't be the cause."""
        self.steps_without_overflow = 0
        if self.value <= self._LEAST:
            return False
        self.value /= 2.0
        return True

    def state(self) -> tuple[float, int]:
        """The scale, and for how many steps it has fitted."""
        return self.value, self.steps_without_overflow

    def load_state(self, state: tuple[float, int]) -> None:
        """Put back what :meth:`state` gave."""
        self.value, self.steps_without_overflow = state
