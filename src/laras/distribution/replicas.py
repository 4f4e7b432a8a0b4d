"""A model of which every process that trains it holds all."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from laras.adapters.prepare import trainable
from laras.distribution.gradients import norm_of
from laras.distribution.holding import Holding, state_of_main
from laras.distribution.ranks import Ranks
from laras.saving.continuation import Continuation, Parts
from laras.saving.state import TrainingState


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

    def gradient_norm(self) -> torch.Tensor:
        """The same in every process, as the gradients are."""
        return norm_of(self.parameters.values())

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
        told = state_of_main(state, ranks)
        weights = dict(ranks.each_of_main({**parts.parameters, **parts.average.state()}, device))
        optimizer = dict(ranks.each_of_main(parts.optimizers.state(), device))
        if not ranks.main:
            state = told
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
    from laras.distribution.shards import Shards  # torch's libraries for it take long to load

    return Shards(model, ranks, divided_on)
