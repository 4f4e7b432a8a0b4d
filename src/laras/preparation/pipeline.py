"""From the recipe's sources to train, validation and test: the order of the stages.

read -> clean -> (leak against your own test) -> deduplicate -> examples -> split -> check

Every stage balances: rows in = rows out + rows in the ledger. The outcome depends on the files,
the recipe's data and preparation sections and the versions of the steps; their hash is the key
under which it is kept. Each stage is kept under a key of its own, too (:mod:`.stages`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from laras.errors import LarasError
from laras.preparation import audit as measure
from laras.preparation.certificate import certify, statement, summary
from laras.preparation.compare import Compared, compare_all
from laras.preparation.compose import compose_all
from laras.preparation.describe import Cleaned, describe_all
from laras.preparation.engine import Runner
from laras.preparation.findings.examine import examine, remarks
from laras.preparation.finished import write_finished
from laras.preparation.forgetting import forget_earlier, forget_raw
from laras.preparation.generation.stage import generate_all
from laras.preparation.grams import Hashes
from laras.preparation.hold_out import HeldOut, hold_out
from laras.preparation.ingest import (
    Reading,
    SourceFiles,
    origins_of,
    read_all,
    reading_key,
    source_files,
)
from laras.preparation.inputs import inputs_of
from laras.preparation.key import VERSION, preparation_key
from laras.preparation.privacy.told import told_of
from laras.preparation.refusals import refuse_empty, refuse_rejected
from laras.preparation.report_text import report_text
from laras.preparation.stages import ROLES, Embedder, Facts, Work
from laras.recipe.load import LoadedRecipe
from laras.records import Example, examples_from
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.runs.redaction import redacted
from laras.translation import _

_FINISHED = (*(f"{role}.parquet" for role in ROLES), "ledger.parquet", "documents.parquet")
_TOLD = ("dialogues.parquet", "audit.json", "certificate.json", "report.md")


@dataclass(frozen=True)
class Prepared:
    """Paths of the splits (EXAMPLE_SCHEMA) and the ledger (REJECTION_SCHEMA), and the audit.

    ``key``: hash of all that decided them; ``inputs``: what that was, by name (:mod:`.inputs`).
    """

    train: Path
    validation: Path
    test: Path
    ledger: Path
    audit: dict[str, Any]
    key: str
    inputs: dict[str, Any] = field(default_factory=dict)


def load_examples(path: Path) -> list[Example]:
    """The examples of one split."""
    return list(examples_from(pq.read_table(path)))


def prepare(
    loaded: LoadedRecipe,
    run: Run,
    progress: Progress,
    *,
    embedder: Embedder | None = None,
    runner: Runner | None = None,
) -> Prepared:
    """Make ``run.data``, or find it made already from the same input.

    ``embedder``: needed where the recipe asks for semantic duplicates. ``runner``: who runs the
    steps; default: the recipe's engine.
    Raises DataRefused where the data can't carry a run, and UsageError for a path that is not
    there.
    """
    recipe = loaded.recipe
    origins = origins_of(recipe.data)
    section = recipe.preparation
    runner = runner or section.engine
    work = Work(run, recipe.data, section, origins, progress, runner, embedder)
    if section.personal_data == "replace":
        work.ledger.told = partial(told_of, kinds=section.personal_data_kinds)
    sources = source_files(origins, loaded.folder, recipe.data)
    key = preparation_key(sources, work)
    stage = run.stage("prepare", key)
    folder = run.data
    try:
        if not stage.done:
            # Should this be interrupted, what is left must not pass for any finished outcome.
            forget_earlier(work)
            _make(work, sources, key)
            stage.finish({name: folder / name for name in (*_FINISHED, *_TOLD)})
    finally:
        forget_raw(work)
    return Prepared(
        train=folder / "train.parquet",
        validation=folder / "validation.parquet",
        test=folder / "test.parquet",
        ledger=folder / "ledger.parquet",
        audit=run.read_json("data/audit.json"),
        key=key,
        inputs=inputs_of(sources, work),
    )


def _make(work: Work, sources: list[SourceFiles], key: str) -> None:
    """All stages, then the files."""
    ledger, section = work.ledger, work.section
    reading = read_all(sources, work)
    refuse_rejected(ledger, reading.rows, work.data, section)
    refuse_empty(
        ledger, sum(raw.shard.rows for raw in reading.shards if raw.origin.role == "train")
    )
    cleaned = describe_all(reading, reading_key(sources), work)
    refuse_empty(ledger, cleaned.rows_of("train"))
    compared = compare_all(cleaned, work)
    composed = compose_all(cleaned, compared, work)
    composed, generated = generate_all(cleaned, compared, composed, work)
    refuse_empty(ledger, composed.rows_of("train"))
    held = hold_out(composed, compared.common, work)
    work.progress.stage(_("Writing"), sum(chosen.rows for chosen in held.splits.values()))
    distinct = write_finished(held, cleaned, compared, work)
    _report(work, key, reading, cleaned, compared, held, distinct, generated)


def _report(
    work: Work,
    key: str,
    reading: Reading,
    cleaned: Cleaned,
    compared: Compared,
    held: HeldOut,
    distinct: Counter[str],
    generated: Facts,
) -> None:
    """The certificate, the audit, and the audit for people."""
    work.progress.stage(_("Checking"))
    folder, ledger = work.run.data, work.ledger
    certificate = _certify(work, cleaned, compared.common)
    work.run.write_json("data/certificate.json", certificate)
    paths = {split: folder / f"{split}.parquet" for split in ROLES}
    described = {split: measure.describe_split(path) for split, path in paths.items()}
    findings = examine(paths["train"])
    leak = {**compared.leak, "limit": work.section.leak_limit, **held.facts}
    compared_rows = next(s["rows_in"] for s in ledger.funnel if s["stage"] == "deduplicate")
    sources = measure.describe_sources(
        work.origins,
        reading.counts,
        {"cleaned": cleaned.facts.kept, "deduplicated": distinct},
        described,
    )
    audit = {
        "version": VERSION,
        "key": key,
        "funnel": ledger.funnel,
        "sources": sources,
        "splits": described,
        "labels": sorted({label for split in described.values() for label in split["labels"]}),
        "cleaning": cleaned.facts.as_json(),
        **cleaned.facts.described(),
        "duplicates": compared.duplicates,
        "leak": leak,
        "certificate": summary(certificate),
        "ledger": {"rows": ledger.entries, "reasons": ledger.reasons()},
        "warnings": measure.warnings(
            described, compared.duplicates, leak, compared_rows, ledger, sources
        )
        + measure.paths_warning(cleaned.facts.naming_paths),
        "samples": measure.samples(paths["train"]),
        "findings": findings | {"remarks": remarks(findings)},
    }
    if generated:
        audit["generation"] = generated
    work.run.write_json("data/audit.json", audit)
    work.run.write_text("data/report.md", str(redacted(report_text(audit, folder))))


def _certify(work: Work, cleaned: Cleaned, common: Hashes) -> dict[str, Any]:
    paths = {split: work.run.data / f"{split}.parquet" for split in ROLES}
    certificate = certify(
        paths,
        work.instructions,
        work.section.near_duplicate_threshold,
        common=common,
        ledger=work.run.data / "ledger.parquet",
        apart=cleaned.apart,
    )
    if not certificate["clean"]:
        raise LarasError(
            "preparation.splits-cross",
            f"the finished splits are not apart: {certificate}",
        )
    certificate["statement"] = statement(certificate)
    return certificate
