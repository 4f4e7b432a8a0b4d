"""Shards give back what was written; single rows are found by their number over all shards."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from laras.preparation.shards import (
    BATCH_ROWS,
    Rows,
    Shard,
    batches_of,
    read_columns,
    read_shard,
    write_shard,
)

SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.large_string())])


def table(start: int, count: int) -> pa.Table:
    numbers = range(start, start + count)
    columns = {"n": list(numbers), "text": [f"teks {number}" for number in numbers]}
    return pa.table(columns, schema=SCHEMA)


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    """7,000 rows in three shards, one of them of several batches, one empty."""
    sizes = [10, 2 * BATCH_ROWS + 5, 0, 2000]
    starts = [0, 10, 10 + sizes[1], 10 + sizes[1]]
    return [
        write_shard(tmp_path / f"{number}.arrow", table(start, size))
        for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]


def test_what_was_written_is_read(shards: list[Shard]) -> None:
    assert read_shard(shards[1].path).equals(table(10, shards[1].rows))
    assert read_shard(shards[1].path, ["text", "n"]).column_names == ["text", "n"]
    assert read_columns(shards, ["n"], SCHEMA).column("n").to_pylist() == list(
        range(sum(shard.rows for shard in shards))
    )
    assert [batch.num_rows for batch in batches_of(shards[1].path, ["n"])] == [
        BATCH_ROWS,
        BATCH_ROWS,
        5,
    ]
    assert read_columns([], ["n"], SCHEMA).num_rows == 0


def test_rows_are_found_in_the_order_asked_for(shards: list[Shard]) -> None:
    rows = Rows(shards)
    wanted = [5000, 3, len(rows) - 1, 3, 10, 2100, 9]
    found = rows.take(wanted, ["n", "text"])
    assert found.column("n").to_pylist() == wanted
    assert found.column("text").to_pylist() == [f"teks {number}" for number in wanted]


def test_rows_are_found_in_what_was_written_in_pieces(tmp_path: Path) -> None:
    pieces = [table(0, 7), table(7, BATCH_ROWS), table(7 + BATCH_ROWS, 1500)]
    shard = write_shard(tmp_path / "0.arrow", pa.concat_tables(pieces))
    wanted = [0, 6, 7, BATCH_ROWS, BATCH_ROWS + 6, BATCH_ROWS + 7, shard.rows - 1]
    assert Rows([shard]).take(wanted, ["n"]).column("n").to_pylist() == wanted
