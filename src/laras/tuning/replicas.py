"""A model of which every process that trains it holds all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol

import torch

from laras.adapters.prepare import trainable
from laras.distribution.ranks import Ranks
from laras.tuning.continuation import Continuation, Parts
from laras.tuning.optimizer import Optimizers
from laras.tuning.state import TrainingState


class Holding(Protocol):
    """How the weights of a training are held by its processes: whole in each (:class:`Replicas`),
    or divided (:class:`laras.tuning.shards.Shards`). All processes call the same, in one order.

    ``parameters``: what this process trains; ``trained_parameters``: how many numbers all do;
    ``in_step``: whether all have to make equally many passes through the model.
    """

    parameters: Mapping[str, torch.nn.Parameter]
    trained_parameters: int
    in_step: bool

    def sum_gradients(self) -> None:
        """Leave the sum of all processes' gradients in those of ``parameters``."""

    def gradient_norm(self, optimizers: Optimizers) -> torch.Tensor:
        """The 2-norm of all gradients as one vector, a scalar; not finite if any of them is not.
        ``optimizers``: of ``parameters``."""

    def gathered(self, parts: Parts) -> Parts:
        """``parts`` with whole tensors, for the main process to save."""

    def whole(self, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """Tensors by the names of parameters, whole, in the main process."""

    def resumed(self, continuation: Continuation, key: str, parts: Parts) -> TrainingState:
        """Bring ``parts`` of all processes to what the main one's ``continuation`` goes on from."""

    def assemble(self, best: Mapping[str, torch.Tensor] | None, parts: Parts) -> None:
        """Give the main process's model its last weights: ``best``, or those that there are where
        the main process has none better."""


class Replicas:
    """Each process has all weights, and applies the same sum of gradients to them."""

    in_step = False

    def __init__(self, model: torch.nn.Module, ranks: Ranks) -> None:
        self._ranks, self._device = ranks, next(model.parameters()).device
        self.parameters: Mapping[str, torch.nn.Parameter] = trainable(model)
        self.trained_parameters = sum(part.numel() for part in self.parameters.values())

    def sum_gradients(self) -> None:
        """In messages of many gradients each, once a step."""
        self._ranks.sum_gradients(self.parameters.values())

    def gradient_norm(self, optimizers: Optimizers) -> torch.Tensor:
        """The same in every process, as the gradients are."""
        return optimizers.gradient_norm()

    def gathered(self, parts: Parts) -> Parts:
        """They are whole."""
        return parts

    def whole(self, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """They are whole."""
        return tensors

    def resumed(self, continuation: Continuation, key: str, parts: Parts) -> TrainingState:
        """The main process reads, and the others get all of it from there: a checkpoint has one
        reader, and first weights are equal to the bit, too."""
        ranks, device = self._ranks, self._device
        if ranks.count == 1:
            return continuation.resume(key, parts)
        state = continuation.resume(key, parts) if ranks.main else TrainingState(key=key)
        told = json.loads(ranks.told_by_main(json.dumps(asdict(state))))
        weights = dict(ranks.each_of_main({**parts.parameters, **parts.average.state()}, device))
        optimizer = dict(ranks.each_of_main(parts.optimizers.state(), device))
        if not ranks.main:
            state = TrainingState(**told)
            parts.load_weights(weights)
            parts.average.load_state(weights)
            parts.loss_scale.load_state(state.loss_scale)
            if optimizer:
                parts.optimizers.load_state(optimizer)
        return state

    def assemble(self, best: Mapping[str, torch.Tensor] | None, parts: Parts) -> None:
        """Only copies; the others' models are not used any more."""
        if best is not None:
            parts.load_weights(best)


def held(model: torch.nn.Module, ranks: Ranks, divided_on: torch.device | None) -> Holding:
    """``model``, whole in each of ``ranks``, or divided among them on a device of each."""
    if divided_on is None:
        return Replicas(model, ranks)
    from laras.tuning.shards import Shards  # torch's libraries for it take long to load

    return Shards(model, ranks, divided_on)
