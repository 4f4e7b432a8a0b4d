"""An example in tokens, as it is kept on disk; here for those who need no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class EncodedExample:
    """An example in tokens.

    ``input_ids`` (L,) int32. ``trained`` (L,) bool: whether the token at this place is one the
    model learns to produce; the first token of an example never is, nothing precedes it.
    ``weight``: what each trained token counts in the loss: one number, or (L,) float32 where the
    messages of a conversation count differently. ``text_bytes``: UTF-8 bytes of the trained text,
    for bits per byte.
    """

    example_id: str
    input_ids: np.ndarray
    trained: np.ndarray
    weight: float | np.ndarray = 1.0
    text_bytes: int = 0

    def __len__(self) -> int:
        return len(self.input_ids)
