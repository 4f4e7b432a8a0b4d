"""Encoded examples on disk, memory-mapped: one Arrow file per content of everything that
decides the tokens (rows, template, tokenizer, context)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from laras.batches.token_batch import EncodedExample
from laras.runs.atomic import temporary_sibling

_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("input_ids", pa.large_list(pa.int32())),
        ("trained", pa.large_list(pa.bool_())),
        ("weight", pa.float32()),
        ("text_bytes", pa.int64()),
    ]
)


class TokenCache:
    """Random access to encoded examples without holding them in memory."""

    def __init__(self, path: Path) -> None:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        ids = batch.column("input_ids")
        self._offsets = ids.offsets.to_numpy()
        self._ids = ids.values.to_numpy()
        # Arrow packs booleans into bits, which numpy can't view: unpacked once, a byte each.
        self._trained = batch.column("trained").values.to_numpy(zero_copy_only=False)
        self._names = batch.column("example_id")
        self._weights = batch.column("weight").to_numpy()
        self._bytes = batch.column("text_bytes").to_numpy()

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> EncodedExample:
        start, end = self._offsets[index], self._offsets[index + 1]
        return EncodedExample(
            self._names[index].as_py(),
            self._ids[start:end],
            self._trained[start:end],
            float(self._weights[index]),
            int(self._bytes[index]),
        )

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each example, (count,) int64."""
        lengths: np.ndarray = np.diff(self._offsets)
        return lengths

    @property
    def trained_tokens(self) -> int:
        """How many tokens are trained on, in all."""
        return int(self._trained.sum())


def write_cache(path: Path, examples: Iterable[EncodedExample]) -> TokenCache:
    """Write ``examples`` to ``path`` (published by rename) and open it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(examples)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    # One record batch: its columns are then one piece each, which is what can be mapped.
    batch = pa.record_batch(
        [
            pa.array([row.example_id for row in rows], pa.string()),
            pa.LargeListArray.from_arrays(offsets, _joined([r.input_ids for r in rows], np.int32)),
            pa.LargeListArray.from_arrays(offsets, _joined([r.trained for r in rows], np.bool_)),
            pa.array([row.weight for row in rows], pa.float32()),
            pa.array([row.text_bytes for row in rows], pa.int64()),
        ],
        schema=_SCHEMA,
    )
    with temporary_sibling(path) as temporary, pa.ipc.new_file(str(temporary), _SCHEMA) as writer:
        writer.write(batch)
    return TokenCache(path)


def _joined(parts: list[np.ndarray], dtype: type[np.generic]) -> pa.Array:
    return pa.array(np.concatenate(parts).astype(dtype) if parts else np.empty(0, dtype))
