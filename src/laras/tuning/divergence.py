"""A loss that has left its level for good, told from one that is only noisy."""

from __future__ import annotations

import math

from laras.errors import GuardStopped
from laras.translation import _

TIMES = 3.0  # the lowest level
NATS = 1.0  # and this much above it: three times nearly nothing is noise
STEPS = 10  # in a row; a single batch of odd rows is no divergence
_KEPT = 0.9  # share of the level that a step leaves as it was

Level = tuple[float | None, float | None, int]


class DivergenceGuard:
    """Looks at each step's loss (nats per token). ``stops``: it ends the training, else it tells.

    The level is the losses' moving mean; what counts is the lowest that it ever was, so that a
    training that climbs slowly is noticed as well.
    """

    def __init__(self, stops: bool) -> None:
        self.stops = stops
        self.level: float | None = None
        self.lowest: float | None = None
        self.high_in_a_row = 0

    @property
    def holds_checkpoints(self) -> bool:
        """Whether none should be saved now: what is kept is to be from before the loss rose."""
        return self.stops and self.high_in_a_row > 0

    def state(self) -> Level:
        """What shapes its later decisions."""
        return self.level, self.lowest, self.high_in_a_row

    def load_state(self, state: Level) -> None:
        """Put back what :meth:`state` gave."""
        self.level, self.lowest, self.high_in_a_row = state

    def seen(self, loss: float) -> bool:
        """A step had this loss; whether the training is found to diverge at this very step.

        One that is not finite says nothing here: another guard counts those.
        """
        if not math.isfinite(loss):
            return False
        if self.lowest is not None and loss > max(TIMES * self.lowest, self.lowest + NATS):
            self.high_in_a_row += 1
            return self.high_in_a_row == STEPS
        self.high_in_a_row = 0
        self.level = loss if self.level is None else _KEPT * self.level + (1 - _KEPT) * loss
        self.lowest = self.level if self.lowest is None else min(self.lowest, self.level)
        return False

    def told(self, loss: float) -> str:
        """What there is to say of it, after :meth:`seen` found it with this loss."""
        return self.stopped(0, loss).what

    def stopped(self, step: int, loss: float) -> GuardStopped:
        """The error for a training that ends here."""
        return GuardStopped(
            "tuning.diverged",
            _(
                "The loss was {loss:.2f} nats per token and has been far above its lowest level, "
                "{lowest:.2f}, for {steps} steps: the training diverges."
            ).format(loss=loss, lowest=self.lowest or 0.0, steps=STEPS),
            where=_("step {step}").format(step=step),
            hint=_(
                "The best weights and the last good checkpoint are kept. Lower "
                "tuning.learning_rate and give the command with --allow-change, which goes on from "
                "that checkpoint; or set tuning.divergence: warn."
            ),
        )
