"""Writes the finished files, from the shards of the stages, a row group at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from laras.preparation.compare import Compared
from laras.preparation.describe import DESCRIBED, Cleaned
from laras.preparation.hold_out import HeldOut
from laras.preparation.ingest import SCHEMAS
from laras.preparation.stages import ROLES, Work
from laras.records import EXAMPLE_SCHEMA
from laras.runs.atomic import temporary_sibling

_ROW_GROUP = 5000
# Columns whose values come again and again; texts and identifiers would only fill dictionaries.
_REPEATED = [
    *("task", "source", "label", "language", "kind"),
    *("messages.list.element.role", "turns.list.element.role"),
]


def write_finished(held: HeldOut, cleaned: Cleaned, compared: Compared, work: Work) -> Counter[str]:
    """The splits, the ledger, and the records that examples point into.

    Returns how many records of each source these are.
    """
    folder = work.run.data
    done = 0
    for split, chosen in held.splits.items():
        write_parquet(folder / f"{split}.parquet", chosen.portions(), EXAMPLE_SCHEMA)
        done += chosen.rows
        work.progress.advance(done, step="write")
    work.ledger.write(folder / "ledger.parquet")
    sources: Counter[str] = Counter()
    for kind, schema in SCHEMAS.items():
        records = _records(kind, cleaned, compared, sources)
        described = pa.schema([*schema, *DESCRIBED])
        write_parquet(folder / f"{kind}.parquet", records, described)
    return sources


def _records(
    kind: str, cleaned: Cleaned, compared: Compared, sources: Counter[str]
) -> Iterator[pa.Table]:
    for role in ROLES:
        first = 0
        for shard in cleaned.shards[role]:
            if shard.kind == kind:
                table = compared.kept(role, shard, first).drop_columns(["split_group"])
                sources.update(table.column("source").to_pylist())
                yield table
            first += shard.records.rows


def write_parquet(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """``tables`` as one file, published when it is whole."""
    repeated = [name for name in _REPEATED if name.split(".")[0] in schema.names]
    with (
        temporary_sibling(path) as temporary,
        pq.ParquetWriter(
            temporary, schema, compression="zstd", compression_level=1, use_dictionary=repeated
        ) as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=_ROW_GROUP)
