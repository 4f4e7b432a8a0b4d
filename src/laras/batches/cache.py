"""Encoded examples on disk, memory-mapped: one Arrow file per content of everything that
decides the tokens (rows, template, tokenizer, context)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from laras.batches.encoded import EncodedExample
from laras.runs.atomic import temporary_sibling

_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("input_ids", pa.large_list(pa.int32())),
        ("trained", pa.large_list(pa.bool_())),
        ("weight", pa.float32()),
        ("weights", pa.large_list(pa.float32())),  # of the tokens; empty where all have one weight
        ("text_bytes", pa.int64()),
    ]
)
_NO_WEIGHTS = np.empty(0, dtype=np.float32)
_BATCH_EXAMPLES = 2048  # held in memory while they are written


class TokenCache:
    """Random access to encoded examples without holding them in memory."""

    def __init__(self, path: Path) -> None:
        file = pa.ipc.open_file(pa.memory_map(str(path)))
        self._parts = [_Part(file.get_batch(n)) for n in range(file.num_record_batches)]
        self._ends = np.cumsum([len(part) for part in self._parts])

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._parts else 0

    def __getitem__(self, index: int) -> EncodedExample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = int(np.searchsorted(self._ends, index, side="right"))
        before = int(self._ends[place - 1]) if place else 0
        return self._parts[place][index - before]

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each example, (count,) int64."""
        parts = [np.diff(part.offsets) for part in self._parts]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    @property
    def trained_tokens(self) -> int:
        """How many tokens are trained on, in all."""
        return sum(part.trained_tokens for part in self._parts)


class _Part:
    """One record batch; its columns are mapped, not read."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        ids = batch.column("input_ids")
        self.offsets = ids.offsets.to_numpy()
        self._ids = ids.values.to_numpy()
        self._trained = batch.column("trained").values
        self._names = batch.column("example_id")
        self._weights = batch.column("weight").to_numpy()
        of_tokens = batch.column("weights")
        self._weight_offsets = of_tokens.offsets.to_numpy()
        self._token_weights = of_tokens.values.to_numpy()
        self._bytes = batch.column("text_bytes").to_numpy()

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> EncodedExample:
        start, end = self.offsets[index], self.offsets[index + 1]
        # Arrow packs booleans into bits, which numpy can't view.
        trained = self._trained.slice(start, end - start).to_numpy(zero_copy_only=False)
        return EncodedExample(
            self._names[index].as_py(),
            self._ids[start:end],
            trained,
            self._weight(index),
            int(self._bytes[index]),
        )

    def _weight(self, index: int) -> float | np.ndarray:
        start, end = self._weight_offsets[index], self._weight_offsets[index + 1]
        return self._token_weights[start:end] if end > start else float(self._weights[index])

    @property
    def trained_tokens(self) -> int:
        return int(self._trained.true_count)


def write_cache(path: Path, examples: Iterable[EncodedExample]) -> TokenCache:
    """Write ``examples`` to ``path`` as they come (published by rename) and open it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_sibling(path) as temporary, pa.ipc.new_file(str(temporary), _SCHEMA) as writer:
        for rows in _portions(examples):
            writer.write_batch(_record_batch(rows))
    return TokenCache(path)


def _portions(examples: Iterable[EncodedExample]) -> Iterator[list[EncodedExample]]:
    remaining = iter(examples)
    while rows := list(islice(remaining, _BATCH_EXAMPLES)):
        yield rows


def _record_batch(rows: Sequence[EncodedExample]) -> pa.RecordBatch:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    ids = np.concatenate([row.input_ids for row in rows]).astype(np.int32, copy=False)
    trained = np.concatenate([row.trained for row in rows]).astype(np.bool_, copy=False)
    single = [row.weight if isinstance(row.weight, float | int) else 1.0 for row in rows]
    by_token = [row.weight if isinstance(row.weight, np.ndarray) else _NO_WEIGHTS for row in rows]
    ends = np.cumsum([0, *map(len, by_token)])
    return pa.record_batch(
        [
            pa.array([row.example_id for row in rows], pa.string()),
            pa.LargeListArray.from_arrays(offsets, pa.array(ids)),
            pa.LargeListArray.from_arrays(offsets, pa.array(trained)),
            pa.array(single, pa.float32()),
            pa.LargeListArray.from_arrays(ends, pa.array(np.concatenate(by_token))),
            pa.array([row.text_bytes for row in rows], pa.int64()),
        ],
        schema=_SCHEMA,
    )
