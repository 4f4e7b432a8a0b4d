"""What is minimised. An objective returns sums; the loop divides once, by the global weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch

from laras.batches.token_batch import TokenBatch
from laras.registry import Registry
from laras.tuning.forward import PackedForward


@dataclass(frozen=True, slots=True)
class LossParts:
    """``total``: a sum with its gradient; ``weight``: what to divide it by; ``metrics``: sums."""

    total: torch.Tensor
    weight: float
    metrics: dict[str, float] = field(default_factory=dict)


class Objective(Protocol):
    """``weight`` is known before the forward pass, so that accumulation divides exactly once."""

    def weight(self, batch: TokenBatch) -> float: ...

    def loss(self, forward: PackedForward, batch: TokenBatch) -> LossParts: ...


class NextToken:
    """Next-token prediction on the positions that have a label.

    It serves both supervised tuning and continued pretraining: which tokens are labelled is
    decided when examples are encoded (assistant messages, or all of a document).
    """

    def weight(self, batch: TokenBatch) -> float:
        """Sum of the weights of labelled positions."""
        return float(batch.weights.double().sum())

    def loss(self, forward: PackedForward, batch: TokenBatch) -> LossParts:
        """Weighted sum of negative log-likelihoods."""
        total = forward.loss_sum(batch)
        return LossParts(total, self.weight(batch), {"tokens": float(batch.tokens)})


objectives: Registry[Objective] = Registry("objective")
objectives.register("next_token", NextToken())
