"""Somebody outside who looks at a training as it goes, and may end it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laras.batches.encoded import EncodedExample


class Watcher(Protocol):
    """Told what the validation loss is measured on, then of each measurement."""

    def begins(self, objective: str, validation: Sequence[EncodedExample]) -> None:
        """The training is about to begin; what is raised here keeps it from that."""

    def validated(self, step: int, steps: int, losses: Sequence[float]) -> bool:
        """Whether to stop, after the last of ``losses`` (nats per token; perhaps not finite) was
        measured at ``step`` of ``steps``. Those before it are the finite ones of this training,
        also of the time before it was interrupted. Not asked after the last step."""
