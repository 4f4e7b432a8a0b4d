"""Sources whose conversations are all with one customer: there, a conversation is its own group.

A customer's conversations never straddle a split. Where a source holds a single customer (one
exported chat), that rule would put all of it on one side and nothing could be held out; what is
left to ask is how the model does in conversations it has not seen, and those stay whole. Where
another source knows the customer too, whatever it is given for, the rule holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.ingest import RawShard
from laras.preparation.shards import read_shard


def sources_of_one_customer(shards: Sequence[RawShard]) -> dict[str, str]:
    """Names of the sources of conversations whose dialogues, two or more, share one group that no
    record of another source is in; with that group, as it was given."""
    groups: dict[str, set[str | None]] = {}
    rows: dict[str, int] = {}
    for raw in shards:
        name = raw.origin.name
        if raw.kind != "dialogues" or raw.origin.source.kind != "conversations":
            continue
        rows[name] = rows.get(name, 0) + raw.shard.rows
        found = groups.setdefault(name, set())
        if len(found) < 2:
            found.update(pc.unique(_groups(raw)).to_pylist())
    single: dict[str, str] = {}
    for name, found in groups.items():
        (group, *others) = found
        if group is not None and not others and rows[name] > 1:
            single[name] = group
    elsewhere: set[str] = set()
    for raw in shards if single else ():
        column = _groups(raw)
        wanted = [group for name, group in single.items() if name != raw.origin.name]
        if not wanted:  # Arrow fails hard on an empty set of keys
            continue
        known = pc.filter(column, pc.is_in(column, value_set=pa.array(wanted, pa.string())))
        elsewhere.update(pc.unique(known).to_pylist())
    return {name: group for name, group in single.items() if group not in elsewhere}


def _groups(raw: RawShard) -> pa.ChunkedArray:
    return read_shard(raw.shard.path, ["group"]).column("group")
