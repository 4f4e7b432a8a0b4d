"""One row's whole story: as it was read, as it was cleaned, what became of it, and where it went.

Everything comes from the files of a run folder; nothing is prepared again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from laras.errors import UsageError
from laras.preparation.ledger_view import ledger_entries, place_of
from laras.preparation.shards import batches_of
from laras.preparation.stages import ROLES
from laras.preparation.wanted import WantedPlace, close_names, flat
from laras.records import Example, Rejection, Split, examples_from
from laras.translation import _

_IDENTIFIERS = {"documents": "document_id", "dialogues": "dialogue_id"}
MOST_STORIES = 20


@dataclass
class Story:
    """What is known of one record.

    ``before``: its text as it was read, None where that was not kept. ``after``: its text after
    cleaning, None where it left before that was written. ``examples``: with the split of each.
    """

    record_id: str
    path: str = ""
    locator: str = ""
    source: str = ""
    language: str = ""
    flags: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    ledger: list[Rejection] = field(default_factory=list)
    examples: list[tuple[Split, Example]] = field(default_factory=list)


def stories(data: Path, wanted: str, most: int = MOST_STORIES) -> list[Story]:
    """The records that ``wanted`` names: an example's or a record's identifier, a file or folder
    (its name, or its path as seen from the recipe, from here or from the root), ``path: locator``,
    or words that stand in its text.

    ``data``: the data folder of a run. Raises UsageError where nothing is found.
    """
    names = _named(data, wanted) or _holding(data, wanted, most)
    if not names:
        close = close_names(wanted, _paths(data))
        hint = _("Give an identifier, a file's path, or words of the text.")
        if close:
            hint = _("Did you mean {names}?").format(names=", ".join(map(repr, close)))
        raise UsageError(
            "preparation.no-such-row",
            _("Nothing in this run is called {wanted!r}, or holds these words.").format(
                wanted=wanted
            ),
            where=str(data),
            hint=hint,
        )
    return tell(data, list(names)[:most])


def tell(data: Path, record_ids: Iterable[str]) -> list[Story]:
    """The stories of the records ``record_ids``, in their order."""
    found = {name: Story(name) for name in record_ids}
    _add_before(data, found)
    _add_after(data, found)
    _add_ledger(data, found)
    _add_examples(data, found)
    return list(found.values())


def _own(record_id: str) -> str:
    """The record that an identifier of the ledger or of an example stands for."""
    for mark in ("#", "?", "@", "!"):
        record_id = record_id.partition(mark)[0]
    return record_id


def _named(data: Path, wanted: str) -> list[str]:
    """Records called ``wanted``, or standing in the file or folder, or at the place of this
    name."""
    names: dict[str, None] = {}
    is_meant = WantedPlace(wanted, data)
    for kind, identifier in _IDENTIFIERS.items():
        wanted_columns = [identifier, "path", "locator"]
        batches = chain(_raw(data, kind, wanted_columns), _cleaned(data, kind, wanted_columns))
        for batch in batches:
            columns = (batch.column(name).to_pylist() for name in wanted_columns)
            for name, path, locator in zip(*columns, strict=True):
                if wanted == name or is_meant(path, locator or ""):
                    names[name] = None
    for rejection in ledger_entries(data):
        if wanted == rejection.record_id or is_meant(rejection.path, rejection.locator):
            names[_own(rejection.record_id) or place_of(rejection)] = None
    if not names:
        for split in ROLES:
            for batch in pq.ParquetFile(data / f"{split}.parquet").iter_batches(
                columns=["example_id", "spans"]
            ):
                where = pc.equal(batch.column("example_id"), wanted)
                for row in batch.filter(where).to_pylist():
                    names.update({span["record_id"]: None for span in row["spans"]})
    return list(names)


def _holding(data: Path, words: str, most: int) -> list[str]:
    """Records whose text, as read or as cleaned, or whose entry in the ledger holds ``words``;
    neither case nor the kind of white space matters."""
    wanted = flat(words)
    if not wanted:
        return []
    names: dict[str, None] = {}
    for kind, identifier in _IDENTIFIERS.items():
        for batches in (_raw(data, kind), _cleaned(data, kind)):
            for batch in batches:
                for name, text in zip(
                    batch.column(identifier).to_pylist(), _texts(batch, kind), strict=True
                ):
                    if wanted in flat(text):
                        names[name] = None
                        if len(names) >= most:
                            return list(names)
    for rejection in ledger_entries(data):
        if len(names) < most and wanted in flat(f"{rejection.locator} {rejection.detail}"):
            names[_own(rejection.record_id) or place_of(rejection)] = None
    return list(names)


def _paths(data: Path) -> Iterator[str]:
    """The files of every record, and of every entry in the ledger."""
    for kind in _IDENTIFIERS:
        for batch in chain(_raw(data, kind, ["path"]), _cleaned(data, kind, ["path"])):
            yield from batch.column("path").unique().to_pylist()
    for rejection in ledger_entries(data):
        yield rejection.path


def _raw(data: Path, kind: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    for path in sorted((data / "read").glob(f"*/*/{kind}*.arrow")):
        yield from batches_of(path, columns)


def _cleaned(data: Path, kind: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    path = data / f"{kind}.parquet"
    if path.is_file():
        yield from pq.ParquetFile(path).iter_batches(batch_size=2000, columns=columns)


def _texts(batch: pa.RecordBatch, kind: str) -> list[str]:
    if kind == "documents":
        return [text or "" for text in batch.column("text").to_pylist()]
    return [as_text(turns) for turns in batch.column("turns").to_pylist()]


def as_text(turns: Iterable[dict[str, Any]]) -> str:
    """The turns of a conversation, one after the other, each with who speaks."""
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _rows(batch: pa.RecordBatch, kind: str, found: Container[str]) -> Iterator[dict[str, Any]]:
    """Rows of the records looked for."""
    names = batch.column(_IDENTIFIERS[kind]).to_pylist()
    wanted = [row for row, name in enumerate(names) if name in found]
    for row in batch.take(pa.array(wanted, pa.int64())).to_pylist():
        yield {**row, "name": row[_IDENTIFIERS[kind]]}


def _add_before(data: Path, found: dict[str, Story]) -> None:
    # A file that two sources read is there once, under the name that counts no repetition.
    read: dict[str, list[Story]] = {}
    for name, story in found.items():
        read.setdefault(name.partition("~")[0], []).append(story)
    for kind in _IDENTIFIERS:
        for batch in _raw(data, kind):
            for row in _rows(batch, kind, read):
                for story in read[row["name"]]:
                    story.path, story.locator = row["path"], row["locator"] or ""
                    story.source = story.source or row["source"] or ""
                    story.before = _text_of(row, kind)


def _text_of(row: dict[str, Any], kind: str) -> str:
    return str(row["text"]) if kind == "documents" else as_text(row["turns"])


def _add_after(data: Path, found: dict[str, Story]) -> None:
    for kind in _IDENTIFIERS:
        for batch in _cleaned(data, kind):
            for row in _rows(batch, kind, found):
                story = found[row["name"]]
                story.path, story.locator = row["path"], row["locator"] or ""
                story.source = row["source"]
                story.after = _text_of(row, kind)
                story.language = row.get("language") or ""
                story.flags = tuple(row.get("flags") or ())


def _add_ledger(data: Path, found: dict[str, Story]) -> None:
    places = {
        f"{story.path}: {story.locator}".removesuffix(": "): story for story in found.values()
    }
    for rejection in ledger_entries(data):
        place = place_of(rejection)
        own = _own(rejection.record_id)
        story = found.get(own) or (places.get(place) if not own else None) or found.get(place)
        if story is not None:
            story.ledger.append(rejection)
            story.path, story.locator = rejection.path, rejection.locator


def _add_examples(data: Path, found: dict[str, Story]) -> None:
    for split in ROLES:
        for batch in pq.ParquetFile(data / f"{split}.parquet").iter_batches(batch_size=2000):
            spans = batch.column("spans").to_pylist()
            of_these = [
                row for row, its in enumerate(spans) if any(s["record_id"] in found for s in its)
            ]
            if not of_these:
                continue
            table = pa.Table.from_batches([batch.take(pa.array(of_these, pa.int64()))])
            for example in examples_from(table):
                for name in dict.fromkeys(span.record_id for span in example.spans):
                    if name in found:
                        found[name].examples.append((split, example))
