"""The first pass over the records that were read: documents repaired, repeated lines found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa

from laras.preparation import boilerplate
from laras.preparation.boilerplate import HASH_LINES, repeated_among
from laras.preparation.clean import CLEAN_DOCUMENTS
from laras.preparation.engine import run_steps
from laras.preparation.ingest import SCHEMAS, RawShard, Reading
from laras.preparation.naming import named
from laras.preparation.one_customer import sources_of_one_customer
from laras.preparation.shards import batches_of, read_shard, write_shard
from laras.preparation.stages import Facts, Work, shard_path, unit

FIRST = "first"  # the folder, in that of the stage


class FirstPass:
    """The documents to learn from, repaired, and the lines that their sources repeat.

    It is made when first asked for: where all units of the second pass are there, never.
    """

    def __init__(
        self, reading: Reading, times: Mapping[int, Mapping[int, int]], folder: Path, work: Work
    ) -> None:
        self.raw = reading.shards
        self._times = times
        self.of_one_customer = sources_of_one_customer(reading.shards)
        self._folder = folder / FIRST
        self._work = work
        self._repeated: Mapping[str, frozenset[int]] | None = None

    def table(self, number: int) -> pa.Table:
        """The records of a shard under their final names, repaired if this pass does that."""
        raw = self.raw[number]
        if not self._concerns(raw):
            return self._named(number)
        self._run()
        columns = [*SCHEMAS[raw.kind].names, "fixes", "lines"]
        return read_shard(shard_path(self._folder / f"{number:05}", "records", 0), columns)

    def repeated(self) -> Mapping[str, frozenset[int]]:
        """Hashes of repeated lines by source."""
        if self._repeated is None:
            self._repeated = self._run() if any(map(self._concerns, self.raw)) else {}
        return self._repeated

    def remove(self) -> None:
        """Delete what served the second pass only."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _concerns(self, raw: RawShard) -> bool:
        """A held-out set of the user's own loses no lines."""
        learnt = raw.kind == "documents" and raw.origin.role == "train"
        return self._work.section.clean and learnt

    def _named(self, number: int) -> pa.Table:
        replaced = self._work.section.personal_data == "replace"
        raw = self.raw[number]
        apart = raw.origin.name in self.of_one_customer
        return named(raw, self._times.get(number, {}), hashed=replaced, apart=apart)

    def _run(self) -> Mapping[str, frozenset[int]]:
        if self._repeated is None:
            for number, raw in enumerate(self.raw):
                if self._concerns(raw):
                    name = f"{number:05}"
                    unit(self._folder, name, partial(self._make, number))
            self._repeated = repeated_among(self._portions)
        return self._repeated

    def _make(self, number: int, place: Path) -> Facts:
        table = run_steps(self._named(number), [CLEAN_DOCUMENTS, HASH_LINES], self._work.runner)
        write_shard(shard_path(place, "records", 0), table)
        return {}

    def _portions(self) -> Iterator[boilerplate.Portion]:
        for number, raw in enumerate(self.raw):
            if self._concerns(raw):
                path = shard_path(self._folder / f"{number:05}", "records", 0)
                for batch in batches_of(path, ["source", "text_hash", "lines"]):
                    yield from boilerplate.portions_of(batch)
