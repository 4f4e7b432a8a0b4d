"""What the loop asks of a model that several processes train, however they hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol

import torch

from laras.distribution.ranks import Ranks
from laras.saving.continuation import Continuation, Parts
from laras.saving.state import TrainingState


class Holding(Protocol):
    """How the weights of a training are held by its processes: whole in each
    (:class:`.replicas.Replicas`), or divided (:class:`.shards.Shards`). All processes call the
    same, in one order.

    ``parameters``: what this process trains; ``trained_parameters``: how many numbers all do;
    ``in_step``: whether all have to make equally many passes through the model.
    """

    parameters: Mapping[str, torch.nn.Parameter]
    trained_parameters: int
    in_step: bool

    def sum_gradients(self) -> None:
        """Leave the sum of all processes' gradients in those of ``parameters``."""

    def gradient_norm(self) -> torch.Tensor:
        """The 2-norm of all gradients as one vector, a scalar; not finite if any of them is not."""

    def gathered(self, parts: Parts) -> Parts:
        """``parts`` with whole tensors, for the main process to save."""

    def whole(self, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """Tensors by the names of parameters, whole, in the main process."""

    def resumed(self, continuation: Continuation, key: str, parts: Parts) -> TrainingState:
        """Bring ``parts`` of all processes to what the main one's ``continuation`` goes on from."""

    def assemble(self, best: Mapping[str, torch.Tensor] | None, parts: Parts) -> None:
        """Give the main process's model its last weights: ``best``, or those that there are where
        the main process has none better."""


def state_of_main(state: TrainingState, ranks: Ranks) -> TrainingState:
    """The main process's ``state``, in all."""
    told = ranks.told_by_main(json.dumps(asdict(state)))
    return TrainingState(**json.loads(told))
