"""What all stages of the preparation share: their folder, and units of work that are done once.

A stage leaves a folder named after its key, which is the hash of all that decides its content. It
is made of units (a few files read, a shard cleaned), each there completely or not at all: a run
that was killed finds those that it had finished, and a stage whose key is unchanged is not done
again.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from laras.preparation.engine import Runner
from laras.preparation.ledger import Ledger
from laras.preparation.shards import Shard
from laras.recipe.schema import DataSection, PreparationSection, Source
from laras.records import Rejection, Split, identifier_of, place_of
from laras.runs.atomic import publish_folder, write_json_atomic
from laras.runs.failures import storage_errors
from laras.runs.folder import Run
from laras.runs.hashing import file_sha256
from laras.runs.progress import Progress

Facts = dict[str, Any]
_FACTS = "facts.json"
_KEY_CHARACTERS = 16

ROLES: tuple[Split, ...] = ("train", "validation", "test")


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
class Embedder:
    """Texts to rows of numbers; given from outside, since this room knows no models. ``key``: hash
    of the model that does it."""

    embed: Callable[[Sequence[str]], Any]
    key: str


@dataclass
class Work:
    """One preparation being worked on: what each stage is given, and what they gather."""

    run: Run
    data: DataSection
    section: PreparationSection
    origins: list[Origin]
    progress: Progress
    runner: Runner
    embedder: Embedder | None = None
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def instructions(self) -> dict[str, str]:
        """What is put before the texts of a source, by its name."""
        return {o.name: o.instruction for o in self.origins if o.instruction}

    @property
    def weights(self) -> dict[str, float]:
        """How much the examples of a source count, by its name."""
        return {origin.name: origin.source.weight for origin in self.origins}

    @contextmanager
    def stage(self, name: str, key: str, *, shared: bool = False) -> Iterator[Path]:
        """The folder of the stage ``name`` for ``key``, in which the block finds or makes units.

        What the stage left for other keys goes; unless the folder is ``shared`` by all keys, since
        its units are named after keys of their own. At the end, the content of the folder is
        recorded with its hashes; where it is no longer what was recorded, it is made anew.
        """
        parent = self.run.data / name
        folder = parent / ("shared" if shared else key[:_KEY_CHARACTERS])
        status = self.run.stage(stage_name(name), key)
        with storage_errors(folder):
            if status.damaged:
                shutil.rmtree(folder, ignore_errors=True)
            remove_others(parent, {folder.name})
            folder.mkdir(parents=True, exist_ok=True)
        yield folder
        if not status.done:
            status.finish({"folder": folder})


def stage_name(name: str) -> str:
    """Under which name the run records the stage ``name`` of the preparation."""
    return f"prepare-{name}"


def remove_others(folder: Path, wanted: set[str]) -> None:
    """Take everything out of ``folder`` but what is called as ``wanted`` says."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.name not in wanted:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def unit(folder: Path, name: str, make: Callable[[Path], Facts]) -> Facts:
    """The facts of the unit ``name`` in ``folder``, made by ``make`` unless it is there, sound.

    ``make`` gets a folder to write into and returns what is worth knowing, in terms of JSON.
    """
    final = folder / name
    if (facts := _sound_facts(final)) is not None:
        return facts
    temporary = folder / f".{name}.{uuid.uuid4().hex}.tmp"
    with storage_errors(final):
        temporary.mkdir(parents=True)
    try:
        facts = make(temporary)
        hashes = {path.name: file_sha256(path) for path in sorted(temporary.iterdir())}
        write_json_atomic(temporary / _FACTS, {"facts": facts, "files": hashes})
        publish_folder(temporary, final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    # As whoever finds them later: JSON makes lists of tuples.
    return read_facts(final)


def read_facts(unit_folder: Path) -> Facts:
    """What a finished unit said of itself."""
    facts: Facts = json.loads((unit_folder / _FACTS).read_text(encoding="utf-8"))["facts"]
    return facts


def _sound_facts(unit_folder: Path) -> Facts | None:
    try:
        content = json.loads((unit_folder / _FACTS).read_text(encoding="utf-8"))
        files: dict[str, str] = content["files"]
        if all(file_sha256(unit_folder / name) == hash_ for name, hash_ in files.items()):
            facts: Facts = content["facts"]
            return facts
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def shards_of(unit_folder: Path, kind: str, rows: Sequence[int]) -> list[Shard]:
    """The shards of a ``kind`` that a unit wrote, whose ``rows`` its facts tell."""
    return [Shard(shard_path(unit_folder, kind, n), count) for n, count in enumerate(rows)]


def shard_path(unit_folder: Path, kind: str, number: int) -> Path:
    """Where a unit writes its shard ``number`` of a ``kind``."""
    return unit_folder / f"{kind}-{number:04}.arrow"


def left_out(place: Mapping[str, Any], stage: str, reason: str, detail: str = "") -> Rejection:
    """The ledger's entry for a record that is dropped."""
    return Rejection(stage, reason, place["path"], place["locator"], place["record_id"], detail)


def cut_short(place: Mapping[str, Any], stage: str, reason: str, detail: str = "") -> Rejection:
    """The ledger's entry for a record that stays, in a shorter form."""
    return Rejection(
        stage, reason, place["path"], place["locator"], place["record_id"], detail, "cut", 0
    )


def place_name(place: Mapping[str, Any]) -> str:
    """Where a record comes from, for people."""
    return place_of(str(place["path"]), str(place["locator"] or ""))


def places_of(table: pa.Table) -> list[dict[str, Any]]:
    """Identifier, path and locator of each record of ``table``."""
    identifier = identifier_of(table.schema.names)
    columns = [table.column(name).to_pylist() for name in (identifier, "path", "locator")]
    names = ("record_id", "path", "locator")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
