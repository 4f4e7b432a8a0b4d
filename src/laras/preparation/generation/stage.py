"""The stage that has pairs written: after the documents are distinct, before the splits.

A pair belongs to the group of its document, so that its question never stands in another split
than the passage that answers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from laras.preparation.compare import Compared
from laras.preparation.compose import Composed, ExampleShard, write_examples
from laras.preparation.describe import Cleaned
from laras.preparation.generation.generate import STAGE, generate, passages_of
from laras.preparation.generation.wording import VERSION as WORDING
from laras.preparation.ledger import Ledger
from laras.preparation.stages import Facts, Work, shards_of, unit
from laras.runs.hashing import content_hash

VERSION = 2  # raise it when the same replies give other pairs


def generate_all(
    cleaned: Cleaned, compared: Compared, composed: Composed, work: Work
) -> tuple[Composed, Facts]:
    """``composed`` with the pairs that the recipe has written about its training documents, and
    facts for the audit; both as they were where the recipe asks for none."""
    section = work.section.generation
    if section is None:
        return composed, {}
    key = content_hash(VERSION, WORDING, composed.key)

    def make(place: Path) -> Facts:
        documents = _documents(cleaned, compared)
        asked = passages_of(documents, work.section.chunk_characters, work.weights)
        replies = work.run.data / "replies.jsonl"
        replaces = work.section.personal_data == "replace"
        kinds = work.section.personal_data_kinds if replaces else ()
        made = generate(asked, section, replies, work.progress, kinds)
        write_examples(place, made.examples, work)
        ledger = Ledger()
        with ledger.into(place / "ledger.arrow"):
            ledger.add(STAGE, made.rejections)
        return {"facts": made.facts, "rows": made.examples.num_rows}

    with work.stage(STAGE, key) as folder:
        found = unit(folder, "pairs", make)
        work.ledger.take(folder / "pairs" / "ledger.arrow")
    shards = dict(composed.shards)
    if rows := found["rows"]:
        kinds = ("examples", "narrow")
        made = [shards_of(folder / "pairs", kind, [rows])[0] for kind in kinds]
        shards["train"] = [*shards["train"], ExampleShard(*made)]
    result = replace(composed, shards=shards, key=key)
    work.ledger.funnel[-1]["examples"] += rows
    return result, found["facts"]


def _documents(cleaned: Cleaned, compared: Compared) -> Iterator[dict[str, Any]]:
    first = 0
    for shard in cleaned.shards["train"]:
        if shard.kind == "documents":
            yield from compared.kept("train", shard, first).to_pylist()
        first += shard.records.rows
