"""What shapes the rest of a training beside tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import ConfigDict

if TYPE_CHECKING:  # who only looks whether checkpoints are sound needs no torch
    import torch


@dataclass
class TrainingState:
    """The schedule and the order of examples are pure functions of ``step``, so they need no state
    of their own; neither does the feed, whose batches are a function of the step."""

    # As it is read: what another version knew of and this one does not would be lost.
    __pydantic_config__ = ConfigDict(extra="forbid")

    key: str  # hash of everything that decided the run; another run's checkpoint is refused
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_loss: float | None = None
    best_step: int = 0
    validations_without_gain: int = 0
    # Of each validation; None: not finite. Whoever watches the training decides by them, and the
    # events that tell of them may be lost.
    validation_losses: list[float | None] = field(default_factory=list)
    stopped: bool = False  # by whoever watches the training
    non_finite_in_a_row: int = 0
    loss_scale: tuple[float, int] = (1.0, 0)
    # Mean, lowest mean, steps in a row far above it: see :mod:`laras.tuning.divergence`.
    loss_level: tuple[float | None, float | None, int] = (None, None, 0)

    @property
    def finite_validation_losses(self) -> list[float]:
        """Of each validation whose loss was a number."""
        return [loss for loss in self.validation_losses if loss is not None]

    def validated(self, loss: float) -> bool:
        """The weights after ``step`` have this loss; whether it is the lowest so far."""
        is_number = math.isfinite(loss)
        self.validation_losses.append(loss if is_number else None)
        if is_number and (self.best_loss is None or loss < self.best_loss):
            self.best_loss, self.best_step = loss, self.step
            self.validations_without_gain = 0
            return True
        self.validations_without_gain += 1
        return False


class Scale(Protocol):
    """The factor of the loss."""

    def state(self) -> tuple[float, int]:
        """The factor, and for how many steps it has fitted."""

    def load_state(self, state: tuple[float, int]) -> None:
        """Put back what :meth:`state` gave."""


class Stateful(Protocol):
    """Tensors that have a state: the optimizers, the averages."""

    def state(self) -> dict[str, torch.Tensor]:
        """Every tensor of it, by name."""

    def load_state(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put back what :meth:`state` gave."""
