"""The records of one role on disk: their keys as narrow columns, their content by the row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.preparation.canned import REPLIES, REPLY_KEYS
from laras.preparation.describe import KEY_SCHEMA, CleanShard
from laras.preparation.engine import run_steps
from laras.preparation.grams import Hashes
from laras.preparation.keys import (
    SIGNATURE,
    dialogue_parts,
    dialogue_signatures,
    document_parts,
    document_signatures,
)
from laras.preparation.leak import PlacesOf
from laras.preparation.passages import Parts
from laras.preparation.shards import Rows, read_columns, read_shard, write_shard
from laras.preparation.stages import Facts, Work, place_name, shard_path, unit

# What is read of a record to compare it closer.
_CONTENT = {"documents": ["text"], "dialogues": ["turns", "label"]}

Mask = npt.NDArray[np.bool_]


class RecordKeys:
    """The keys of the records of one role, documents before dialogues."""

    def __init__(self, shards: Sequence[CleanShard]) -> None:
        self._shards = [shard.keys for shard in shards]
        self.rows = sum(shard.rows for shard in self._shards)
        self._all = Rows(self._shards)

    def column(self, name: str) -> pa.ChunkedArray:
        """One column of all rows."""
        return self.table([name]).column(name)

    def table(self, names: Sequence[str]) -> pa.Table:
        """Some columns of all rows."""
        return read_columns(self._shards, names, KEY_SCHEMA)

    def compared(self, stays: Mask) -> pa.Table:
        """What is compared between sets of the user's own."""
        return self.table(["text_key", "group"]).filter(pa.array(stays))

    def named(self, numbers: npt.NDArray[np.int64]) -> PlacesOf:
        """A function that tells where some of the rows ``numbers`` come from."""

        def function(rows: Sequence[int]) -> dict[int, str]:
            found = self.places([int(numbers[row]) for row in rows])
            return {row: place_name(found[int(numbers[row])]) for row in rows}

        return function

    def places(self, rows: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Where ``rows`` come from, and their labels."""
        wanted = sorted(set(rows))
        columns = ["record_id", "path", "locator", "label"]
        found = self._all.take(wanted, columns).to_pylist() if wanted else []
        return dict(zip(wanted, found, strict=True))


class StoredCorpus:
    """The records of the training data that are compared, on disk: the ``Corpus`` of
    :func:`find_duplicates`."""

    def __init__(self, shards: Sequence[CleanShard], stays: Mask, folder: Path, work: Work) -> None:
        self._shards = shards
        self.stays = stays
        self.numbers = np.flatnonzero(stays)
        self._folder = folder
        self._work = work
        self._starts = np.cumsum([0, *(shard.records.rows for shard in shards)])
        self._rows = {
            kind: Rows([shard.records for shard in shards if shard.kind == kind])
            for kind in _CONTENT
        }

    def parts(self, rows: npt.NDArray[np.int64]) -> list[Parts]:
        """The 5-grams of ``rows``, read from the shards."""
        numbers = self.numbers[rows]
        documents = len(self._rows["documents"])
        split = int(np.searchsorted(numbers, documents))
        found = []
        for kind, some in (
            ("documents", numbers[:split]),
            ("dialogues", numbers[split:] - documents),
        ):
            parts_of = document_parts if kind == "documents" else dialogue_parts
            if len(some):
                table = self._rows[kind].take(some, _CONTENT[kind]).combine_chunks()
                for batch in table.to_batches():
                    found += parts_of(batch)
        return found

    @property
    def dialogues(self) -> int:
        """How many records are dialogues."""
        return len(self._rows["dialogues"])

    def texts(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """What ``rows`` say, without their system messages."""
        numbers = self.numbers[rows]
        documents = len(self._rows["documents"])
        split = int(np.searchsorted(numbers, documents))
        found: list[str] = []
        if split:
            found += self._rows["documents"].take(numbers[:split], ["text"])["text"].to_pylist()
        if split < len(numbers):
            dialogues = self._rows["dialogues"].take(numbers[split:] - documents, ["turns"])
            found += [
                "\n".join(turn["content"] for turn in turns if turn["role"] != "system")
                for turns in dialogues["turns"].to_pylist()
            ]
        return found

    def reply_keys(self) -> pa.ChunkedArray:
        """The column of REPLIES for all dialogues."""
        chunks = []
        for shard in self._shards:
            if shard.kind == "dialogues":
                table = read_shard(shard.records.path, _CONTENT["dialogues"])
                keyed = run_steps(table, [REPLY_KEYS], self._work.runner)
                chunks += keyed.column("reply_keys").chunks
        return pa.chunked_array(chunks, REPLIES.field("reply_keys").type)

    def signatures(self, common: Hashes) -> pa.ChunkedArray:
        """The signatures of all records that are compared."""
        columns = []
        for number, shard in enumerate(self._shards):
            name = f"signatures-{number:05}"

            def make(place: Path, shard: CleanShard = shard) -> Facts:
                of_kind = document_signatures if shard.kind == "documents" else dialogue_signatures
                step = of_kind(common, self._work.section.near_duplicate_threshold)
                table = read_shard(shard.records.path, _CONTENT[shard.kind])
                signed = run_steps(table, [step], self._work.runner).select(SIGNATURE.names)
                write_shard(shard_path(place, "signatures", 0), signed)
                return {}

            unit(self._folder, name, make)
            start, end = self._starts[number : number + 2]
            signed = read_shard(shard_path(self._folder / name, "signatures", 0))
            columns.append(signed.column("signature").filter(pa.array(self.stays[start:end])))
            self._work.progress.advance(int(end), step="signatures")
        chunks = [chunk for column in columns for chunk in column.chunks]
        return pa.chunked_array(chunks, SIGNATURE.field("signature").type)
