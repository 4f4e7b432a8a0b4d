"""The loss on examples that are held out, as training watches it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from laras.batches.pack import by_length
from laras.batches.prefetch import prefetched
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.engine.forward import PackedForward
from laras.tuning.objectives.objective import Objective
from laras.tuning.precision import autocast


@torch.no_grad()
def mean_loss(
    forward: PackedForward,
    objective: Objective,
    examples: Sequence[EncodedExample],
    micro_batch_tokens: int,
    precision: torch.dtype,
) -> float:
    """The sum over all ``examples`` by the sum of their weights, in float64, in evaluation mode."""
    model = forward.model
    device = next(model.parameters()).device

    def collated(places: list[int]) -> tuple[TokenBatch, float]:
        batch = collate([examples[place] for place in places], cut=True)
        return batch.to(device), objective.weight(batch)

    groups = by_length([len(example) for example in examples], micro_batch_tokens)
    total = weight = 0.0
    training = model.training
    model.eval()
    try:
        with prefetched(collated, groups) as batches:
            for batch, part in batches:
                with autocast(precision, device):
                    total += float(objective.loss(forward, batch))
                weight += part
    finally:
        model.train(training)
    return total / max(weight, 1e-12)
