"""Counts the data again from its files, and holds the account in audit.json against that.

Nothing is taken from memory: records from the shards as read, rows that left from the ledger,
records and examples from the finished files. Each number that the account gives must come out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from laras.preparation.shards import batches_of
from laras.preparation.stages import ROLES
from laras.translation import _

_KINDS = ("documents", "dialogues")
_RECORD_STAGES = ("clean", "leak", "deduplicate")


@dataclass(frozen=True, slots=True)
class Count:
    """``counted`` from files, ``told`` by the account; None: it says nothing of it."""

    what: str
    counted: int
    told: int | None

    @property
    def agrees(self) -> bool:
        """Whether the account is right here."""
        return self.told is None or self.told == self.counted


def recount(data: Path) -> list[Count]:
    """Every count of the account in ``data``, the data folder of a run, counted again."""
    audit = json.loads((data / "audit.json").read_text(encoding="utf-8"))
    funnel = {stage["stage"]: stage for stage in audit["funnel"]}
    left = _left(data)
    finished = sum(pq.ParquetFile(data / f"{kind}.parquet").metadata.num_rows for kind in _KINDS)
    records = finished + sum(left[stage] for stage in _RECORD_STAGES)
    counts = []
    if (data / "read").is_dir():
        unknown = _unknown(data)
        counts.append(Count(_("records read of which nothing more is known"), unknown, 0))
    told = funnel["read"]
    counts.append(Count(_("rows and files met"), records + left["read"], told["rows_in"]))
    counts.append(Count(_("of these not readable"), left["read"], told["rejected"]))
    for stage in _RECORD_STAGES:
        records -= left[stage]
        title = _("records after the stage {stage}").format(stage=stage)
        counts.append(Count(title, records, funnel[stage]["rows_out"]))
        title = _("of these in the ledger for the stage {stage}").format(stage=stage)
        counts.append(Count(title, left[stage], funnel[stage]["rejected"]))
    told = funnel["examples"]
    gave = finished - left["examples"]
    counts.append(Count(_("records that gave examples"), gave, told["rows_out"]))
    in_splits = 0
    pointed: set[str] = set()
    for split in ROLES:
        path = data / f"{split}.parquet"
        rows = pq.ParquetFile(path).metadata.num_rows
        in_splits += rows
        pointed |= set(_pointed_at(path))
        title = _("examples in the split {split}").format(split=split)
        counts.append(Count(title, rows, audit["splits"][split]["examples"]))
    made = in_splits + left["split"]
    counts.append(Count(_("examples made"), made, told.get("examples")))
    counts.append(Count(_("examples in the splits"), in_splits, funnel["split"]["rows_out"]))
    counts.append(Count(_("records without a trace"), _lost(data, pointed), 0))
    counts.append(Count(_("examples that point at no record"), len(pointed - set(_known(data))), 0))
    return counts


def _left(data: Path) -> Counter[str]:
    """Rows dropped by stage, from the ledger."""
    left: Counter[str] = Counter()
    columns = ["stage", "action", "rows"]
    for batch in pq.ParquetFile(data / "ledger.parquet").iter_batches(columns=columns):
        for row in batch.to_pylist():
            if row["action"] == "dropped":
                left[row["stage"]] += row["rows"]
    return left


def _unknown(data: Path) -> int:
    """Records as they were read that are neither among the finished ones nor in the ledger.

    By name and not by number: a file that two sources name is kept once, and counts twice.
    """
    known = {name.partition("~")[0] for name in _known(data)}
    columns = ["stage", "record_id"]
    for batch in pq.ParquetFile(data / "ledger.parquet").iter_batches(columns=columns):
        for row in batch.to_pylist():
            if row["stage"] in _RECORD_STAGES:
                known.add(row["record_id"].partition("~")[0])
    unknown = 0
    for kind, name in zip(_KINDS, ("document_id", "dialogue_id"), strict=True):
        for path in sorted((data / "read").glob(f"*/*/{kind}*.arrow")):
            for batch in batches_of(path, [name]):
                unknown += sum(own not in known for own in batch.column(name).to_pylist())
    return unknown


def _pointed_at(split: Path) -> Iterator[str]:
    for batch in pq.ParquetFile(split).iter_batches(columns=["spans"]):
        for spans in batch.column("spans").to_pylist():
            yield from (span["record_id"] for span in spans)


def _known(data: Path) -> Iterator[str]:
    for kind, name in zip(_KINDS, ("document_id", "dialogue_id"), strict=True):
        for batch in pq.ParquetFile(data / f"{kind}.parquet").iter_batches(columns=[name]):
            yield from batch.column(name).to_pylist()


def _lost(data: Path, pointed: set[str]) -> int:
    """Records that are neither in an example nor in the ledger."""
    named: set[str] = set()
    columns = ["stage", "record_id", "action"]
    for batch in pq.ParquetFile(data / "ledger.parquet").iter_batches(columns=columns):
        for row in batch.to_pylist():
            if row["stage"] in ("examples", "split") and row["action"] == "dropped":
                name = row["record_id"]
                for mark in "#?@":
                    name = name.partition(mark)[0]
                named.add(name)
    return sum(name not in pointed and name not in named for name in _known(data))
