"""Measures the finished data: what is in each split, in which languages, how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from laras.preparation.deduplicate import Duplicates
from laras.preparation.ingest import Origin, Tables
from laras.preparation.ledger import Ledger
from laras.records import Split
from laras.translation import _

LANGUAGE_SAMPLE = 100
SAMPLES_PER_TASK = 3
CLUSTERS_SHOWN = 5
_FEWEST_LETTERS = 20  # a language can't be told from less
_LARGE_CLUSTER_SHARE = 0.2


def describe_split(table: pa.Table) -> dict[str, Any]:
    """Counts by task, label, source and language; groups; characters in all, most, on average.

    Languages are counted on a sample, evenly spaced.
    """
    messages = table.column("messages").to_pylist()
    lengths = [sum(len(message["content"]) for message in row) for row in messages]
    return {
        "examples": table.num_rows,
        "groups": len(set(table.column("group").to_pylist())),
        "tasks": _counts(table.column("task").to_pylist()),
        "labels": _counts(label for label in table.column("label").to_pylist() if label),
        "sources": _counts(table.column("source").to_pylist()),
        "languages": _languages(messages),
        "characters": sum(lengths),
        "longest": max(lengths, default=0),
        "mean": sum(lengths) / len(lengths) if lengths else 0.0,
    }


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _languages(rows: list[list[dict[str, Any]]]) -> dict[str, int]:
    from py3langid import classify

    every = max(1, len(rows) // LANGUAGE_SAMPLE)
    found: list[str] = []
    for messages in rows[::every][:LANGUAGE_SAMPLE]:
        spoken = [message["content"] for message in messages if message["role"] != "system"]
        text = " ".join(spoken)[-1000:]
        letters = sum(map(str.isalpha, text))
        found.append(str(classify(text)[0]) if letters >= _FEWEST_LETTERS else "unknown")
    return _counts(found)


def samples(splits: Mapping[Split, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """A few training examples of each task, as the model will see them."""
    train = splits["train"]
    chosen: dict[str, list[dict[str, Any]]] = {}
    tasks = train.column("task").to_pylist()
    for task in sorted(set(tasks)):
        rows = [row for row, its_task in enumerate(tasks) if its_task == task]
        every = max(1, len(rows) // SAMPLES_PER_TASK)
        chosen[task] = [
            train.slice(row, 1).to_pylist()[0] for row in rows[::every][:SAMPLES_PER_TASK]
        ]
    return chosen


def describe_duplicates(
    found: Duplicates, dropped: Mapping[str, int], places: list[dict[str, Any]]
) -> dict[str, Any]:
    """How many duplicates of each kind, how they were found, and the largest clusters."""
    reasons = Counter(match.reason for match in found.matches)
    clusters = found.clusters()
    return {
        "found": dict(sorted(reasons.items())),
        "dropped": dict(dropped),
        "candidates": found.candidates,
        "verified": found.verified,
        "full_buckets": found.full_buckets,
        "clusters": len(clusters),
        "largest": [
            {
                "size": len(matches) + 1,
                "kept": _place(places[kept]),
                "others": [_place(places[match.row]) for match in matches[:3]],
            }
            for kept, matches in list(clusters.items())[:CLUSTERS_SHOWN]
        ],
    }


def _place(place: Mapping[str, Any]) -> str:
    return f"{place['path']}: {place['locator']}" if place["locator"] else str(place["path"])


def describe_sources(
    origins: Iterable[Origin],
    counts: Mapping[str, Mapping[str, int]],
    stages: Mapping[str, Mapping[Split, Tables]],
    splits: Mapping[Split, pa.Table],
) -> list[dict[str, Any]]:
    """The funnel of each source: rows read, rows left after each stage, examples by split."""
    left = {stage: _rows_by_source(tables.values()) for stage, tables in stages.items()}
    by_split = {name: Counter(t.column("source").to_pylist()) for name, t in splits.items()}
    return [
        {
            "name": origin.name,
            "kind": origin.source.kind,
            "role": origin.role,
            "rows": sum(counts[origin.name].values()),
            **counts[origin.name],
            **{stage: rows[origin.name] for stage, rows in left.items()},
            "examples": {name: rows[origin.name] for name, rows in by_split.items()},
        }
        for origin in origins
    ]


def _rows_by_source(tables: Iterable[Tables]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for table in tables:
        rows.update(table.documents.column("source").to_pylist())
        rows.update(table.dialogues.column("source").to_pylist())
    return rows


def warnings(
    splits: Mapping[Split, Mapping[str, Any]],
    duplicates: Mapping[str, Any],
    leak: Mapping[str, Any],
    records: int,
    ledger: Ledger,
) -> list[str]:
    """What a careful reader should know before training on this."""
    found: list[str] = []
    labels = {name: set(split["labels"]) for name, split in splits.items()}
    if untested := sorted(labels["train"] - labels["test"]):
        found.append(
            _(
                "{count} labels have no row in the test, so nothing is known of them: {names}."
            ).format(count=len(untested), names=_some(untested))
        )
    if untrained := sorted((labels["test"] | labels["validation"]) - labels["train"]):
        found.append(
            _("{count} labels are tested and not trained on: {names}.").format(
                count=len(untrained), names=_some(untrained)
            )
        )
    spellings: dict[str, list[str]] = {}
    for label in sorted(set().union(*labels.values())):
        spellings.setdefault(label.casefold(), []).append(label)
    if alike := [" / ".join(group) for group in spellings.values() if len(group) > 1]:
        found.append(
            _(
                "Labels that differ only in upper and lower case count as different: {names}."
            ).format(names=_some(alike))
        )
    tasks = {name: set(split["tasks"]) for name, split in splits.items()}
    for task in sorted(tasks["train"] - tasks["test"]):
        found.append(_("No example of the kind {task!r} is in the test.").format(task=task))
    if conflicts := duplicates["found"].get("conflicting-label", 0):
        found.append(
            _(
                "{count} rows have the text of an earlier row and another label; the first counts."
            ).format(count=conflicts)
        )
    largest = max((cluster["size"] for cluster in duplicates["largest"]), default=0)
    if records and largest >= 10 and largest / records > _LARGE_CLUSTER_SHARE:
        found.append(
            _("One cluster of duplicates holds {size} of {records} records; look at it.").format(
                size=largest, records=records
            )
        )
    if leak["own_test"] and leak["test_rows_also_in_train"]:
        found.append(
            _(
                "{count} of {rows} rows of your test set also stood in the training data; they "
                "were removed from training."
            ).format(count=leak["test_rows_also_in_train"], rows=leak["test_rows"])
        )
    if unread := ledger.rows("read"):
        found.append(_("{count} rows or files could not be read.").format(count=unread))
    return found


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown}, ..." if len(names) > 8 else shown
