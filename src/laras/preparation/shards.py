"""Tables on disk in Arrow files of bounded size: no stage holds more than one of them at a time.

A shard is a compressed Arrow file of a few record batches; single columns and single batches can
be read without the rest. What a stage leaves is a folder of shards, numbered in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.runs.atomic import temporary_sibling

SHARD_BYTES = 8 << 20  # of text in one shard; a longer record makes a longer shard
SHARD_ROWS = 50_000
BATCH_ROWS = 2048  # what is decompressed at once for the sake of a single row
_OPTIONS = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))


Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shard:
    """One file and its number of rows."""

    path: Path
    rows: int


def write_shard(path: Path, table: pa.Table) -> Shard:
    """``table`` as a shard, there completely or not at all."""
    with (
        temporary_sibling(path) as temporary,
        pa.ipc.new_file(str(temporary), table.schema, options=_OPTIONS) as writer,
    ):
        # In one piece, so that every batch but the last has BATCH_ROWS rows: rows are found by it.
        writer.write_table(table.combine_chunks(), max_chunksize=BATCH_ROWS)
    return Shard(path, table.num_rows)


def read_shard(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a shard; of ``columns`` only, in that order, where they are given."""
    return _open(path, columns).read_all().select(columns or _names(path))


def batches_of(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The record batches of a shard, one after the other."""
    reader = _open(path, columns)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def read_columns(shards: Iterable[Shard], columns: Sequence[str], schema: pa.Schema) -> pa.Table:
    """``columns`` of all rows, which should be narrow; ``schema`` has their types."""
    wanted = pa.schema([schema.field(name) for name in columns])
    tables = [read_shard(shard.path, columns) for shard in shards if shard.rows]
    return pa.concat_tables([wanted.empty_table(), *tables])


def _open(path: Path, columns: Sequence[str] | None) -> pa.RecordBatchFileReader:
    # Read rather than mapped: pages of a mapped file would count as memory of this process.
    source = pa.OSFile(str(path))
    if columns is None:
        return pa.ipc.open_file(source)
    names = _names(path)
    wanted = pa.ipc.IpcReadOptions(included_fields=sorted(names.index(name) for name in columns))
    return pa.ipc.open_file(source, options=wanted)


def _names(path: Path) -> list[str]:
    with pa.OSFile(str(path)) as source:
        names: list[str] = pa.ipc.open_file(source).schema.names
    return names


class Rows:
    """Single rows of many shards, by their number counted over all of them."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = list(shards)
        self._starts = np.cumsum([0, *(shard.rows for shard in self._shards)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, rows: Sequence[int] | Numbers, columns: Sequence[str]) -> pa.Table:
        """``columns`` of ``rows``, in the order of ``rows``; at least one; each batch is read
        once."""
        numbers = np.asarray(rows, dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        parts = []
        of_shard = np.searchsorted(self._starts, numbers[order], side="right") - 1
        for shard in np.unique(of_shard).tolist():
            inside = numbers[order[of_shard == shard]] - self._starts[shard]
            reader = _open(self._shards[shard].path, columns)
            of_batch = inside // BATCH_ROWS
            for batch in np.unique(of_batch).tolist():
                found = reader.get_batch(batch).select(list(columns))
                assert batch == reader.num_record_batches - 1 or found.num_rows == BATCH_ROWS
                wanted = inside[of_batch == batch] - batch * BATCH_ROWS
                parts.append(found.take(pa.array(wanted)))
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.Table.from_batches(parts).take(pa.array(back))
