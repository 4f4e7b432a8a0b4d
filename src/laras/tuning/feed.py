"""The micro-batches of a step, ready to be computed; made in a thread while a step before runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import torch

from laras.batches.pack import Step, best_fit, spread
from laras.batches.prefetch import prefetched
from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.objectives.objective import Objective


class Encoded(Protocol):
    """A sequence of encoded examples, in memory or mapped from disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> EncodedExample: ...


@dataclass(frozen=True, slots=True)
class StepBatches:
    """A step, cut into what memory holds. The weights of ``batches`` are divided by the weight of
    the whole step, so that their losses add up to its mean. ``places``: of the examples of each, in
    the data set. ``tokens``, of the examples as they are given, and ``example_ids`` are the whole
    step's, of which another process may compute a part."""

    step: Step
    batches: tuple[TokenBatch, ...]
    places: tuple[tuple[int, ...], ...]
    tokens: int
    example_ids: list[str]


@dataclass(frozen=True, slots=True)
class Feed:
    """Makes micro-batches of at most ``micro_batch_tokens`` of the ``examples`` of each step, or of
    the share of them that number ``rank`` of ``ranks`` processes takes. ``in_step``: each process
    gets as many as any other; those that fill up weigh nothing."""

    examples: Encoded
    micro_batch_tokens: int
    objective: Objective
    device: torch.device
    share_prefixes: bool = False
    rank: int = 0
    ranks: int = 1
    in_step: bool = False

    def prefetched(self, steps: Sequence[Step]) -> AbstractContextManager[Iterator[StepBatches]]:
        """The batches of ``steps`` in turn, those of the next two made in advance."""
        return prefetched(self.batches_of, steps)

    def batches_of(self, step: Step) -> StepBatches:
        """Collated, weighted and on their way to the device."""
        chosen = [self.examples[index] for index in step.examples]
        lengths = [len(example) for example in chosen]
        shares = [
            [[share[n] for n in group] for group in self._groups([lengths[at] for at in share])]
            for share in spread(lengths, self.ranks)
        ]
        made = [
            [
                collate([chosen[n] for n in group], cut=True, share_prefixes=self.share_prefixes)
                for group in groups
            ]
            for groups in shares
        ]
        # Known before the first backward pass, and the same for every micro-batch of every process:
        # accumulation equals one large batch, the last partial step of an epoch included. To make
        # what others compute takes less than to ask them for its weight.
        batches = [batch for share in made for batch in share]
        weight = max(sum(self.objective.weight(batch) for batch in batches), 1e-12)
        own = [batch.scaled(weight) for batch in made[self.rank]]
        places = [tuple(step.examples[n] for n in group) for group in shares[self.rank]]
        if self.in_step:
            lacking = max(len(share) for share in made) - len(own)
            own += [batches[0].scaled(math.inf)] * lacking
            places += [()] * lacking
        return StepBatches(
            step,
            tuple(batch.to(self.device) for batch in own),
            tuple(places),
            tokens=sum(batch.source_tokens for batch in batches),
            example_ids=[name for batch in batches for name in batch.example_ids],
        )

    def _groups(self, lengths: Sequence[int]) -> list[list[int]]:
        return best_fit(lengths, self.micro_batch_tokens)
