"""Prompts that wait to be answered, and rows that are: by our own decoder, or by a model's forward.

Our own decoder takes waiting rows in as soon as others have left enough slots, so that many are
read together to the end. Padded rows come in batches, one after the other.

R live rows, V vocabulary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from laras.engine.cached import CachedDecoder
from laras.evaluation.beginnings import Batch, in_order, shared_beginnings
from laras.evaluation.cached_rows import CachedRows
from laras.evaluation.padded_rows import PaddedRows

# Reading prompts is a pass of its own: so much has to be free before the next ones are let in.
_LEAST_FREE = 0.25


class Rows(Protocol):
    """Rows that are in reading. Live are those that were admitted and kept, in that order."""

    def admit(self) -> tuple[list[int], torch.Tensor] | None:
        """Read prompts that were waiting: their places, and logits (new rows, V) behind them. None
        where none is left, or has room now; there is always room where no row is live."""

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one more token (R,) of each live row: logits (R, V) behind it."""

    def keep(self, places: np.ndarray) -> None:
        """Go on with these of the live rows, ascending; drop the others."""


class CachedQueue:
    """``prompts`` for our own decoder, each with ``room`` tokens behind it, in ``budget`` slots;
    more where a single one needs them."""

    def __init__(
        self, decoder: CachedDecoder, prompts: Sequence[Sequence[int]], budget: int, room: int
    ) -> None:
        self._prompts = prompts
        self._room = room
        self._shared = shared_beginnings(prompts)
        self._waiting = deque(in_order(prompts, self._shared))
        longest = max(map(len, prompts)) + room
        enough = sum(map(len, prompts)) + room * len(prompts)
        self._rows = CachedRows(decoder, max(longest, min(budget, enough)), longest)

    def admit(self) -> tuple[list[int], torch.Tensor] | None:
        """See :class:`Rows`."""
        if not self._waiting or (len(self._rows) and self._rows.free < _LEAST_FREE):
            return None
        new = []
        while self._waiting:
            row = self._waiting[0]
            if not self._rows.place(self._prompts[row], self._shared[row], self._room):
                break
            new.append(self._waiting.popleft())
        return (new, self._rows.read()) if new else None

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """See :class:`Rows`."""
        return self._rows.step(tokens)

    def keep(self, places: np.ndarray) -> None:
        """See :class:`Rows`."""
        self._rows.keep(places)


class PaddedQueue:
    """``batches`` of ``prompts`` for the model's own forward, ``room`` tokens behind each."""

    def __init__(
        self, causal: Any, prompts: Sequence[Sequence[int]], batches: Sequence[Batch], room: int
    ) -> None:
        self._causal = causal
        self._prompts = prompts
        self._waiting = deque(batches)
        self._room = room
        self._rows: PaddedRows | None = None

    def admit(self) -> tuple[list[int], torch.Tensor] | None:
        """See :class:`Rows`."""
        if not self._waiting or (self._rows is not None and len(self._rows)):
            return None
        batch = self._waiting.popleft()
        self._rows = None  # its cache goes before the next one is made
        prompts = [self._prompts[row] for row in batch.rows]
        self._rows = PaddedRows(self._causal, prompts, batch.shared[0], self._room)
        return list(batch.rows), self._rows.start()

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """See :class:`Rows`."""
        assert self._rows is not None
        return self._rows.step(tokens)

    def keep(self, places: np.ndarray) -> None:
        """See :class:`Rows`."""
        assert self._rows is not None
        self._rows.keep(places)
