"""The fourth stage: clean, distinct records become examples, with narrow columns to split by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.compare import Compared
from laras.preparation.describe import Cleaned, CleanShard
from laras.preparation.engine import run_steps
from laras.preparation.examples import dialogue_examples
from laras.preparation.keys import TEXT_KEY, example_keys
from laras.preparation.ledger import Ledger
from laras.preparation.pairs.steps import document_examples
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
from laras.records import EXAMPLE_SCHEMA, Rejection, Split
from laras.runs.hashing import content_hash
from laras.translation import _

STAGE = "examples"
VERSION = 1  # of this file; raise it when the same records come out otherwise

# What splitting needs of an example.
NARROW = pa.schema(
    [
        *TEXT_KEY,
        *(
            EXAMPLE_SCHEMA.field(name)
            for name in ("example_id", "group", "task", "label", "source")
        ),
        ("path", pa.string()),
        ("locator", pa.string()),
    ]
)


@dataclass(frozen=True)
class ExampleShard:
    """Examples (EXAMPLE_SCHEMA) and, row by row, their NARROW columns."""

    examples: Shard
    narrow: Shard


@dataclass(frozen=True)
class Composed:
    """The examples of each role; ``records``: how many records gave any; ``key``: the stage's."""

    shards: Mapping[Split, Sequence[ExampleShard]]
    records: int
    key: str

    def rows_of(self, role: Split) -> int:
        """All examples of one role."""
        return sum(shard.examples.rows for shard in self.shards[role])


def composing_key(compared: Compared, work: Work) -> str:
    """Hash of all that decides what this stage leaves."""
    sources = [
        (
            origin.role,
            origin.name,
            origin.instruction,
            origin.source.model_dump(include={"weight", "passages", "pairs"}),
        )
        for origin in work.origins
    ]
    settings = work.section.model_dump(include={"chunk_characters", "generation"})
    versions = [(step.name, step.version) for step in steps_of(work)]
    return content_hash(VERSION, compared.key, sources, settings, versions)


def steps_of(work: Work) -> list[Step]:
    """The steps of this stage, whose versions are part of its key."""
    return [_step("documents", work), _step("dialogues", work), example_keys({})]


def compose_all(cleaned: Cleaned, compared: Compared, work: Work) -> Composed:
    """All records that stay, as examples; which gave none is in the ledger."""
    rows_in = sum(compared.rows_of(role) for role in ROLES)
    work.progress.stage(_("Making examples"), cleaned.rows)
    key = composing_key(compared, work)
    shards: dict[Split, list[ExampleShard]] = {role: [] for role in ROLES}
    gave = done = 0
    with work.stage(STAGE, key) as folder:
        for role in ROLES:
            first = 0
            for number, shard in enumerate(cleaned.shards[role]):
                name = f"{role}-{number:05}"

                def make(
                    place: Path, role: Split = role, shard: CleanShard = shard, first: int = first
                ) -> Facts:
                    return _compose(place, compared.kept(role, shard, first), shard.kind, work)

                facts = unit(folder, name, make)
                work.ledger.take(folder / name / "ledger.arrow")
                gave += facts["gave"]
                if rows := facts["rows"]:
                    paths = (shard_path(folder / name, kind, 0) for kind in ("examples", "narrow"))
                    shards[role].append(ExampleShard(*(Shard(path, rows) for path in paths)))
                first += shard.records.rows
                done += shard.records.rows
                work.progress.advance(done, step="examples")
    work.ledger.balance(STAGE, rows_in, gave)
    composed = Composed(shards, gave, key)
    work.ledger.funnel[-1]["examples"] = sum(composed.rows_of(role) for role in ROLES)
    return composed


def _step(kind: str, work: Work) -> Step:
    if kind == "documents":
        return document_examples(
            work.section.chunk_characters,
            work.weights,
            {origin.name: origin.source.pairs for origin in work.origins},
            {origin.name for origin in work.origins if not origin.source.passages},
            {origin.name for origin in work.origins if origin.source.passages == "whole"},
        )
    return dialogue_examples(work.instructions, work.weights)


def _compose(place: Path, records: pa.Table, kind: str, work: Work) -> Facts:
    built = run_steps(records, [_step(kind, work)], work.runner)
    ledger = Ledger()
    with ledger.into(place / "ledger.arrow"):
        ledger.add(STAGE, _without_examples(built))
    examples = _flat(built.column("examples"))
    write_examples(place, examples, work)
    gave = records.num_rows - ledger.rows(STAGE)
    return {"gave": gave, "rows": examples.num_rows}


def write_examples(place: Path, examples: pa.Table, work: Work) -> None:
    """``examples`` and their NARROW columns as shards in ``place``, if there are any."""
    if examples.num_rows:
        keyed = run_steps(examples, [example_keys(work.instructions)], work.runner)
        write_shard(shard_path(place, "examples", 0), examples)
        write_shard(shard_path(place, "narrow", 0), _narrow(keyed))


def _without_examples(built: pa.Table) -> Iterator[Rejection]:
    told = pc.or_(pc.is_valid(built.column("refused")), pc.is_valid(built.column("cut")))
    some = built.filter(told)
    reasons = (some.column(name).to_pylist() for name in ("refused", "cut"))
    for place, refused, cut in zip(places_of(some), *reasons, strict=True):
        if refused:
            yield left_out(place, STAGE, refused)
        else:
            yield cut_short(place, STAGE, cut)


def _flat(examples: pa.ChunkedArray) -> pa.Table:
    """The lists of examples of all records as one table of EXAMPLE_SCHEMA."""
    parts = [pa.Table.from_struct_array(chunk.flatten()) for chunk in examples.chunks]
    if not parts:
        return EXAMPLE_SCHEMA.empty_table()
    return pa.concat_tables(parts).cast(EXAMPLE_SCHEMA)


def _narrow(examples: pa.Table) -> pa.Table:
    """NARROW of ``examples``; where they come from is their first span."""
    spans = examples.column("spans")
    some = pc.greater(pc.list_value_length(spans), 0)
    first = pc.list_element(spans.filter(some), 0)
    columns = []
    for field in NARROW:
        if field.name in ("path", "locator"):
            values = pc.replace_with_mask(
                pa.array([""], pa.string()).take(pa.array([0] * len(spans), pa.int64())),
                some.combine_chunks(),
                pc.struct_field(first, field.name).combine_chunks(),
            )
            columns.append(values)
        else:
            columns.append(examples.column(field.name))
    return pa.Table.from_arrays(columns, schema=NARROW)
