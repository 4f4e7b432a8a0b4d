"""A learning-rate range test: a few steps on training batches, each at a higher rate."""

from __future__ import annotations

from collections.abc import Sequence

from laras.errors import GuardStopped
from laras.planning import rate_test
from laras.threads import placed
from laras.tuning.feed import StepBatches
from laras.tuning.loop import Training


class RateTest(Training):
    """A training of a few steps, each at a higher rate than the one before."""

    factors: Sequence[float] = ()

    def measure(self) -> rate_test.RateTest:
        """Losses at growing rates, until they diverge; the weights are of no use afterwards."""
        self.factors = rate_test.factors()
        self.losses: list[float] = []
        self.model.train()
        steps = [self.steps[place % len(self.steps)] for place in range(len(self.factors))]
        with self.feed().prefetched(steps) as coming, placed(self.device.type == "cpu") as look:
            for batches in coming:
                try:
                    self._step(batches)
                except GuardStopped:  # it has diverged, which is what was to be found out
                    break
                look()
                if rate_test.has_diverged(self.losses):
                    break
        rates = [self.chosen.learning_rate * factor for factor in self.factors]
        return rate_test.read(rates[: len(self.losses)], self.losses)

    def _rate_factor(self) -> float:
        return self.factors[self.state.step]

    def _report(
        self, now: StepBatches, loss: float, norm: float, factor: float, seconds: float
    ) -> None:
        self.losses.append(loss)
        super()._report(now, loss, norm, factor, seconds)
