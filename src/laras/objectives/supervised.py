"""Supervised tuning: the next token, where a message is to be learnt.

Which positions have a label, and what each counts, is decided when a conversation is encoded: the
tokens of its trained messages and what ends their turns, each with the weight of the conversation
times the weight of its message. A message of weight 0 is read and not learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from laras.batches.token_batch import TokenBatch
from laras.objectives.objective import objectives, weight_of

if TYPE_CHECKING:
    from laras.engine.forward import PackedForward


@dataclass(frozen=True, slots=True)
class NextToken:
    """Next-token prediction on the positions of ``tasks`` that have a label."""

    tasks: frozenset[str] = frozenset({"text", "chat", "classification"})
    has_head: bool = False

    def weight(self, batch: TokenBatch) -> float:
        """Sum of the weights of labelled positions."""
        return weight_of(batch)

    def loss(self, forward: PackedForward, batch: TokenBatch) -> torch.Tensor:
        """Weighted sum of negative log-likelihoods, in nats."""
        return forward.loss_sum(batch)


objectives.register("next_token", NextToken())
objectives.register("supervised", NextToken(frozenset({"chat", "classification"})))
