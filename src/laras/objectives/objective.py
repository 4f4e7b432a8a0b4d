"""What an objective is. It gives sums; the loop divides once, by the weight of the step.

Other packages add theirs under the entry point group ``laras.objective``; a recipe names it in
``tuning.objective`` or in a contender's ``objective``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

from laras.batches.token_batch import TokenBatch
from laras.registry import Registry

if TYPE_CHECKING:
    from laras.engine.forward import PackedForward


class Objective(Protocol):
    """``weight`` is known before the forward pass, so that accumulation divides exactly once."""

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks of the examples it learns from: "text", "chat", "classification"."""

    @property
    def has_head(self) -> bool:
        """Whether labels are classes of a head on the model (:mod:`laras.models.classifier`)
        rather than texts that it writes."""

    def weight(self, batch: TokenBatch) -> float:
        """What the sum over this batch is to be divided by, together with all of its step."""

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """The sum over this batch, a scalar with its gradient."""


objectives: Registry[Objective] = Registry("objective")


def weight_of(batch: TokenBatch) -> float:
    """Sum of the weights of the positions that have a label."""
    return float(batch.weights.double().sum())
