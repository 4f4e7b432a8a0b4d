"""Sources whose conversations are all with one customer: there, a conversation is its own group.

A customer's conversations never straddle a split. Where a source holds a single customer (one
exported chat), that rule would put all of it on one side and nothing could be held out; what is
left to ask is how the model does in conversations it has not seen, and those stay whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.compute as pc

from laras.preparation.ingest import RawShard
from laras.preparation.shards import read_shard


def sources_of_one_customer(shards: Sequence[RawShard]) -> frozenset[str]:
    """Names of the sources of conversations whose dialogues, two or more, share one group."""
    groups: dict[str, set[str | None]] = {}
    rows: dict[str, int] = {}
    for raw in shards:
        name = raw.origin.name
        if raw.kind != "dialogues" or raw.origin.source.kind != "conversations":
            continue
        rows[name] = rows.get(name, 0) + raw.shard.rows
        found = groups.setdefault(name, set())
        if len(found) < 2:
            found.update(
                pc.unique(read_shard(raw.shard.path, ["group"]).column("group")).to_pylist()
            )
    return frozenset(
        name
        for name, found in groups.items()
        if len(found) == 1 and None not in found and rows[name] > 1
    )
