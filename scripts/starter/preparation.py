"""The texts through Laras's own preparation: cleaned, deduplicated, apart from what is held out.

The held-out sets are given as the recipe's test: whatever stands in them leaves the training
texts, and the certificate says what was found. What left is in the run's ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import laras
from laras.preparation.pipeline import Prepared, load_examples
from laras.recipe.load import recipe_from_mapping
from laras.records import Example
from laras.runs.progress import Progress

# Nothing is cut in passages: a text is learnt from its beginning to its end, and windows begin
# where the model's context ends. A reply that many people give is not too frequent to be learnt.
_SETTINGS: dict[str, Any] = {
    "personal_data": "keep",
    "max_reply_copies": None,
    "leak_limit": 0.05,
    "seed": 0,
}


def recipe_of(folder: Path) -> dict[str, Any]:
    """The recipe over what :func:`starter.texts.lay_out` wrote to ``folder``."""
    data: dict[str, Any] = {"sources": _sources(folder, "train")}
    for split, role in (("validation", "validation"), ("heldout", "test")):
        if sources := _sources(folder, split):
            data[role] = sources
    return {"data": data, "preparation": _SETTINGS}


def _sources(folder: Path, split: str) -> list[dict[str, Any]]:
    sources = []
    for path in sorted((folder / split).glob("*.jsonl")):
        name, kind = path.name.removesuffix(".jsonl").rsplit(".", 1)
        if path.stat().st_size == 0:
            continue
        source: dict[str, Any] = {kind: f"{split}/{path.name}", "name": f"{name}.{kind}"}
        if kind == "documents":
            source |= {"passages": "whole", "columns": {"text": "text", "group": "group"}}
        else:
            source["columns"] = {"messages": "messages"}
        sources.append(source)
    return sources


def prepare(folder: Path, run_folder: Path, progress: Progress) -> Prepared:
    """Splits, ledger and certificate of the laid-out texts, made once."""
    # Paths within the folder, so that it is the same data wherever it lies.
    loaded = recipe_from_mapping(recipe_of(folder), folder)
    return laras.prepare(loaded, run_folder=run_folder, progress=progress)


def examples_by_text(path: Path) -> dict[str, list[Example]]:
    """The examples of one split by the name of the text they are from."""
    found: dict[str, list[Example]] = defaultdict(list)
    for example in load_examples(path):
        found[example.source.rsplit(".", 1)[0]].append(example)
    return dict(found)


def account(prepared: Prepared) -> dict[str, Any]:
    """What was read, what left and why, and what the certificate says of the held-out sets."""
    ledger = pq.read_table(prepared.ledger, columns=["stage", "reason", "action", "rows"])
    reasons: Counter[str] = Counter()
    for row in ledger.to_pylist():
        if row["action"] == "dropped":
            reasons[f"{row['stage']}: {row['reason']}"] += row["rows"]
    audit = prepared.audit
    return {
        "funnel": audit["funnel"],
        "left": dict(sorted(reasons.items())),
        "leak": {k: v for k, v in audit["leak"].items() if k != "places"},
        "certificate": audit["certificate"],
    }
