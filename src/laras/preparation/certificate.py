"""The leak certificate: checks finished splits by other code than that which made them.

Only what a word is, and which passages are boilerplate, it has in common with that. It reads the
files that training and evaluation will read, compares normalised texts by a cryptographic hash,
and looks for near-duplicates by hashes of words that nobody can foresee (Python's own, seeded
anew in each process): no MinHash, no keys, no groups but those written in the files.

Files stream; in memory are blocks of the rows of the smaller splits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from laras.preparation.certified_index import Budget, CertifiedIndex
from laras.preparation.certified_rows import CheckedRow, CheckedSplit
from laras.preparation.contamination import contamination
from laras.preparation.grams import Hashes
from laras.preparation.passages import COMMON_RECORDS, COMMON_WORDS, NOTHING_COMMON, Passages
from laras.records import Split, place_of
from laras.runs.hashing import file_sha256
from laras.translation import _

WORK_LIMIT = 2_000_000_000  # 5-grams compared one by one before only some rows are looked at
BLOCK_GRAMS = 3_000_000  # of rows that are held in memory, about 200 MB with all that is kept
_SHOWN = 10
_SEPARATING = ("leak", "split")  # stages of the ledger


def certify(
    splits: Mapping[Split, Path],
    instructions: Mapping[str, str],
    threshold: float,
    *,
    common: Hashes = NOTHING_COMMON,
    ledger: Path | None = None,
    apart: Mapping[str, str] | None = None,
    work_limit: int = WORK_LIMIT,
) -> dict[str, Any]:
    """What crosses between any two of ``splits`` (parquet files of EXAMPLE_SCHEMA).

    Numbers are pairs of groups, texts and similar rows; ``rows_checked`` says of how many rows
    near-duplicates were looked for: all, unless comparing takes more than ``work_limit``.
    ``common``: the 5-grams of boilerplate passages, which make no rows alike. ``ledger``: the
    parquet file (REJECTION_SCHEMA) whose rows say what was removed to keep the splits apart.
    ``apart``: sources of one customer that were split by conversation, with the group that all of
    each would else be in; rows of other sources in that group must not stand in another split.
    """
    passages = Passages(common, threshold)
    ordered = [CheckedSplit(name, path, instructions, passages) for name, path in splits.items()]
    ordered.sort(key=lambda split: split.rows)
    found = _Found()
    checked = wanted = 0
    for place in range(len(ordered) - 1, 0, -1):
        budget = Budget(work_limit)
        smaller = ordered[:place]
        for block in _blocks(chain.from_iterable(smaller)):
            found.look(CertifiedIndex(block, threshold, budget), ordered[place])
        wanted += sum(split.rows for split in smaller)
        checked += sum(-(-split.rows // budget.every) for split in smaller)
    found.groups |= {(group,) for group in _met_elsewhere(splits, apart or {})}
    removed = list(_removed(ledger)) if ledger else []
    return {
        **found.as_json(),
        "threshold": threshold,
        "rows_checked": checked,
        "rows_to_check": wanted,
        "clean": not (found.groups or found.texts or found.near),
        "boilerplate": {
            "grams": len(common),
            "rows_left_aside_in": found.with_boilerplate,
            "least_records": COMMON_RECORDS,
            "least_words": COMMON_WORDS,
        },
        "overlap": _overlaps({split.name: split for split in ordered}),
        "removed": removed,
        "split_by_conversation": sorted(apart or {}),
        "files": {
            name: {
                "rows": int(pq.read_metadata(path).num_rows),
                "size_bytes": path.stat().st_size,
                "sha256": file_sha256(path),
            }
            for name, path in splits.items()
        },
    }


def summary(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate for the audit: with the number of rows removed, and the first of them."""
    removed = certificate["removed"]
    return {**certificate, "removed": removed[:_SHOWN], "rows_removed": len(removed)}


def statement(certificate: Mapping[str, Any]) -> str:
    """What a clean certificate says, and no more than was looked at."""
    checked, rows = certificate["rows_checked"], certificate["rows_to_check"]
    if checked == rows:
        told = [_("No group, no equal text and no near-duplicate stands in two of the splits.")]
    else:
        told = [
            _(
                "No group and no equal text stands in two of the splits, and no near-duplicate was "
                "found among {checked} of {rows} rows; looking at all would have taken too long."
            ).format(checked=checked, rows=rows)
        ]
    if apart := certificate["split_by_conversation"]:
        told.append(
            _(
                "These sources hold conversations with one customer only, whom no other source "
                "knows, and were split by conversation: {names}."
            ).format(names=", ".join(apart))
        )
    if aside := certificate["boilerplate"]["rows_left_aside_in"]:
        told.append(
            _(
                "Passages of {words} words or more that stand in {records} records or more were "
                "left aside, in {rows} of the rows."
            ).format(
                words=certificate["boilerplate"]["least_words"],
                records=certificate["boilerplate"]["least_records"],
                rows=aside,
            )
        )
    if removed := certificate["removed"]:
        first = "; ".join(_in_words(entry) for entry in removed[:3])
        told.append(
            _("To keep them apart, {count} rows were removed, the first: {first}.").format(
                count=len(removed), first=first
            )
        )
    overlap = certificate["overlap"]
    if overlap.get("test_rows"):
        told.append(
            _(
                "Of {rows} test rows, {count} ({share}) have a run of {words} words in common with "
                "the training data."
            ).format(
                rows=overlap["test_rows"],
                count=overlap["rows_overlapping"],
                share=f"{overlap['share']:.1%}",
                words=overlap["gram_words"],
            )
        )
    return " ".join(told)


def _in_words(entry: Mapping[str, Any]) -> str:
    like = f" ({entry['because']})" if entry["because"] else ""
    return f"{entry['place']}{like}"


class _Found:
    """What crosses, counted and named."""

    def __init__(self) -> None:
        self.groups: set[tuple[str, ...]] = set()
        self.texts: set[tuple[Any, ...]] = set()
        self.near = 0
        self.with_boilerplate = 0
        self._examples: list[dict[str, str]] = []

    def look(self, index: CertifiedIndex, rows: Iterable[CheckedRow]) -> None:
        """Compare ``rows`` with those of the index."""
        self.with_boilerplate += index.with_boilerplate
        for row in rows:
            for other in index.same_group(row):
                self._note("group", (other.split, row.split, row.group), self.groups, row, other)
            for other in index.same_text(row):
                self._note("text", (other.split, row.split, row.digest), self.texts, row, other)
            for other in index.alike(row):
                self.near += 1
                self._show("similar", row, other)

    def _note(
        self, kind: str, what: tuple[Any, ...], seen: set[Any], row: CheckedRow, other: CheckedRow
    ) -> None:
        if what not in seen:
            seen.add(what)
            self._show(kind, row, other)

    def _show(self, kind: str, row: CheckedRow, other: CheckedRow) -> None:
        if len(self._examples) < _SHOWN:
            self._examples.append({"same": kind, row.split: row.place, other.split: other.place})

    def as_json(self) -> dict[str, Any]:
        """The counts, and the first crossings with their places."""
        return {
            "groups_crossing": len(self.groups),
            "exact_crossing": len(self.texts),
            "near_duplicates_crossing": self.near,
            "crossing": self._examples,
        }


def _blocks(rows: Iterable[CheckedRow]) -> Iterator[list[CheckedRow]]:
    block: list[CheckedRow] = []
    size = 0
    for row in rows:
        block.append(row)
        size += row.size + 50  # what a row takes besides its 5-grams
        if size >= BLOCK_GRAMS:
            yield block
            block, size = [], 0
    if block:
        yield block


def _overlaps(splits: Mapping[Split, CheckedSplit]) -> dict[str, Any]:
    """Runs of 13 words that test and training rows have in common."""
    if "test" not in splits or "train" not in splits:
        return {}
    test, train = splits["test"], splits["train"]
    figures, worst = contamination(test.texts, train.texts)
    places = test.places([one.test for one in worst])
    train_places = train.places([one.train for one in worst])
    rows = [
        {"test": places[one.test], "train": train_places[one.train], "words": one.words}
        for one in worst
    ]
    return {**figures, "worst": rows}


def _met_elsewhere(splits: Mapping[Split, Path], apart: Mapping[str, str]) -> set[str]:
    """Groups of the sources ``apart``, as they were given, that rows of other sources are in while
    the group stands in several splits."""
    own: dict[str, set[Split]] = {}
    others: dict[str, set[Split]] = {}
    for split, path in splits.items() if apart else ():
        rows = pq.read_table(path, columns=["source", "group"]).group_by(["source", "group"])
        for row in rows.aggregate([]).to_pylist():
            if row["source"] in apart:
                own.setdefault(apart[row["source"]], set()).add(split)
            else:
                others.setdefault(row["group"], set()).add(split)
    return {group for group in own if group in others and len(own[group] | others[group]) > 1}


def _removed(ledger: Path) -> Iterator[dict[str, str]]:
    """Every row that left a split because of another, with what the ledger says of that."""
    with pq.ParquetFile(ledger) as file:
        for batch in file.iter_batches(columns=["stage", "reason", "path", "locator", "detail"]):
            for row in batch.to_pylist():
                if row["stage"] in _SEPARATING:
                    place = place_of(row["path"], row["locator"])
                    yield {"place": place, "reason": row["reason"], "because": row["detail"]}
