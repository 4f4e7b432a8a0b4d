"""In which order examples are seen: a pure function of seed, epoch and number of examples."""

from __future__ import annotations

import numpy as np


def order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Permutation (count,) int64 of the examples for one epoch.

    Philox is counter-based and keyed, so the order of epoch 7 needs no epoch before it, and a
    resumed run can't fall into another order.
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return generator.permutation(count)
