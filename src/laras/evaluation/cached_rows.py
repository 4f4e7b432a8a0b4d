"""Rows that our own decoder reads and goes on with, each in slots of its own.

Shapes: R live rows, n tokens, w wanted positions, V vocabulary, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from laras.engine.cached import CachedDecoder, NewTokens
from laras.evaluation.slots import Slots


@dataclass(slots=True)
class _Beginning:
    """What several rows begin with: its first slot, its tokens, and how many rows have it now."""

    start: int
    tokens: np.ndarray
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A row's tokens, the key of what it shares, the first of its own slots, and their number."""

    tokens: np.ndarray
    key: bytes
    start: int
    slots: int


class CachedRows:
    """Rows in at most ``slots`` slots, at positions below ``positions``.

    A row is placed, read together with others that were placed, and live until it is dropped: its
    slots are free for another one then. One set of rows of a decoder at a time.
    """

    def __init__(self, decoder: CachedDecoder, slots: int, positions: int) -> None:
        decoder.reserve(slots, positions)
        self._decoder = decoder
        self._slots = Slots(slots)
        self._beginnings: dict[bytes, _Beginning] = {}
        self._unread: list[bytes] = []  # beginnings that were placed
        self._placed: list[_Row] = []
        self._live: list[_Row] = []
        # For each live row: start and length of what it shares, start and length of its own.
        self._spans = np.empty((0, 4), dtype=np.int64)

    @classmethod
    def of(
        cls,
        decoder: CachedDecoder,
        sequences: Sequence[Sequence[int] | np.ndarray],
        shared: Sequence[int],
        room: int = 0,
    ) -> CachedRows:
        """All of these rows, placed."""
        beginnings = {tuple(row[:length]) for row, length in zip(sequences, shared, strict=True)}
        own = sum(map(len, sequences)) - sum(shared) + room * len(sequences)
        longest = max(map(len, sequences))
        rows = cls(decoder, own + sum(map(len, beginnings)), longest + room)
        for row, length in zip(sequences, shared, strict=True):
            rows.place(row, length, room)
        return rows

    def __len__(self) -> int:
        return len(self._live)

    @property
    def free(self) -> float:
        """The share of slots that nobody has."""
        return self._slots.free / self._slots.count

    def place(self, tokens: Sequence[int] | np.ndarray, shared: int, room: int) -> bool:
        """Find slots for a row, its first ``shared`` tokens together with others that begin with
        them; ``room`` tokens may follow it. False where there are none now."""
        own = np.asarray(tokens, dtype=np.int64)
        key = own[:shared].tobytes()
        is_new = bool(shared) and key not in self._beginnings
        begins = self._slots.take(shared) if is_new else 0
        if begins is None:
            return False
        count = len(own) - shared + room
        start = self._slots.take(count)
        if start is None:
            if is_new:
                self._slots.give(begins, shared)
            return False
        if is_new:
            self._beginnings[key] = _Beginning(begins, own[:shared])
            self._unread.append(key)
        if shared:
            self._beginnings[key].rows += 1
        self._placed.append(_Row(own, key if shared else b"", start, count))
        return True

    def read(self) -> torch.Tensor:
        """Read what was placed: logits (new rows, V) behind the last token of each."""
        last = [np.array([len(row.tokens) - 1]) for row in self._placed]
        return self._decoder.logits(self.hidden(last))

    def hidden(self, wanted: Sequence[np.ndarray]) -> torch.Tensor:
        """Read what was placed: normalised last hidden states (w, C) at positions ``wanted`` of
        each, one row's after the other's. No position is wanted of what a row shares."""
        rows = self._placed
        places = []
        for row in rows:
            beginning = self._beginnings.get(row.key)
            start, length = (
                (0, 0) if beginning is None else (beginning.start, len(beginning.tokens))
            )
            places.append((start, length, row.start, len(row.tokens) - length))
        spans = np.array(places, dtype=np.int64).reshape(-1, 4)
        whole = spans[:, 1] == 0
        owners = np.repeat(whole, [len(positions) for positions in wanted])
        read = self._read_whole(spans, np.flatnonzero(whole), wanted)
        behind = self._read_behind(spans, np.flatnonzero(~whole), wanted)
        self._unread, self._placed = [], []
        self._live += rows
        self._spans = np.concatenate([self._spans, spans])
        if behind is None or read is None:
            found = behind if read is None else read
            assert found is not None
            return found
        found = read.new_empty(len(owners), read.shape[1])
        found[torch.from_numpy(np.flatnonzero(owners))] = read
        found[torch.from_numpy(np.flatnonzero(~owners))] = behind
        return found

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read one more token (R,) of each live row: logits (R, V) behind it."""
        self._spans[:, 3] += 1
        spans = self._spans.copy()
        positions = spans[:, 1] + spans[:, 3] - 1
        new = NewTokens(tokens, positions, spans[:, 2] + spans[:, 3] - 1, spans)
        return self._decoder.logits(self._decoder.extend(new))

    def branch(
        self, row: np.ndarray, tokens: np.ndarray, depth: np.ndarray, lineage: np.ndarray
    ) -> torch.Tensor:
        """Read nodes of trees that grow behind the live rows: logits (n, V) behind each.

        ``row`` (n,): places among the live rows, ascending; ``lineage`` (n, A): the cells of a
        node's ancestors and, last, its own, in the order of ``depth`` and with -1 behind it. A cell
        is a number below the row's room; nodes of one row have different ones. A parent is read
        before its children or with them.
        """
        spans = self._spans[row]
        single = np.where(lineage >= 0, lineage + (spans[:, 2] + spans[:, 3])[:, None], -1)
        new = NewTokens(
            ids=torch.from_numpy(tokens),
            positions=spans[:, 1] + spans[:, 3] + depth,
            slots=single[np.arange(len(row)), depth],
            spans=spans,
            single=single,
        )
        return self._decoder.logits(self._decoder.extend(new))

    def keep(self, places: np.ndarray) -> None:
        """Go on with these of the live rows, ascending; drop the others."""
        for place in np.setdiff1d(np.arange(len(self._live)), places, assume_unique=True):
            row = self._live[place]
            self._slots.give(row.start, row.slots)
            if not row.key:
                continue
            beginning = self._beginnings[row.key]
            beginning.rows -= 1
            if not beginning.rows:
                self._slots.give(beginning.start, len(beginning.tokens))
                del self._beginnings[row.key]
        self._live = [self._live[place] for place in places]
        self._spans = self._spans[places]

    def _read_whole(
        self, spans: np.ndarray, rows: np.ndarray, wanted: Sequence[np.ndarray]
    ) -> torch.Tensor | None:
        """New beginnings, and rows that share none."""
        new = [self._beginnings[key] for key in self._unread]
        sequences = [beginning.tokens for beginning in new]
        sequences += [self._placed[row].tokens for row in rows]
        if not sequences:
            return None
        starts = np.array([*(beginning.start for beginning in new), *spans[rows, 2]])
        lengths = np.array([len(sequence) for sequence in sequences])
        begins = np.cumsum(lengths) - lengths
        slots = np.arange(lengths.sum()) + np.repeat(starts - begins, lengths)
        # Nobody wants a position of a beginning, but a block has to give something.
        places = [begins[: len(new)]]
        places += [begins[len(new) + at] + wanted[row] for at, row in enumerate(rows)]
        found = self._decoder.read(sequences, slots, np.concatenate(places))
        return found[len(new) :] if len(rows) else None

    def _read_behind(
        self, spans: np.ndarray, rows: np.ndarray, wanted: Sequence[np.ndarray]
    ) -> torch.Tensor | None:
        """What rows have behind the beginnings that they share."""
        if not len(rows):
            return None
        lengths = spans[rows, 3]
        begins = np.cumsum(lengths) - lengths
        place = np.arange(lengths.sum()) - np.repeat(begins, lengths)
        of_token = np.repeat(spans[rows], lengths, axis=0)
        of_token[:, 3] = place + 1
        shared = spans[rows, 1]
        ids = [self._placed[row].tokens[length:] for row, length in zip(rows, shared, strict=True)]
        new = NewTokens(
            ids=torch.from_numpy(np.concatenate(ids)),
            positions=of_token[:, 1] + place,
            slots=of_token[:, 2] + place,
            spans=of_token,
        )
        places = [
            begin + wanted[row] - length
            for begin, row, length in zip(begins, rows, shared, strict=True)
        ]
        return self._decoder.extend(new, np.concatenate(places))
