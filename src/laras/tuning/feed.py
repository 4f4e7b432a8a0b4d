"""The micro-batches of a step, ready to be computed; made in a thread while a step before runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import torch

from laras.batches.pack import Step, best_fit
from laras.batches.prefetch import prefetched
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.tuning.objectives.objective import Objective


class Encoded(Protocol):
    """A sequence of encoded examples, in memory or mapped from disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> EncodedExample: ...


@dataclass(frozen=True, slots=True)
class StepBatches:
    """A step, cut into what memory holds. The weights of ``batches`` are divided by the weight of
    the whole step, so that their losses add up to its mean. ``places``: of the examples of each, in
    the data set."""

    step: Step
    batches: tuple[TokenBatch, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def tokens(self) -> int:
        """Of the examples as they are given."""
        return sum(batch.source_tokens for batch in self.batches)

    @property
    def example_ids(self) -> list[str]:
        """Their names."""
        return [name for batch in self.batches for name in batch.example_ids]


@dataclass(frozen=True, slots=True)
class Feed:
    """Makes micro-batches of at most ``micro_batch_tokens`` of the ``examples`` of each step."""

    examples: Encoded
    micro_batch_tokens: int
    objective: Objective
    device: torch.device
    share_prefixes: bool = False

    def prefetched(self, steps: Sequence[Step]) -> AbstractContextManager[Iterator[StepBatches]]:
        """The batches of ``steps`` in turn, those of the next two made in advance."""
        return prefetched(self.batches_of, steps)

    def batches_of(self, step: Step) -> StepBatches:
        """Collated, weighted and on their way to the device."""
        chosen = [self.examples[index] for index in step.examples]
        groups = best_fit([len(example) for example in chosen], self.micro_batch_tokens)
        batches = [
            collate([chosen[n] for n in group], cut=True, share_prefixes=self.share_prefixes)
            for group in groups
        ]
        # Known before the first backward pass, and the same for every micro-batch: accumulation
        # equals one large batch, the last partial step of an epoch included.
        weight = max(sum(self.objective.weight(batch) for batch in batches), 1e-12)
        return StepBatches(
            step,
            tuple(batch.scaled(weight).to(self.device) for batch in batches),
            tuple(tuple(step.examples[n] for n in group) for group in groups),
        )
