"""The examples of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from laras.adapters.soft_prompt import BegunWith, begun_with
from laras.batches.token_batch import EncodedExample
from laras.tuning.feed import Encoded


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is trained on and what is watched. ``validation`` may be empty."""

    train: Encoded
    train_lengths: Sequence[int] | np.ndarray
    validation: Sequence[EncodedExample]

    def begun_with(self, ids: Sequence[int]) -> TrainingData:
        """The same examples behind the virtual tokens ``ids``."""
        if not ids:
            return self
        return TrainingData(
            BegunWith(ids, self.train),
            np.asarray(self.train_lengths) + len(ids),
            [begun_with(ids, example) for example in self.validation],
        )
