"""What a learning-rate range test says: the losses of a few steps at growing rates.

Smith 2015 ("Cyclical Learning Rates for Training Neural Networks", section 3.3) lets the rate grow
in every step of a short run and looks where the loss begins to fall and where it diverges. The
rates grow exponentially here, and losses are smoothed, since each is of other rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

STEPS = 60
# The rates that are tried, as multiples of the one that would be taken without the test.
LOWEST, HIGHEST = 1e-2, 1e2
DIVERGED = 1.5  # times the lowest loss
_SMOOTHING = 0.8
_BELOW_DIVERGENCE = 10.0
_FALL_WITHIN = 0.25  # in powers of ten of the rate, on each side
_LEAST_FALL = 0.02  # as a share of the loss: less is noise


@dataclass(frozen=True, slots=True)
class RateTest:
    """``rates`` and smoothed ``losses`` of the steps; ``steepest``: the rate where the loss fell
    fastest; ``diverged``: where it left for good, None where it did not; ``suggested``: the former,
    but at most a tenth of the latter; None where the loss never fell."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float | None
    diverged: float | None
    suggested: float | None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def factors(steps: int = STEPS) -> list[float]:
    """What the rate is multiplied by in each of ``steps``, from LOWEST to HIGHEST."""
    last = max(1, steps - 1)
    return [LOWEST * (HIGHEST / LOWEST) ** (step / last) for step in range(steps)]


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether the test can end: the loss is not finite, or left the lowest one far behind."""
    if not losses:
        return False
    if not math.isfinite(losses[-1]):
        return True
    return smoothed(losses)[-1] > DIVERGED * min(smoothed(losses))


def read(rates: Sequence[float], losses: Sequence[float]) -> RateTest:
    """What steps at these ``rates``, with these ``losses``, say."""
    finite = next((n for n, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    kept, curve = list(rates[:finite]), smoothed(losses[:finite])
    diverged = rates[finite] if finite < len(losses) else None
    for place, loss in enumerate(curve):
        if loss > DIVERGED * min(curve[: place + 1]):
            diverged = kept[place]
            break
    steepest = _steepest(kept, curve)
    suggested = steepest
    if steepest is not None and diverged is not None:
        suggested = min(steepest, diverged / _BELOW_DIVERGENCE)
    return RateTest(tuple(kept), tuple(curve), steepest, diverged, _rounded(suggested))


def smoothed(losses: Sequence[float]) -> list[float]:
    """Exponential moving average, corrected for its beginning (Kingma & Ba 2015, section 3)."""
    average, curve = 0.0, []
    for place, loss in enumerate(losses):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        curve.append(average / (1 - _SMOOTHING ** (place + 1)))
    return curve


def _steepest(rates: Sequence[float], curve: Sequence[float]) -> float | None:
    """The rate in the middle of the steepest fall by the logarithm of the rate."""
    best, found = 0.0, None
    for place, rate in enumerate(rates):
        near = [n for n, other in enumerate(rates) if abs(math.log10(other / rate)) <= _FALL_WITHIN]
        first, last = near[0], near[-1]
        if not first < place < last:
            continue
        slope = (curve[last] - curve[first]) / math.log10(rates[last] / rates[first])
        if slope < best and curve[last] < (1 - _LEAST_FALL) * curve[first]:
            best, found = slope, rate
    return found


def _rounded(rate: float | None) -> float | None:
    """To two figures: a test of a few steps knows no more."""
    return None if rate is None else float(f"{rate:.1e}")
