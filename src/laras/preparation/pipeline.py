"""From the recipe's sources to train, validation and test: the order of the stages.

read -> clean -> (leak against your own test) -> deduplicate -> examples -> split -> check

Every stage balances: rows in = rows out + rows in the ledger. The outcome depends on the files,
the recipe's data and preparation sections and the versions of the steps; their hash is the key
under which it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laras.errors import LarasError
from laras.preparation import audit as measure
from laras.preparation.certificate import certify, statement
from laras.preparation.engine import Runner
from laras.preparation.hold_out import HeldOut, hold_out
from laras.preparation.ingest import ROLES, Origin, Tables, origins_of, read_all
from laras.preparation.key import VERSION, preparation_key
from laras.preparation.leak import Row, find_leak
from laras.preparation.ledger import Ledger
from laras.preparation.refusals import refuse_empty, refuse_leak, refuse_rejected
from laras.preparation.report_text import report_text
from laras.preparation.stages import (
    CleaningFacts,
    build_examples,
    clean,
    deduplicate,
    keep,
    keys_of,
    left_out,
    take_out,
)
from laras.recipe.load import LoadedRecipe
from laras.records import Example, Split, examples_from
from laras.runs.atomic import temporary_sibling
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _

_STEPS = 6


@dataclass(frozen=True)
class Prepared:
    """Paths of the splits (EXAMPLE_SCHEMA) and the ledger (REJECTION_SCHEMA), and the audit.

    ``key``: hash of all that decided them.
    """

    train: Path
    validation: Path
    test: Path
    ledger: Path
    audit: dict[str, Any]
    key: str


def load_examples(path: Path) -> list[Example]:
    """The examples of one split."""
    return list(examples_from(pq.read_table(path)))


def prepare(loaded: LoadedRecipe, run: Run, progress: Progress) -> Prepared:
    """Make ``run.data``, or find it made already from the same input.

    Raises DataRefused where the data can't carry a run, and UsageError for a path that is not
    there.
    """
    key = preparation_key(loaded)
    stage = run.stage("prepare", key)
    folder = run.data
    if not stage.done:
        # Should this be interrupted, what is left must not pass for any finished outcome.
        (folder / "audit.json").unlink(missing_ok=True)
        _Preparation(loaded, folder, progress).make(run, key)
        names = [f"{role}.parquet" for role in (*ROLES, "ledger")]
        stage.finish({name: folder / name for name in [*names, "audit.json", "report.md"]})
    return Prepared(
        train=folder / "train.parquet",
        validation=folder / "validation.parquet",
        test=folder / "test.parquet",
        ledger=folder / "ledger.parquet",
        audit=run.read_json("data/audit.json"),
        key=key,
    )


class _Preparation:
    """One pass over the stages; what they find gathers here for the audit."""

    def __init__(self, loaded: LoadedRecipe, folder: Path, progress: Progress) -> None:
        self.data = loaded.recipe.data
        self.section = loaded.recipe.preparation
        self.runner: Runner = self.section.engine
        self.recipe_folder = loaded.folder
        self.folder = folder
        self.progress = progress
        self.ledger = Ledger()
        self.cleaning = CleaningFacts()
        self.origins: list[Origin] = origins_of(self.data)
        self.instructions = {o.name: o.instruction for o in self.origins if o.instruction}
        self.weights = {o.name: o.source.weight for o in self.origins}

    def make(self, run: Run, key: str) -> None:
        """All stages, then the files."""
        self.progress.stage(_("Reading"))
        tables, counts = self._read()
        self.progress.stage(_("Preparing"), _STEPS)
        tables = self._clean(tables)
        cleaned = dict(tables)
        self.progress.advance(1, step="clean")
        keys = {role: keys_of(tables[role], self.instructions, self.runner) for role in ROLES}
        leak = self._leak(tables, keys)
        self.progress.advance(2, step="leak")
        rows_in = tables["train"].rows
        tables["train"], duplicates = deduplicate(
            tables["train"], keys["train"], self.section, self.runner, self.ledger
        )
        self.ledger.balance("deduplicate", rows_in, tables["train"].rows)
        places = keys["train"].select(["path", "locator"]).to_pylist()
        self.progress.advance(3, step="deduplicate")
        examples = self._examples(tables)
        self.progress.advance(4, step="examples")
        own: dict[Split, pa.Table] = {}
        if self.data.validation:
            own["validation"] = examples["validation"]
        if self.data.test:
            own["test"] = examples["test"]
        held = hold_out(
            examples["train"],
            own,
            self.data,
            self.section,
            self.instructions,
            self.runner,
            self.ledger,
        )
        self.progress.advance(5, step="split")
        self._write(held, tables)
        certificate = self._certify()
        described = {name: measure.describe_split(t) for name, t in held.splits.items()}
        dropped = self.ledger.reasons("deduplicate")
        found = measure.describe_duplicates(duplicates, dropped, places)
        leak |= held.facts
        audit = {
            "version": VERSION,
            "key": key,
            "funnel": self.ledger.funnel,
            "sources": measure.describe_sources(
                self.origins,
                counts,
                {"cleaned": cleaned, "deduplicated": tables},
                held.splits,
            ),
            "splits": described,
            "labels": sorted({label for split in described.values() for label in split["labels"]}),
            "cleaning": self.cleaning.as_json(),
            "duplicates": found,
            "leak": leak,
            "certificate": certificate,
            "ledger": {
                "rows": len(self.ledger.rejections),
                "reasons": self.ledger.reasons(),
            },
            "warnings": measure.warnings(described, found, leak, rows_in, self.ledger),
            "samples": measure.samples(held.splits),
        }
        run.write_json("data/audit.json", audit)
        run.write_text("data/report.md", report_text(audit))
        self.progress.advance(_STEPS, step="check")

    def _read(self) -> tuple[dict[Split, Tables], dict[str, dict[str, int]]]:
        tables, counts = read_all(
            self.origins, self.recipe_folder, self.data, self.ledger, self.progress
        )
        rows_out = sum(part.rows for part in tables.values())
        self.ledger.balance("read", sum(sum(c.values()) for c in counts.values()), rows_out)
        refuse_rejected(self.ledger, rows_out, self.data.max_rejected_share)
        refuse_empty(self.ledger, tables["train"].rows)
        return tables, counts

    def _clean(self, tables: dict[Split, Tables]) -> dict[Split, Tables]:
        rows_in = sum(part.rows for part in tables.values())
        cleaned = {
            role: clean(
                part,
                self.section,
                self.runner,
                self.ledger,
                self.cleaning,
                as_is=role != "train",
            )
            for role, part in tables.items()
        }
        self.ledger.balance("clean", rows_in, sum(part.rows for part in cleaned.values()))
        refuse_empty(self.ledger, cleaned["train"].rows)
        return cleaned

    def _leak(self, tables: dict[Split, Tables], keys: dict[Split, pa.Table]) -> dict[str, Any]:
        """Takes out of ``tables`` and ``keys`` what stands in a held-out set of the user's own."""
        rows_in = sum(part.rows for part in tables.values())
        facts: dict[str, Any] = {}
        pairs: list[tuple[Split, Split]] = [
            ("train", "test"),
            ("validation", "test"),
            ("train", "validation"),
        ]
        for lesser, greater in pairs:
            leak = find_leak(_leak_rows(keys[lesser]), _leak_rows(keys[greater]))
            if (lesser, greater) == ("train", "test"):
                facts = {
                    "own_test": bool(self.data.test),
                    "limit": self.section.leak_limit,
                    **leak.facts,
                }
                refuse_leak(self.section.leak_limit, facts)
            rows = keys[lesser].to_pylist() if leak.leaving else []
            self.ledger.add(
                "leak",
                [
                    left_out(rows[row], "leak", reason.replace("test", greater))
                    for row, reason in sorted(leak.leaving.items())
                ],
            )
            tables[lesser] = take_out(tables[lesser], leak.leaving)
            keys[lesser] = keep(keys[lesser], leak.leaving)
        self.ledger.balance("leak", rows_in, sum(part.rows for part in tables.values()))
        return facts

    def _examples(self, tables: Mapping[Split, Tables]) -> dict[Split, pa.Table]:
        examples: dict[Split, pa.Table] = {}
        gave = 0
        for role in ROLES:
            examples[role], records = build_examples(
                tables[role],
                self.section,
                self.instructions,
                self.weights,
                self.runner,
                self.ledger,
            )
            gave += records
        self.ledger.balance("examples", sum(part.rows for part in tables.values()), gave)
        self.ledger.funnel[-1]["examples"] = sum(t.num_rows for t in examples.values())
        refuse_empty(self.ledger, examples["train"].num_rows)
        return examples

    def _write(self, held: HeldOut, tables: Mapping[Split, Tables]) -> None:
        for name, table in held.splits.items():
            _write_parquet(self.folder / f"{name}.parquet", table)
        _write_parquet(self.folder / "ledger.parquet", self.ledger.table())
        # The cleaned documents that the spans of examples point into.
        documents = [
            part.documents.drop_columns(["split_group"])
            if "split_group" in part.documents.column_names
            else part.documents
            for part in tables.values()
        ]
        _write_parquet(self.folder / "documents.parquet", pa.concat_tables(documents))

    def _certify(self) -> dict[str, Any]:
        paths = {name: self.folder / f"{name}.parquet" for name in ROLES}
        certificate = certify(paths, self.instructions, self.section.near_duplicate_threshold)
        if not certificate["clean"]:
            raise LarasError(
                "preparation.splits-cross",
                f"the finished splits are not apart: {certificate}",
            )
        certificate["statement"] = statement(certificate)
        return certificate


def _leak_rows(keys: pa.Table) -> list[Row]:
    return [
        Row(
            row["text_key"],
            row["group"],
            f"{row['path']}: {row['locator']}" if row["locator"] else row["path"],
        )
        for row in keys.select(["text_key", "group", "path", "locator"]).to_pylist()
    ]


def _write_parquet(path: Path, table: pa.Table) -> None:
    with temporary_sibling(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
