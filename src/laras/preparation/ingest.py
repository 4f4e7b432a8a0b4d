"""Reads the recipe's sources into shards, and what can't be read into the ledger.

The files of a source are read a few at a time, each few a unit of work, so that a run that was
killed does not read again what it had read. What decides a unit is the content of all files of
the source (a reader may look into the neighbours of a file) and the settings that readers see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from laras import __version__
from laras.preparation.ledger import Ledger
from laras.preparation.shards import SHARD_BYTES, SHARD_ROWS, Shard, write_shard
from laras.preparation.stages import (
    Facts,
    Origin,
    Work,
    remove_others,
    shard_path,
    shards_of,
    unit,
)
from laras.recipe.schema import TEXT_KINDS, DataSection, Source
from laras.records import (
    DIALOGUE_SCHEMA,
    DOCUMENT_SCHEMA,
    Dialogue,
    Document,
    Rejection,
    Split,
    to_table,
)
from laras.runs.hashing import content_hash, file_sha256
from laras.sources.discovery import SourceFile
from laras.sources.read import open_source, read_files
from laras.translation import _

STAGE = "read"
VERSION = 5  # of all readers; raise it when the same files give other records
KINDS = ("documents", "dialogues")
SCHEMAS = {"documents": DOCUMENT_SCHEMA, "dialogues": DIALOGUE_SCHEMA}
_UNIT_BYTES = 64 << 20
_UNIT_FILES = 500
# What is done with records after they were read.
_NOT_READ = {"name", "instruction", "weight", "passages", "pairs"}

Found = SourceFile | Rejection


@dataclass(frozen=True)
class SourceFiles:
    """The files of a source, and the hash of all that decides what is read from them."""

    origin: Origin
    files: list[Found]
    key: str


@dataclass(frozen=True)
class RawShard:
    """Records of one kind as they were read, in the order in which all stages take them."""

    shard: Shard
    kind: str
    origin: Origin


@dataclass(frozen=True)
class Reading:
    """``shards`` in order; ``counts`` by source: rows ``read`` and ``rejected``."""

    shards: list[RawShard]
    counts: dict[str, dict[str, int]]

    @property
    def rows(self) -> int:
        """All records of all roles."""
        return sum(raw.shard.rows for raw in self.shards)


def origins_of(data: DataSection) -> list[Origin]:
    """Every source with its role.

    A held-out set without an instruction takes that of the training sources, where they agree
    (texts have none): a model must be asked as it was taught.
    """
    taught = {source.instruction for source in data.sources if source.kind not in TEXT_KINDS}
    shared = taught.pop() if len(taught) == 1 else None
    names: Counter[str] = Counter()
    origins = []
    by_role: dict[Split, list[Source]] = {
        "train": data.sources,
        "validation": data.validation or [],
        "test": data.test or [],
    }
    for role, sources in by_role.items():
        for source in sources:
            name = source.name or source.paths[0]
            names[name] += 1
            if names[name] > 1:
                name = f"{name} ({names[name]})"
            instruction = source.instruction
            if instruction is None and role != "train" and source.kind not in TEXT_KINDS:
                instruction = shared
            origins.append(Origin(source, name, role, instruction))
    return origins


def source_files(origins: Sequence[Origin], folder: Path, data: DataSection) -> list[SourceFiles]:
    """What is to be read. Raises UsageError for a path that is not there."""
    hash_of = lru_cache(maxsize=None)(file_sha256)  # an archive holds many
    result = []
    for origin in origins:
        files = open_source(origin.source, folder)
        told: list[list[Any]] = []
        for file in files:
            if isinstance(file, Rejection):
                told.append([file.path, file.reason])
            elif file.size_bytes > data.max_file_bytes:  # it won't be read
                told.append([file.path, file.size_bytes])
            else:
                told.append([file.path, file.key, file.fragment, hash_of(file.location)])
        settings = origin.source.model_dump(exclude=_NOT_READ)
        key = content_hash(VERSION, __version__, settings, data.max_file_bytes, told)
        result.append(SourceFiles(origin, files, key))
    return result


def reading_key(sources: Sequence[SourceFiles]) -> str:
    """Hash of all that decides what is read."""
    return content_hash([source.key for source in sources])


def read_all(sources: Sequence[SourceFiles], work: Work) -> Reading:
    """Everything read into shards, in the ledger and counted."""
    work.progress.stage(_("Reading"), sum(len(source.files) for source in sources))
    shards: list[RawShard] = []
    counts = {source.origin.name: {"read": 0, "rejected": 0} for source in sources}
    done = 0
    wanted: set[str] = set()
    with work.stage(STAGE, reading_key(sources), shared=True) as folder:
        for source in sources:
            of_source = counts[source.origin.name]
            for number, files in enumerate(_portions(source.files)):
                name = f"{source.key[:16]}-{number:05}"

                def make(
                    place: Path, files: list[Found] = files, source: SourceFiles = source
                ) -> Facts:
                    return _read_portion(place, files, source, work.data.max_file_bytes)

                wanted.add(name)
                facts = unit(folder, name, make)
                work.ledger.take(folder / name / "ledger.arrow")
                of_source["read"] += facts["read"]
                of_source["rejected"] += facts["rejected"]
                shards += [
                    RawShard(shard, kind, source.origin)
                    for kind in KINDS
                    for shard in shards_of(folder / name, kind, facts[kind])
                ]
                done += len(files)
                work.progress.advance(done, source=source.origin.name, rows=of_source["read"])
        remove_others(folder, wanted)
    reading = Reading(sorted(shards, key=lambda raw: KINDS.index(raw.kind)), counts)
    work.ledger.balance(STAGE, sum(sum(c.values()) for c in counts.values()), reading.rows)
    return reading


def _portions(files: Sequence[Found]) -> Iterator[list[Found]]:
    """``files`` in order, a few at a time."""
    portion: list[Found] = []
    size_bytes = 0
    for file in files:
        portion.append(file)
        size_bytes += 0 if isinstance(file, Rejection) else file.size_bytes
        if size_bytes >= _UNIT_BYTES or len(portion) >= _UNIT_FILES:
            yield portion
            portion, size_bytes = [], 0
    if portion:
        yield portion


def _read_portion(
    folder: Path, files: Sequence[Found], source: SourceFiles, max_bytes: int
) -> Facts:
    ledger = Ledger()
    writers = {kind: _Writer(folder, kind) for kind in KINDS}
    with ledger.into(folder / "ledger.arrow"):
        for record in read_files(files, source.files, source.origin.source, max_bytes):
            if isinstance(record, Rejection):
                ledger.add(STAGE, [record])
            elif isinstance(record, Document):
                writers["documents"].add(record, len(record.text))
            else:
                size = sum(len(turn.content) for turn in record.turns)
                writers["dialogues"].add(record, size)
    rows = {kind: writer.finish() for kind, writer in writers.items()}
    read = sum(sum(counts) for counts in rows.values())
    return {**rows, "read": read, "rejected": ledger.rows(STAGE)}


class _Writer:
    """Gathers records of one kind, and writes a shard whenever there are enough."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._records: list[Document | Dialogue] = []
        self._size = 0
        self._rows: list[int] = []

    def add(self, record: Document | Dialogue, size: int) -> None:
        self._records.append(record)
        self._size += size
        if self._size >= SHARD_BYTES or len(self._records) >= SHARD_ROWS:
            self._write()

    def finish(self) -> list[int]:
        """Write what is left; the numbers of rows of all shards."""
        if self._records:
            self._write()
        return self._rows

    def _write(self) -> None:
        table: pa.Table = to_table(self._records, SCHEMAS[self._kind])
        shard = write_shard(shard_path(self._folder, self._kind, len(self._rows)), table)
        self._rows.append(shard.rows)
        self._records, self._size = [], 0
