"""The stages between reading and splitting: tables in, tables out, the rest in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.boilerplate import HASH_LINES, drop_repeated_lines, repeated_lines
from laras.preparation.clean import CLEAN_DIALOGUES, CLEAN_DOCUMENTS
from laras.preparation.deduplicate import Duplicates, find_duplicates
from laras.preparation.engine import Runner, run_steps
from laras.preparation.examples import dialogue_examples, text_examples
from laras.preparation.groups import joined
from laras.preparation.ingest import Tables
from laras.preparation.keys import DOCUMENT_KEYS, KEYS, dialogue_keys
from laras.preparation.ledger import Ledger
from laras.recipe.schema import PreparationSection
from laras.records import DIALOGUE_SCHEMA, DOCUMENT_SCHEMA, EXAMPLE_SCHEMA, Rejection

# What the stages need of a record besides its content.
_PLACE = ("record_id", "path", "locator", "group", "source", "label")


@dataclass
class CleaningFacts:
    """How often each rule changed something, in how many rows, and which lines were cut."""

    changes: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """The same for the audit."""
        rules = {
            rule: {"changes": count, "rows": self.rows[rule]}
            for rule, count in self.changes.most_common()
        }
        lines = [{"line": line, "count": n} for line, n in self.lines.most_common(20)]
        return {"rules": rules, "repeated_lines": lines}


def places(table: pa.Table) -> list[dict[str, Any]]:
    """Identifier, path, locator, group, source and label of each record of ``table``."""
    id_column = "document_id" if "document_id" in table.column_names else "dialogue_id"
    names = [id_column, *_PLACE[1:]]
    columns = [
        table.column(name).to_pylist() if name in table.column_names else [None] * table.num_rows
        for name in names
    ]
    return [dict(zip(_PLACE, row, strict=True)) for row in zip(*columns, strict=True)]


def left_out(place: Mapping[str, Any], stage: str, reason: str, detail: str = "") -> Rejection:
    """The ledger's entry for a record that is dropped."""
    return Rejection(stage, reason, place["path"], place["locator"], place["record_id"], detail)


def cut_short(place: Mapping[str, Any], stage: str, reason: str, detail: str = "") -> Rejection:
    """The ledger's entry for a record that stays, in a shorter form."""
    return Rejection(
        stage, reason, place["path"], place["locator"], place["record_id"], detail, "cut", 0
    )


def keep(table: pa.Table, leaving: Iterable[int]) -> pa.Table:
    """``table`` without the rows ``leaving``."""
    gone = set(leaving)
    if not gone:
        return table
    stays = [row for row in range(table.num_rows) if row not in gone]
    return table.take(pa.array(stays, pa.int64()))


def clean(
    tables: Tables,
    section: PreparationSection,
    runner: Runner,
    ledger: Ledger,
    facts: CleaningFacts,
    *,
    as_is: bool,
) -> Tables:
    """Characters repaired, repeated lines cut, empty and too short records dropped.

    ``as_is``: a test or validation set of the user's own loses no lines and no short rows.
    """
    documents, dialogues = tables.documents, tables.dialogues
    if section.clean:
        documents = run_steps(documents, [CLEAN_DOCUMENTS], runner)
        dialogues = run_steps(dialogues, [CLEAN_DIALOGUES], runner)
        for table in (documents, dialogues):
            for fixes in table.column("fixes").to_pylist():
                facts.changes.update({fix["rule"]: fix["count"] for fix in fixes})
                facts.rows.update(fix["rule"] for fix in fixes)
        if not as_is:
            documents = _without_repeated_lines(documents, runner, ledger, facts)
    least = 0 if as_is else section.min_characters
    leaving: dict[int, Rejection] = {}
    for row, (place, text) in enumerate(
        zip(places(documents), documents.column("text").to_pylist(), strict=True)
    ):
        if not text.strip():
            leaving[row] = left_out(place, "clean", "empty-after-cleaning")
        elif len(text) < least:
            leaving[row] = left_out(place, "clean", "too-short", f"{len(text)} < {least}")
    empty: dict[int, Rejection] = {}
    counts = pc.list_value_length(dialogues.column("turns")).to_pylist()
    for row, (place, count) in enumerate(zip(places(dialogues), counts, strict=True)):
        if not count:
            empty[row] = left_out(place, "clean", "empty-after-cleaning")
    ledger.add("clean", [*leaving.values(), *empty.values()])
    return Tables(
        keep(documents, leaving).select(DOCUMENT_SCHEMA.names),
        keep(dialogues, empty).select(DIALOGUE_SCHEMA.names),
    )


def _without_repeated_lines(
    documents: pa.Table, runner: Runner, ledger: Ledger, facts: CleaningFacts
) -> pa.Table:
    hashed = run_steps(documents.select(["source", "text"]), [HASH_LINES], runner)
    repeated = repeated_lines(hashed)
    if not repeated:
        return documents
    documents = run_steps(documents, [drop_repeated_lines(repeated)], runner)
    cuts = documents.column("cut_lines").to_pylist()
    for place, lines in zip(places(documents), cuts, strict=True):
        if lines:
            facts.changes["repeated-lines"] += len(lines)
            facts.rows["repeated-lines"] += 1
            facts.lines.update(lines)
            ledger.add("clean", [cut_short(place, "clean", "repeated-lines", str(len(lines)))])
    return documents


def keys_of(tables: Tables, instructions: Mapping[str, str], runner: Runner) -> pa.Table:
    """The narrow table of all records: KEYS and their places, documents first."""
    steps = ((tables.documents, DOCUMENT_KEYS), (tables.dialogues, dialogue_keys(instructions)))
    parts = []
    for table, step in steps:
        found = run_steps(table, [step], runner).select(KEYS.names)
        rows = places(table)
        for name in _PLACE:
            column = pa.array([place[name] for place in rows], pa.string())
            found = found.append_column(name, column)
        parts.append(found)
    return pa.concat_tables(parts)


def take_out(tables: Tables, leaving: Iterable[int]) -> Tables:
    """``tables`` without the rows ``leaving``, counted as :func:`keys_of` does."""
    gone = list(leaving)
    first = tables.documents.num_rows
    return Tables(
        keep(tables.documents, (row for row in gone if row < first)),
        keep(tables.dialogues, (row - first for row in gone if row >= first)),
    )


def deduplicate(
    tables: Tables, keys: pa.Table, section: PreparationSection, runner: Runner, ledger: Ledger
) -> tuple[Tables, Duplicates]:
    """The first of each set of duplicates, in groups that hold all that is alike."""
    found = find_duplicates(
        keys, near=True, threshold=section.near_duplicate_threshold, runner=runner
    )
    dropped = {
        match.row: match
        for match in found.dropped(exact=section.exact_duplicates, near=section.near_duplicates)
    }
    rows = keys.select(list(_PLACE)).to_pylist()
    for row, match in sorted(dropped.items()):
        kept = rows[match.kept]
        detail = f"{kept['path']}: {kept['locator']}" if kept["locator"] else kept["path"]
        if match.reason == "conflicting-label":
            detail += f", {rows[row]['label']} / {kept['label']}"
        elif match.reason == "near-duplicate":
            detail += f", {match.similarity:.2f}"
        ledger.add("deduplicate", [left_out(rows[row], "deduplicate", match.reason, detail)])
    alike = [(match.row, match.kept) for match in found.matches if match.row not in dropped]
    groups = pa.array(joined([row["group"] for row in rows], alike), pa.string())
    first = tables.documents.num_rows
    grouped = Tables(
        tables.documents.append_column("split_group", groups[:first]),
        tables.dialogues.append_column("split_group", groups[first:]),
    )
    return take_out(grouped, dropped), found


def build_examples(
    tables: Tables,
    section: PreparationSection,
    instructions: Mapping[str, str],
    weights: Mapping[str, float],
    runner: Runner,
    ledger: Ledger,
) -> tuple[pa.Table, int]:
    """Examples of all records (EXAMPLE_SCHEMA), and how many records gave at least one."""
    parts = [EXAMPLE_SCHEMA.empty_table()]
    gave = 0
    for table, step in (
        (tables.documents, text_examples(section.chunk_characters, weights)),
        (tables.dialogues, dialogue_examples(instructions, weights)),
    ):
        if "split_group" not in table.column_names:
            table = table.append_column("split_group", table.column("group"))
        built = run_steps(table, [step], runner)
        reasons = (built.column(name).to_pylist() for name in ("refused", "cut"))
        for place, refused, cut in zip(places(table), *reasons, strict=True):
            if refused:
                ledger.add("examples", [left_out(place, "examples", refused)])
            else:
                gave += 1
                if cut:
                    ledger.add("examples", [cut_short(place, "examples", cut)])
        for chunk in built.column("examples").chunks:
            flat = pa.RecordBatch.from_struct_array(chunk.flatten())
            parts.append(pa.Table.from_batches([flat]).cast(EXAMPLE_SCHEMA))
    return pa.concat_tables(parts), gave
