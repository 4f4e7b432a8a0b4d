"""Measures the finished data: what is in each split, in which languages, how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from laras.preparation.language import language_of
from laras.preparation.ledger import Ledger
from laras.preparation.stages import Origin
from laras.records import Split
from laras.translation import _

LANGUAGE_SAMPLE = 100
SAMPLES_PER_TASK = 3
_BATCH_ROWS = 4096
_MEASURED = ["messages", "task", "label", "source"]
_LARGE_CLUSTER_SHARE = 0.2


def describe_split(path: Path) -> dict[str, Any]:
    """Counts by task, label, source and language; groups; characters in all, most, on average.

    Languages are counted on a sample, evenly spaced.
    """
    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        counted: dict[str, Counter[str]] = {name: Counter() for name in ("task", "label", "source")}
        characters = longest = 0
        for batch in file.iter_batches(_BATCH_ROWS, columns=_MEASURED):
            for name, counts in counted.items():
                values = pc.value_counts(batch.column(name).drop_null()).to_pylist()
                counts.update({value["values"]: value["counts"] for value in values})
            lengths = _lengths(batch.column("messages"))
            characters += int(lengths.sum())
            longest = max(longest, int(lengths.max(initial=0)))
        groups = pc.count_distinct(file.read(["group"]).column("group")).as_py()
        sample = _rows_of(file, _spread(range(rows), LANGUAGE_SAMPLE), ["messages"])
    return {
        "examples": rows,
        "groups": groups,
        "tasks": _counts(counted["task"]),
        "labels": _counts(counted["label"]),
        "sources": _counts(counted["source"]),
        "languages": _languages([row["messages"] for row in sample]),
        "characters": characters,
        "longest": longest,
        "mean": characters / rows if rows else 0.0,
    }


def _lengths(messages: pa.Array) -> np.ndarray:
    """Characters of each row's messages together."""
    sizes = pc.utf8_length(messages.flatten().field("content")).to_numpy()
    ends = np.cumsum(pc.list_value_length(messages).to_numpy(zero_copy_only=False))
    total = np.concatenate([[0], np.cumsum(sizes)])
    return np.diff(total[ends], prepend=0)


def _spread(rows: Sequence[int], count: int) -> list[int]:
    """``count`` of ``rows``, evenly spaced."""
    every = max(1, len(rows) // count)
    return list(rows[::every][:count])


def _rows_of(
    file: pq.ParquetFile, rows: Sequence[int], columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """Single rows of a file, in ascending order, a row group at a time."""
    found: list[dict[str, Any]] = []
    first = 0
    for number in range(file.num_row_groups):
        size = file.metadata.row_group(number).num_rows
        wanted = [row - first for row in rows if first <= row < first + size]
        if wanted:
            found += file.read_row_group(number, columns).take(wanted).to_pylist()
        first += size
    return found


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _languages(rows: list[list[dict[str, Any]]]) -> dict[str, int]:
    return _counts(
        language_of("\n".join(m["content"] for m in messages if m["role"] != "system"))
        for messages in rows
    )


def samples(train: Path) -> dict[str, list[dict[str, Any]]]:
    """A few training examples of each task, as the model will see them."""
    chosen: dict[str, list[dict[str, Any]]] = {}
    with pq.ParquetFile(train) as file:
        tasks = file.read(["task"]).column("task").combine_chunks().dictionary_encode()
        for task in sorted(tasks.dictionary.to_pylist()):
            place = tasks.dictionary.index(task).as_py()
            rows = pc.indices_nonzero(pc.equal(tasks.indices, place)).to_numpy()
            chosen[task] = _rows_of(file, _spread(rows.tolist(), SAMPLES_PER_TASK))
    return chosen


def describe_sources(
    origins: Iterable[Origin],
    counts: Mapping[str, Mapping[str, int]],
    stages: Mapping[str, Mapping[str, int]],
    splits: Mapping[Split, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The funnel of each source: rows read, rows left after each of ``stages`` (by source), and
    examples by split (of :func:`describe_split`)."""
    return [
        {
            "name": origin.name,
            "kind": origin.source.kind,
            "role": origin.role,
            "rows": sum(counts[origin.name].values()),
            **counts[origin.name],
            **{stage: rows.get(origin.name, 0) for stage, rows in stages.items()},
            "examples": {
                name: split["sources"].get(origin.name, 0) for name, split in splits.items()
            },
        }
        for origin in origins
    ]


def warnings(
    splits: Mapping[Split, Mapping[str, Any]],
    duplicates: Mapping[str, Any],
    leak: Mapping[str, Any],
    records: int,
    ledger: Ledger,
    sources: Iterable[Mapping[str, Any]] = (),
) -> list[str]:
    """What a careful reader should know before training on this."""
    found = [
        _("Nothing could be read of the source {name!r}, which gave {rows} rows or files.").format(
            name=source["name"], rows=source["rows"]
        )
        for source in sources
        if not source["read"]
    ]
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


def paths_warning(naming: Collection[str]) -> list[str]:
    """What to know of paths that hold names of people, where these are to be replaced."""
    if not naming:
        return []
    return [
        _(
            "The paths of {count} files hold names of people and stay as they are, in the ledger "
            "and in the examples: rename the files to keep these names out."
        ).format(count=len(naming))
    ]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown}, ..." if len(names) > 8 else shown
