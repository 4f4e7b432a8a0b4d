"""Records get the names that they keep: of their source, their group, and one of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from laras.preparation.groups import GIVEN
from laras.preparation.ingest import RawShard
from laras.preparation.shards import read_shard
from laras.records import IDENTIFIERS, Split


def repeated_identifiers(shards: Sequence[RawShard]) -> dict[int, dict[int, int]]:
    """Rows whose identifier an earlier row of the same role has too (a file can be read twice):
    by number of the shard and row in it, the how-many-eth it is."""
    by_role: dict[Split, list[int]] = {}
    for number, raw in enumerate(shards):
        by_role.setdefault(raw.origin.role, []).append(number)
    result: dict[int, dict[int, int]] = {}
    for numbers in by_role.values():
        parts = [_identifiers(shards[number]) for number in numbers]
        joined = np.concatenate(parts)
        owners = np.repeat(numbers, [len(part) for part in parts])
        starts = np.repeat(
            np.cumsum([0, *(len(part) for part in parts)])[:-1], [len(part) for part in parts]
        )
        order = np.argsort(joined, kind="stable")
        same = joined[order][1:] == joined[order][:-1]
        times = 1
        for place in np.flatnonzero(same).tolist():
            times = times + 1 if place and same[place - 1] else 2
            row = int(order[place + 1])
            result.setdefault(int(owners[row]), {})[row - int(starts[row])] = times
    return result


def _identifiers(raw: RawShard) -> np.ndarray:
    """64-bit hashes of the identifiers of a shard's records."""
    name = IDENTIFIERS[raw.kind]
    column = read_shard(raw.shard.path, [name]).column(name)
    return np.array(
        [xxhash.xxh3_64_intdigest(identifier.encode()) for identifier in column.to_pylist()],
        dtype=np.uint64,
    )


def named(
    raw: RawShard, times: Mapping[int, int], *, hashed: bool = False, apart: bool = False
) -> pa.Table:
    """The records of ``raw`` with the name of their source, an identifier that no other of their
    role has, and their group spelled out; ``hashed``: given groups may be names of people;
    ``apart``: each record is its own group, whatever was given."""
    table = read_shard(raw.shard.path)
    identifier = IDENTIFIERS[raw.kind]
    identifiers = table.column(identifier)
    if times:
        own = identifiers.to_pylist()
        for row, count in times.items():
            own[row] = f"{own[row]}~{count}"
        identifiers = pa.chunked_array([pa.array(own, pa.string())])
        table = _with(table, identifier, identifiers)
    given = table.column("group")
    if apart:
        given = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    elif hashed:
        codes = [None if g is None else hashed_group(g) for g in given.to_pylist()]
        given = pa.chunked_array([pa.array(codes, pa.string())])
    table = _with(
        table,
        "group",
        pc.if_else(
            pc.is_null(given),
            pc.binary_join_element_wise("record:", identifiers, ""),
            pc.binary_join_element_wise(GIVEN, given, ""),
        ),
    )
    if "label" in table.column_names:
        table = _with(table, "label", pc.utf8_trim_whitespace(table.column("label")))
    source = pa.array([raw.origin.name], pa.string()).take(pa.array([0] * table.num_rows))
    return _with(table, "source", source)


def hashed_group(given: str) -> str:
    """A given group as it is called where it may be the name of a person."""
    return xxhash.xxh3_128_hexdigest(given.encode())


def _with(table: pa.Table, name: str, column: pa.ChunkedArray | pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)
