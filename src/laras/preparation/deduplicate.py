"""Exact and near-duplicates of records, found on narrow tables.

Near-duplicates: MinHash of word 5-grams gives candidates (Broder 1997; banding after Leskovec,
Rajaraman and Ullman, Mining of Massive Datasets, 3.4), and each candidate is verified by its
true Jaccard similarity. A record is compared with the *kept* ones only. Similarity is not
transitive: taking its closure joins A to Z through a chain in which neighbours are alike, and
has been seen to eat a whole corpus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laras.preparation.engine import Runner, signatures
from laras.preparation.likeness import Shingles, jaccard, shingles

HASHES = 128
BUCKET_LIMIT = 64  # kept records that one bucket offers for comparison


@dataclass(frozen=True)
class Match:
    """Row ``row`` is like the kept row ``kept``; ``similarity`` is 1 for equal ones."""

    row: int
    kept: int
    reason: str  # exact-duplicate, conflicting-label, near-duplicate, near-other-label
    similarity: float


@dataclass
class Duplicates:
    """What was found, and how much comparing it took."""

    matches: list[Match] = field(default_factory=list)
    candidates: int = 0
    verified: int = 0
    full_buckets: int = 0

    def dropped(self, *, exact: bool, near: bool) -> list[Match]:
        """The matches whose row leaves, by what the recipe asks for."""
        reasons = set()
        if exact:
            reasons |= {"exact-duplicate", "conflicting-label"}
        if near:
            reasons.add("near-duplicate")
        return [match for match in self.matches if match.reason in reasons]

    def clusters(self) -> dict[int, list[Match]]:
        """Kept rows with the rows that are like them, largest first."""
        found: dict[int, list[Match]] = defaultdict(list)
        for match in self.matches:
            found[match.kept].append(match)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def find_duplicates(table: pa.Table, *, near: bool, threshold: float, runner: Runner) -> Duplicates:
    """Duplicates in ``table``: columns of ``KEYS`` and ``label``; the first of each stays.

    ``near`` False finds equal records only. ``threshold`` is a Jaccard similarity of word
    5-grams. Equal or similar texts with different labels are told apart by their reason.
    """
    found = Duplicates()
    first = _exact(table, found)
    if near:
        _near(table, first, threshold, runner, found)
    found.matches.sort(key=lambda match: match.row)
    return found


def _exact(table: pa.Table, found: Duplicates) -> list[int]:
    """Adds the exact matches to ``found``; returns the rows that are first of their kind."""
    first: dict[tuple[str, str], int] = {}
    labels = table.column("label").to_pylist()
    columns = (table.column(name).to_pylist() for name in ("domain", "exact_key"))
    for row, domain_and_key in enumerate(zip(*columns, strict=True)):
        kept = first.setdefault(domain_and_key, row)
        if kept != row:
            same = labels[kept] == labels[row]
            reason = "exact-duplicate" if same else "conflicting-label"
            found.matches.append(Match(row, kept, reason, 1.0))
    return list(first.values())


def _near(
    table: pa.Table, first: list[int], threshold: float, runner: Runner, found: Duplicates
) -> None:
    narrow = table.select(["domain", "words", "label"]).take(first)
    narrow = narrow.append_column("row", pa.array(first, pa.int64()))
    narrow = narrow.filter(pc.not_equal(narrow.column("words"), ""))
    texts = narrow.column("words")
    labels = narrow.column("label").to_pylist()
    rows = narrow.column("row").to_pylist()

    @lru_cache(maxsize=20_000)
    def shingles_of(index: int) -> Shingles:
        return shingles(texts[index].as_py())

    kept_in: dict[tuple[int, int], list[int]] = defaultdict(list)
    full: set[tuple[int, int]] = set()
    for index, buckets in _shared_buckets(narrow, threshold, runner):
        others = sorted({other for bucket in buckets for other in kept_in[bucket]})
        found.candidates += len(others)
        best = (0.0, -1)
        for other in others:
            found.verified += 1
            similarity = jaccard(shingles_of(index), shingles_of(other))
            if similarity >= threshold and similarity > best[0]:
                best = (similarity, other)
        similarity, other = best
        same_label = other >= 0 and labels[other] == labels[index]
        if other >= 0:
            reason = "near-duplicate" if same_label else "near-other-label"
            found.matches.append(Match(rows[index], rows[other], reason, similarity))
        if not same_label:  # it is kept, so later rows are compared with it too
            for bucket in buckets:
                if len(kept_in[bucket]) < BUCKET_LIMIT:
                    kept_in[bucket].append(index)
                else:
                    full.add(bucket)
    found.full_buckets = len(full)


def bands_for(threshold: float) -> tuple[int, int]:
    """(bands, rows in a band) for a threshold: a pair of similarity s meets in a bucket with
    probability 1 - (1 - s ** rows) ** bands, here at least 0.87 at the threshold down to 0.5."""
    if threshold >= 0.75:
        return 16, 8
    return (32, 4) if threshold >= 0.5 else (64, 2)


def _shared_buckets(
    narrow: pa.Table, threshold: float, runner: Runner
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Row indexes with the (band, hash) buckets that they share with another row, in order."""
    import numpy as np

    signature = signatures(narrow, "words", HASHES, runner).astype(np.uint64)
    if not len(signature):
        return
    domains = np.unique(narrow.column("domain").to_numpy(), return_inverse=True)[1]
    bands, width = bands_for(threshold)
    shared: dict[int, list[tuple[int, int]]] = defaultdict(list)
    multipliers = _odd_multipliers(width + 1)
    for band in range(bands):
        part = signature[:, band * width : (band + 1) * width]
        mixed = (part * multipliers[:width]).sum(axis=1, dtype=np.uint64)
        mixed = mixed + domains.astype(np.uint64) * multipliers[width]
        _hashes, bucket, counts = np.unique(mixed, return_inverse=True, return_counts=True)
        for index in np.flatnonzero(counts[bucket] > 1).tolist():
            shared[index].append((band, int(bucket[index])))
    for index in sorted(shared):
        yield index, shared[index]


def _odd_multipliers(count: int) -> Any:
    """Fixed odd 64-bit numbers: sums of products with them mix a row into one hash."""
    import numpy as np

    generator = np.random.default_rng(20_230_817)
    return generator.integers(1, 2**63, size=count, dtype=np.uint64) | np.uint64(1)
