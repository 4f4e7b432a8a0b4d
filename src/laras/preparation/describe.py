"""The second stage: records are cleaned, described, filtered, and get keys to compare them by.

Two passes over the shards. The first repairs the characters of the documents to learn from and
gathers the hashes of their lines; only then it is known which lines a source repeats. The second
does the rest for all records. What a step learns of a record (its language, the rules it breaks,
what personal data it holds) is counted here for the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.boilerplate import HASH_LINES, drop_repeated_lines
from laras.preparation.clean import CLEAN_DIALOGUES, CLEAN_DOCUMENTS
from laras.preparation.cleaning_facts import CleaningFacts
from laras.preparation.engine import run_steps
from laras.preparation.first_pass import FirstPass
from laras.preparation.groups import GIVEN
from laras.preparation.indonesian import NORMALISE_DIALOGUES, NORMALISE_DOCUMENTS
from laras.preparation.ingest import SCHEMAS, Reading
from laras.preparation.keys import DOCUMENT_KEYS, KEYS, dialogue_keys
from laras.preparation.language import LANGUAGE_DIALOGUES, LANGUAGE_DOCUMENTS, UNKNOWN
from laras.preparation.ledger import Ledger
from laras.preparation.naming import hashed_group, repeated_identifiers
from laras.preparation.privacy.metadata import without_people
from laras.preparation.privacy.steps import personal_data_dialogues, personal_data_documents
from laras.preparation.privacy.told import paths_that_name, with_lines_replaced
from laras.preparation.quality import QUALITY_DOCUMENTS
from laras.preparation.shards import Shard, write_shard
from laras.preparation.stages import (
    ROLES,
    Facts,
    Work,
    cut_short,
    left_out,
    places_of,
    shard_path,
    unit,
)
from laras.preparation.steps import Step
from laras.preparation.titles import titles_too
from laras.recipe.schema import PreparationSection
from laras.records import IDENTIFIERS, Rejection, Split
from laras.runs.hashing import content_hash
from laras.translation import _

STAGE = "clean"
VERSION = 2  # of this file; raise it when the same records come out otherwise
_FIELDS = {
    "clean",
    "indonesian_normalisation",
    "personal_data",
    "personal_data_kinds",
    "quality",
    "languages",
    "min_characters",
}
_VISIBLE = r"[^\s\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
# What comparing needs of a record besides its keys.
PLACE = ("record_id", "path", "locator", "group", "source", "label")
KEY_SCHEMA = pa.schema([*KEYS, *(pa.field(name, pa.string()) for name in PLACE)])
DESCRIBED = [pa.field("language", pa.string()), pa.field("flags", pa.list_(pa.string()))]


@dataclass(frozen=True)
class CleanShard:
    """Records of one kind (their schema and DESCRIBED), and their keys (KEY_SCHEMA)."""

    records: Shard
    keys: Shard
    kind: str


@dataclass(frozen=True)
class Cleaned:
    """What is left by role, documents before dialogues; ``key`` is the stage's.

    ``apart``: sources of one customer, whose records are groups of their own, with the name of the
    group that they would otherwise all be in.
    """

    shards: Mapping[Split, Sequence[CleanShard]]
    facts: CleaningFacts
    key: str
    apart: Mapping[str, str]

    @property
    def rows(self) -> int:
        """All records of all roles."""
        return sum(self.rows_of(role) for role in self.shards)

    def rows_of(self, role: Split) -> int:
        """All records of one role."""
        return sum(shard.records.rows for shard in self.shards[role])


def describing_key(reading_key: str, work: Work) -> str:
    """Hash of all that decides what this stage leaves."""
    given = [(origin.role, origin.name, origin.instruction) for origin in work.origins]
    versions = [(step.name, step.version) for step in describing_steps(work)]
    settings = work.section.model_dump(include=_FIELDS)
    return content_hash(VERSION, reading_key, given, settings, versions)


def describing_steps(work: Work) -> list[Step]:
    """The steps of this stage, whose versions are part of its key."""
    first = [CLEAN_DOCUMENTS, HASH_LINES, drop_repeated_lines({})]
    return [*first, *_steps("documents", work), *_steps("dialogues", work)]


def describe_all(reading: Reading, reading_key: str, work: Work) -> Cleaned:
    """All records through both passes; what leaves is in the ledger."""
    key = describing_key(reading_key, work)
    work.progress.stage(_("Cleaning"), reading.rows)
    facts = CleaningFacts()
    shards: dict[Split, list[CleanShard]] = {role: [] for role in ROLES}
    times = repeated_identifiers(reading.shards)
    done = 0
    with work.stage(STAGE, key) as folder:
        first_pass = FirstPass(reading, times, folder, work)
        for number, raw in enumerate(reading.shards):
            name = f"{number:05}"

            def make(place: Path, number: int = number) -> Facts:
                return _describe(place, first_pass, number, work)

            found = unit(folder, name, make)
            work.ledger.take(folder / name / "ledger.arrow")
            facts.add(found)
            rows = found["rows"]
            if rows:
                records, keys = (shard_path(folder / name, k, 0) for k in ("records", "keys"))
                shard = CleanShard(Shard(records, rows), Shard(keys, rows), raw.kind)
                shards[raw.origin.role].append(shard)
            done += raw.shard.rows
            work.progress.advance(done, step="clean")
        first_pass.remove()
    replaced = work.section.personal_data == "replace"
    apart = {
        name: f"{GIVEN}{hashed_group(group) if replaced else group}"
        for name, group in first_pass.of_one_customer.items()
    }
    cleaned = Cleaned(shards, facts, key, apart)
    work.ledger.balance(STAGE, reading.rows, cleaned.rows)
    return cleaned


def _steps(kind: str, work: Work) -> list[Step]:
    """What the second pass does to records of a kind, after what the first has done."""
    section = work.section
    texts = kind == "documents"
    steps = [LANGUAGE_DOCUMENTS if texts else LANGUAGE_DIALOGUES]
    if section.clean and not texts:
        steps.insert(0, CLEAN_DIALOGUES)
    if section.indonesian_normalisation:
        step = NORMALISE_DOCUMENTS if texts else NORMALISE_DIALOGUES
        steps.append(step.writing_as({"fixes": "written_out"}))
    if section.personal_data != "keep":
        replace = section.personal_data == "replace"
        make = personal_data_documents if texts else personal_data_dialogues
        step = make(section.personal_data_kinds, replace)
        steps.append(titles_too(step) if texts and replace else step)
    if section.quality != "off" and texts:
        steps.append(QUALITY_DOCUMENTS)
    return [*steps, DOCUMENT_KEYS if texts else dialogue_keys(work.instructions)]


def _describe(place: Path, first_pass: FirstPass, number: int, work: Work) -> Facts:
    """One shard through the second pass, into ``place``."""
    raw = first_pass.raw[number]
    as_is = raw.origin.role != "train"
    table = first_pass.table(number)
    steps = _steps(raw.kind, work)
    if raw.kind == "documents" and work.section.clean:
        if as_is:
            steps.insert(0, CLEAN_DOCUMENTS)
        elif repeated := first_pass.repeated():
            steps.insert(0, drop_repeated_lines(repeated))
    table = run_steps(table, steps, work.runner)
    naming: list[str] = []
    if work.section.personal_data == "replace":
        naming = paths_that_name(table)
        table = with_lines_replaced(table, work.section.personal_data_kinds)
        table = without_people(table)
    facts = CleaningFacts.of(table) | {"naming_paths": naming}
    leaving = _leaving(table, work.section, as_is=as_is)
    ledger = Ledger()
    with ledger.into(place / "ledger.arrow"):
        ledger.add(STAGE, _cuts(table, set(leaving)))
        ledger.add(STAGE, (leaving[row] for row in sorted(leaving)))
    stays = [row for row in range(table.num_rows) if row not in leaving]
    table = table.take(pa.array(stays, pa.int64())) if leaving else table
    if table.num_rows:
        write_shard(shard_path(place, "records", 0), _records(table, raw.kind))
        write_shard(shard_path(place, "keys", 0), _keys(table, raw.kind))
    return {**facts, "rows": table.num_rows, "kept": {raw.origin.name: table.num_rows}}


def _records(table: pa.Table, kind: str) -> pa.Table:
    for field in DESCRIBED:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    schema = pa.schema([*SCHEMAS[kind], *DESCRIBED])
    return table.select(schema.names).cast(schema)


def _keys(table: pa.Table, kind: str) -> pa.Table:
    columns = []
    for field in KEY_SCHEMA:
        name = IDENTIFIERS[kind] if field.name == "record_id" else field.name
        if name in table.column_names:
            columns.append(table.column(name).cast(field.type))
        else:
            columns.append(pa.nulls(table.num_rows, field.type))
    return pa.Table.from_arrays(columns, schema=KEY_SCHEMA)


def _leaving(table: pa.Table, section: PreparationSection, *, as_is: bool) -> dict[int, Rejection]:
    """The rows that leave, each with its first reason.

    ``as_is``: a test or validation set of the user's own loses only what is empty.
    """
    found: list[tuple[int, str, str]] = []
    if "text" in table.column_names:
        text = table.column("text")
        empty = pc.invert(pc.match_substring_regex(text, _VISIBLE))
        found += [(row, "empty-after-cleaning", "") for row in _true(empty)]
        if not as_is:
            length = pc.utf8_length(text)
            least = section.min_characters
            short = _true(pc.less(length, least))
            found += [(row, "too-short", f"{length[row].as_py()} < {least}") for row in short]
    else:
        empty = pc.equal(pc.list_value_length(table.column("turns")), 0)
        found += [(row, "empty-after-cleaning", "") for row in _true(empty)]
    if section.languages and not as_is:
        language = table.column("language")
        wanted = pa.array([*section.languages, UNKNOWN], pa.string())
        foreign = pc.invert(pc.is_in(language, value_set=wanted))
        found += [(row, "language", language[row].as_py()) for row in _true(foreign)]
    if section.quality == "drop" and not as_is and "flags" in table.column_names:
        flags = table.column("flags")
        bad = _true(pc.greater(pc.list_value_length(flags), 0))
        found += [(row, "quality", ", ".join(flags[row].as_py())) for row in bad]
    first: dict[int, tuple[str, str]] = {}
    for row, reason, detail in found:
        first.setdefault(row, (reason, detail))
    rows = sorted(first)
    places = places_of(table.take(pa.array(rows, pa.int64())))
    return {
        row: left_out(place, STAGE, *first[row]) for row, place in zip(rows, places, strict=True)
    }


def _true(mask: pa.ChunkedArray) -> list[int]:
    rows: list[int] = pc.indices_nonzero(mask).to_pylist()
    return rows


def _cuts(table: pa.Table, leaving: set[int]) -> Iterator[Rejection]:
    """Rows that lost repeated lines."""
    if "cut_lines" not in table.column_names:
        return
    counts = pc.list_value_length(table.column("cut_lines"))
    rows = _true(pc.greater(counts, 0))
    places = places_of(table.take(pa.array(rows, pa.int64())))
    for row, place in zip(rows, places, strict=True):
        yield cut_short(place, STAGE, "repeated-lines", str(counts[row].as_py()))
