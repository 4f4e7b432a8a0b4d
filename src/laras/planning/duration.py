"""How long a training takes, from the seconds of a few of its steps.

    seconds of a step = base + rate x work,      work = sum over its examples of  n + n^2 / w

with n tokens of an example, and w the width of all products of a block together: a token costs
2 x parameters of a block in products, and about 2 x channels for each token that it looks back
on. The base is what every step costs, whatever is in it: the optimizer, and Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from laras.batches.pack import Step
from laras.planning.hyperparameters import Hyperparameters

# By how much the same work differs from one time to another on the same machine, as a share:
# heat, and what else computes there. No forecast is surer than that.
_MACHINE = 0.1
# Steps that differ less in their work can't tell what each step costs and what its work does.
_LEAST_SPREAD = 1.3
# A forward pass alone, as a share of a step: where no validation was timed yet.
FORWARD_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Band:
    """A forecast ``value``, and between what it is expected to lie."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, uncertainty: float) -> Band:
        """From ``value / (1 + u)`` to ``value x (1 + u)``."""
        return cls(value, value / (1 + uncertainty), value * (1 + uncertainty))

    def __add__(self, other: Band) -> Band:
        # What is wrong in one part may well be wrong in the same way in the other: a busy machine.
        return Band(self.value + other.value, self.low + other.low, self.high + other.high)

    def as_json(self) -> dict[str, float]:
        """``value``, ``low``, ``high``."""
        return {"value": self.value, "low": self.low, "high": self.high}


NOTHING = Band(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class StepCost:
    """Seconds of a step by its work; ``uncertainty`` of a sum of many steps, as a share."""

    base_s: float
    rate: float
    uncertainty: float

    def seconds(self, work: np.ndarray) -> np.ndarray:
        """Of each step, (steps,)."""
        return self.base_s + self.rate * work


def step_work(
    steps: Sequence[Step], lengths: Sequence[int] | np.ndarray, width: float
) -> np.ndarray:
    """Work of each of ``steps``, (steps,) float64, in tokens; ``lengths``: tokens of the examples.
    ``width``: of a block's products (see above)."""
    sizes = np.asarray(lengths, dtype=np.float64)
    each = sizes + sizes**2 / width
    return np.array([each[list(step.examples)].sum() for step in steps], dtype=np.float64)


def step_cost(work: Sequence[float], seconds: Sequence[float]) -> StepCost:
    """The cost that steps of ``work`` took so many ``seconds``; at least one.

    Least squares where their work differs enough to tell base and rate apart; else all is rate.
    """
    done, took = np.asarray(work, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    base, rate = 0.0, float(took.sum() / max(done.sum(), 1.0))
    if len(done) >= 3 and done.max() > _LEAST_SPREAD * done.min():
        slope, intercept = np.polyfit(done, took, 1)
        if slope > 0 and intercept > 0:
            base, rate = float(intercept), float(slope)
    expected = base + rate * done
    spread = float(np.std(took / np.maximum(expected, 1e-9))) if len(done) > 1 else 1.0
    # Two standard errors of the mean.
    return StepCost(base, rate, math.hypot(_MACHINE, 2 * spread / math.sqrt(len(done))))


@dataclass(frozen=True, slots=True)
class Besides:
    """Seconds of what a training does beside its steps: one validation, keeping the best weights,
    a checkpoint, taking the best weights at the end; ``start``: more in the first steps than
    later ones would have taken, since kernels are made and memory is got for the first time."""

    validation: float = 0.0
    keeping: float = 0.0
    checkpoint: float = 0.0
    taking: float = 0.0
    start: float = 0.0


def training_seconds(
    steps: np.ndarray, besides: Besides, validate_every: int, chosen: Hyperparameters
) -> float:
    """Of the whole loop: ``steps`` seconds of each step, (steps,). Every validation is counted as
    one that finds better weights, none as one that ends the training."""
    validations = validations_in(len(steps), validate_every)
    seconds = float(steps.sum()) + besides.start + besides.taking
    seconds += validations * (besides.validation + besides.keeping)
    return seconds + checkpoints_in(seconds, len(steps), chosen) * besides.checkpoint


def validations_in(steps: int, every: int) -> int:
    """How many validations there are: one after each ``every`` steps, and one at the end."""
    return math.ceil(steps / max(1, every))


def checkpoints_in(seconds: float, steps: int, chosen: Hyperparameters) -> int:
    """How many checkpoints are saved in ``seconds`` of training."""
    if chosen.checkpoint_every_steps is not None:
        return steps // chosen.checkpoint_every_steps
    # One is saved after the first step that ends later than this, half a step late on average.
    period = chosen.checkpoint_every_s + seconds / max(1, steps) / 2
    return int(seconds // period)
