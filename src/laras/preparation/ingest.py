"""Reads the recipe's sources into tables, and what can't be read into the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa

from laras.preparation.groups import own_group
from laras.preparation.ledger import Ledger
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
from laras.runs.progress import Progress
from laras.sources.read import read_source

Record = Document | Dialogue | Rejection
_Seen = Counter[tuple[Split, str]]

ROLES: tuple[Split, ...] = ("train", "validation", "test")
STAGE = "read"
_CHUNK_RECORDS = 5000


@dataclass(frozen=True)
class Origin:
    """A source of the recipe, under a name that no other has, and what it was given for.

    ``role`` "train" stands for data that the held-out splits may be taken from.
    """

    source: Source
    name: str
    role: Split
    instruction: str | None


@dataclass(frozen=True)
class Tables:
    """Records of one role: documents (DOCUMENT_SCHEMA) and dialogues (DIALOGUE_SCHEMA)."""

    documents: pa.Table
    dialogues: pa.Table

    @property
    def rows(self) -> int:
        """Documents and dialogues together."""
        return int(self.documents.num_rows + self.dialogues.num_rows)


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


def read_all(
    origins: Iterable[Origin], folder: Path, data: DataSection, ledger: Ledger, progress: Progress
) -> tuple[dict[Split, Tables], dict[str, dict[str, int]]]:
    """Tables by role, and by source how many rows were read and how many rejected."""
    parts: dict[Split, list[Tables]] = {role: [] for role in ROLES}
    counts: dict[str, dict[str, int]] = {}
    seen: _Seen = Counter()
    done = 0
    for origin in origins:
        named = origin.source.model_copy(update={"name": origin.name})
        counts[origin.name] = {"read": 0, "rejected": 0}
        records = iter(read_source(named, folder, data))
        for chunk in _chunks(records):
            rejections = [record for record in chunk if isinstance(record, Rejection)]
            kept = [
                _unique(record, origin, seen)
                for record in chunk
                if not isinstance(record, Rejection)
            ]
            ledger.add(STAGE, rejections)
            dropped = sum(r.rows for r in rejections if r.action == "dropped")
            counts[origin.name]["read"] += len(kept)
            counts[origin.name]["rejected"] += dropped
            parts[origin.role].append(_tables(kept))
            done += len(chunk)
            progress.advance(done, source=origin.name)
    return {role: _joined(tables) for role, tables in parts.items()}, counts


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, _CHUNK_RECORDS)):
        yield chunk


def _unique(record: Document | Dialogue, origin: Origin, seen: _Seen) -> Document | Dialogue:
    """``record`` under an identifier that no other of its role has (a file can be read twice),
    with its group spelled out."""
    identifier = record.document_id if isinstance(record, Document) else record.dialogue_id
    seen[origin.role, identifier] += 1
    times = seen[origin.role, identifier]
    own = identifier if times == 1 else f"{identifier}~{times}"
    group = own_group(record.group, own)
    if isinstance(record, Document):
        return replace(record, source=origin.name, document_id=own, group=group)
    label = record.label.strip() if record.label is not None else None
    return replace(record, source=origin.name, dialogue_id=own, group=group, label=label)


def _tables(records: list[Document | Dialogue]) -> Tables:
    documents = [record for record in records if isinstance(record, Document)]
    dialogues = [record for record in records if isinstance(record, Dialogue)]
    return Tables(to_table(documents, DOCUMENT_SCHEMA), to_table(dialogues, DIALOGUE_SCHEMA))


def _joined(tables: list[Tables]) -> Tables:
    empty = Tables(DOCUMENT_SCHEMA.empty_table(), DIALOGUE_SCHEMA.empty_table())
    parts = [empty, *tables]
    return Tables(
        pa.concat_tables([part.documents for part in parts]),
        pa.concat_tables([part.dialogues for part in parts]),
    )
