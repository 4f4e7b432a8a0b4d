"""The loss on examples that are held out, as training watches it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from laras.batches.pack import by_length
from laras.batches.prefetch import prefetched
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.distribution.ranks import Ranks
from laras.engine.forward import PackedForward
from laras.engine.precision import autocast
from laras.objectives.objective import Objective
from laras.runs.faults import fault_point


@torch.no_grad()
def mean_loss(
    forward: PackedForward,
    objective: Objective,
    examples: Sequence[EncodedExample],
    micro_batch_tokens: int,
    precision: torch.dtype,
    ranks: Ranks | None = None,
    in_step: bool = False,
) -> float:
    """The sum over all ``examples`` by the sum of their weights, in float64, in evaluation mode.
    ``ranks``: the processes among which the examples are divided, ``in_step``: so that each makes
    as many passes as any other."""
    ranks = ranks or Ranks()
    model = forward.model
    device = next(model.parameters()).device

    def collated(places: list[int]) -> tuple[TokenBatch, float]:
        batch = collate([examples[place] for place in places], cut=True)
        return batch.to(device), objective.weight(batch)

    groups = by_length([len(example) for example in examples], micro_batch_tokens)
    own = groups[ranks.rank :: ranks.count]
    passes = -(-len(groups) // ranks.count) if in_step else len(own)
    filled = [*own, *groups[:1] * (passes - len(own))]
    total = weight = 0.0
    training = model.training
    model.eval()
    try:
        with prefetched(collated, filled) as batches:
            for place, (batch, part) in enumerate(batches):
                with autocast(precision, device):
                    loss = float(objective.loss(forward, batch))
                if place < len(own):
                    total, weight = total + loss, weight + part
                fault_point("validation")
    finally:
        model.train(training)
    total, weight = ranks.sum(total, weight)
    return total / max(weight, 1e-12)
