"""The learning rate of each step, as a pure function: nothing to save, nothing to restore."""

from __future__ import annotations

import math


def learning_rate_factor(
    step: int, steps: int, warmup_share: float, schedule: str, decay_share: float = 0.2
) -> float:
    """Share of the peak rate at ``step`` (0-based) of ``steps``.

    Linear warm-up that already learns in its first step, then constant, a straight line to zero,
    or half a cosine to zero (Loshchilov & Hutter 2017, equation 5, with one cycle). "wsd":
    constant until the last ``decay_share`` of the steps, in which it falls to zero as 1 - sqrt
    (Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", section 3.1).
    """
    warmup = math.ceil(warmup_share * steps)
    if step < warmup:
        return (step + 1) / warmup
    if schedule == "constant":
        return 1.0
    if schedule == "wsd":
        left, decay = steps - step, decay_share * steps
        return 1.0 if left >= decay else 1.0 - math.sqrt(1.0 - left / decay)
    progress = (step - warmup) / max(1, steps - warmup)
    if schedule == "linear":
        return 1.0 - progress
    return 0.5 * (1.0 + math.cos(math.pi * progress))
