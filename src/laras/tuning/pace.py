"""A training's own forecast of its time, from its first steps: made once, without costing any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from laras.adapters.prepare import transformer_blocks
from laras.batches.pack import Step
from laras.engine.forward import PackedForward
from laras.planning.duration import (
    FORWARD_SHARE,
    Band,
    Besides,
    step_cost,
    step_work,
    training_seconds,
)
from laras.planning.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from laras.tuning.training_data import TrainingData

# The first step is slower than those after it, and two more are the fewest that show a spread.
_LEAST_STEPS = 4
_ENOUGH_SHARE = 0.1  # of all steps, or
_ENOUGH_S = 20.0


def block_width(forward: PackedForward) -> float:
    """Width of a block's products together: its parameters by its channels."""
    blocks = transformer_blocks(forward.causal)
    channels: int = forward.causal.get_input_embeddings().weight.shape[1]
    parameters = sum(part.numel() for block in blocks for part in block.parameters())
    return max(1.0, parameters / max(1, len(blocks)) / channels)


class Pace:
    """Collects what steps took until a forecast can be made of it.

    ``work``: of every step of the training, (steps,); ``validation_work``: of one validation.
    """

    def __init__(
        self,
        work: np.ndarray,
        validation_work: float,
        validate_every: int,
        chosen: Hyperparameters,
    ) -> None:
        self._work = work
        self._validation_work = validation_work
        self._validate_every = validate_every
        self._chosen = chosen
        self._first: int | None = None
        self._seconds: list[float] = []
        self._made = False

    @classmethod
    def of(
        cls,
        forward: PackedForward,
        data: TrainingData,
        steps: Sequence[Step],
        validate_every: int,
        chosen: Hyperparameters,
    ) -> Pace:
        """For ``steps`` over ``data``."""
        watched = [len(example) for example in data.validation]
        width = block_width(forward)
        validation = step_work([Step(0, tuple(range(len(watched))))], watched, width)
        work = step_work(steps, data.train_lengths, width)
        return cls(work, float(validation[0]), validate_every, chosen)

    def stepped(self, step: int, seconds: float) -> Band | None:
        """Told that ``step`` (1-based) took so long; once, the seconds of the whole training."""
        if self._made:
            return None
        self._first = step if self._first is None else self._first
        self._seconds.append(seconds)
        done = len(self._seconds)
        wanted = _ENOUGH_SHARE * len(self._work)
        if done < _LEAST_STEPS or (done < wanted and sum(self._seconds) < _ENOUGH_S):
            return None
        self._made = True
        return self._forecast(self._first)

    def _forecast(self, first: int) -> Band:
        places = slice(first, first - 1 + len(self._seconds))  # all but the first
        cost = step_cost(self._work[places].tolist(), self._seconds[1:])
        steps = cost.seconds(self._work)
        slow = self._seconds[0] - float(steps[first - 1])
        besides = Besides(
            validation=FORWARD_SHARE * cost.rate * self._validation_work, start=max(0.0, slow)
        )
        seconds = training_seconds(steps, besides, self._validate_every, self._chosen)
        return Band.around(seconds, cost.uncertainty)
