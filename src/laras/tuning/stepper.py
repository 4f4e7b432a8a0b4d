"""One optimizer step: the gradients of its micro-batches, then the weights."""

from __future__ import annotations

import math

import torch

from laras.distribution.holding import Holding
from laras.distribution.ranks import Ranks
from laras.engine.forward import PackedForward
from laras.engine.precision import autocast
from laras.objectives.objective import Objective
from laras.optimizers.averaging import WeightAverage
from laras.optimizers.loss_scale import LossScale
from laras.optimizers.optimizer import Optimizers
from laras.planning.hyperparameters import Hyperparameters
from laras.runs.faults import fault_point
from laras.saving.continuation import Parts
from laras.tuning.feed import StepBatches
from laras.tuning.frozen_cache import FrozenCache
from laras.tuning.noise import embedding_noise


class Stepper:
    """What takes the steps of a training, and all that they change.

    Whether a step's gradients are applied, or dropped, is for the loop to decide; all processes of
    a training decide alike.
    """

    def __init__(
        self,
        forward: PackedForward,
        objective: Objective,
        holding: Holding,
        chosen: Hyperparameters,
        precision: torch.dtype,
        ranks: Ranks,
    ) -> None:
        """``holding``: of the model of ``forward``, in ``ranks``."""
        self.forward = forward
        self.objective = objective
        self.holding = holding
        self.chosen = chosen
        self.precision = precision
        self.ranks = ranks
        self.device = next(forward.model.parameters()).device
        trained, decay = holding.parameters, chosen.averaging_decay
        self.optimizers = Optimizers(forward.model, chosen, trained)
        self.loss_scale = LossScale(precision)
        self.average = WeightAverage(trained, decay, forward.refresh)
        self.parts = Parts(trained, self.optimizers, self.average, self.loss_scale, forward.refresh)

    def gradients(
        self, now: StepBatches, done: int, frozen: FrozenCache | None
    ) -> tuple[float, float]:
        """Compute the gradients of a step, over as many micro-batches as memory asks for.

        ``done``: steps that were taken before; ``frozen``: where streams of frozen blocks are kept.
        Returns the step's mean loss in all processes and its gradients' 2-norm; either is not
        finite where something of it is not.
        """
        losses = []
        self.ranks.draw_anew(self.chosen.seed, done)
        for batch, places in zip(now.batches, now.places, strict=True):
            if frozen is not None:
                batch = frozen.with_stream(batch, places)
            noise = embedding_noise(self.forward.model, batch, self.chosen.embedding_noise)
            with self.forward.for_both_passes():
                with autocast(self.precision, self.device), noise:
                    share = self.objective.loss(self.forward, batch)
                if fault_point("loss"):
                    share = share * math.nan
                (share * self.loss_scale.value).backward()  # type: ignore[no-untyped-call]
            losses.append(share.detach())
            fault_point("step")
        self.holding.sum_gradients()
        # Read in one transfer: each waits for all that a GPU was asked for, and lets it run dry.
        length = self.holding.gradient_norm().to(self.device)
        *shares, norm = torch.stack([*losses, length]).tolist()
        (loss,) = self.ranks.sum(math.fsum(shares))
        fault_point("backward")
        return loss, norm / self.loss_scale.value

    def apply(self, norm: float, factor: float, done: int) -> None:
        """Change the weights by gradients of this 2-norm, clipped, at ``factor`` of the peak
        learning rate. ``done``: steps, with this one."""
        clip = min(1.0, self.chosen.max_gradient_norm / (norm + 1e-6))
        self.optimizers.step(factor, clip / self.loss_scale.value)
        self.forward.refresh()
        self.average.update(done)
        self.loss_scale.fitted()
