"""What is minimised. An objective gives sums; the loop divides once, by the weight of the step."""

from __future__ import annotations

from typing import Protocol

import torch

from laras.batches.token_batch import TokenBatch
from laras.registry import Registry
from laras.tuning.forward import PackedForward


class Objective(Protocol):
    """``weight`` is known before the forward pass, so that accumulation divides exactly once."""

    def weight(self, batch: TokenBatch) -> float:
        """What the sum over this batch is to be divided by, together with all of its step."""

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """The sum over this batch, a scalar with its gradient."""


class NextToken:
    """Next-token prediction on the positions that have a label.

    It serves both supervised tuning and continued pretraining: which tokens are labelled is
    decided when examples are encoded (assistant messages, or all of a document).
    """

    def weight(self, batch: TokenBatch) -> float:
        """Sum of the weights of labelled positions."""
        return float(batch.weights.double().sum())

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """Weighted sum of negative log-likelihoods, in nats."""
        return forward.loss_sum(batch)


objectives: Registry[Objective] = Registry("objective")
objectives.register("next_token", NextToken())
