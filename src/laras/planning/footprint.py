"""How much room a training takes on the disk."""

from __future__ import annotations

from laras.planning.hyperparameters import Hyperparameters
from laras.planning.memory import STATE_BYTES

_FLOAT32 = 4
# A checkpoint is only begun where twice its size is free (saving/checkpoint.py).
_FREE_FOR_ONE = 2


def disk_bytes(chosen: Hyperparameters, parameters: int, trained: int) -> int:
    """Bytes of checkpoints, the best weights and the result while they are all there, with
    ``parameters`` of the base and ``trained`` ones; what frozen blocks keep comes on top."""
    weights = _FLOAT32 * trained
    averages = 0 if chosen.averaging_decay is None else weights
    checkpoint = weights + averages + STATE_BYTES[chosen.optimizer] * trained
    # What is frozen is saved with the rest, unless an adapter stands beside it.
    result = _FLOAT32 * parameters if chosen.method in ("full", "freeze") else weights
    return round((chosen.keep_checkpoints + _FREE_FOR_ONE) * checkpoint + weights + result)
