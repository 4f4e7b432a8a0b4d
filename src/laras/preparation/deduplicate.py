"""Exact and near-duplicates of records, found on narrow tables.

Equal records have equal keys. Similar ones are found by MinHash (bands of signatures; after
Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4) and each pair is verified by its
true Jaccard similarity, on 5-grams that are read again from disk. What stands in very many
records makes no two of them alike (:mod:`laras.preparation.passages`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from laras.preparation.grams import Hashes
from laras.preparation.keys import bytes_of, halves
from laras.preparation.minhash import HASHES
from laras.preparation.near import Search
from laras.preparation.passages import (
    NOTHING_COMMON,
    SAMPLE_GRAMS,
    SAMPLE_RECORDS,
    Parts,
    common_grams,
)

Rows = npt.NDArray[np.int64]


class Corpus(Protocol):
    """Where the records of a table of keys are; rows are numbered as there."""

    def parts(self, rows: Rows) -> list[Parts]:
        """The 5-grams of ``rows``, which ascend, read from disk; as many as are asked for."""

    def signatures(self, common: Hashes) -> pa.Array | pa.ChunkedArray:
        """The column of SIGNATURE for all rows, made with ``common``."""


@dataclass(frozen=True)
class Match:
    """Row ``row`` is like the kept row ``kept``; ``similarity`` is 1 for equal ones."""

    row: int
    kept: int
    reason: str  # exact-duplicate, conflicting-label, near-duplicate, near-other-label
    similarity: float


@dataclass
class Duplicates:
    """What was found, and how much comparing it took.

    ``common``: sorted 5-grams of boilerplate. ``full_buckets``: how many held more records than
    were compared.
    """

    matches: list[Match] = field(default_factory=list)
    common: Hashes = field(default_factory=lambda: NOTHING_COMMON)
    candidates: int = 0
    verified: int = 0
    full_buckets: int = 0

    def dropped(self, *, exact: bool, near: bool) -> list[Match]:
        """The matches whose row leaves, by what the recipe asks for, with a row that stays."""
        reasons = set()
        if exact:
            reasons |= {"exact-duplicate", "conflicting-label"}
        if near:
            reasons.add("near-duplicate")
        return with_staying([match for match in self.matches if match.reason in reasons])

    def clusters(self) -> dict[int, list[Match]]:
        """Kept rows with the rows that are like them, largest first."""
        found: dict[int, list[Match]] = defaultdict(list)
        for match in self.matches:
            found[match.kept].append(match)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def with_staying(dropped: Iterable[Match]) -> list[Match]:
    """``dropped``, each with a row that stays: where the first of equal rows leaves because it is
    like another, that other one. The similarity is the least on the way."""
    leaving = {match.row: match for match in dropped}
    result = []
    for match in leaving.values():
        while (leads_to := leaving.get(match.kept)) is not None:
            similarity = min(match.similarity, leads_to.similarity)
            match = replace(match, kept=leads_to.kept, similarity=similarity)
        result.append(match)
    return result


def copies(dropped: Iterable[Match], rows: int) -> npt.NDArray[np.int64]:
    """For each of ``rows`` rows how many records it stands for: itself and those that left."""
    counts = np.ones(rows, dtype=np.int64)
    for kept, count in Counter(match.kept for match in dropped).items():
        counts[kept] += count
    return counts


def find_duplicates(keys: pa.Table, corpus: Corpus, *, near: bool, threshold: float) -> Duplicates:
    """Duplicates in ``keys``: columns of ``KEYS`` and ``label``; the first of each stays.

    ``near`` False finds equal records only. ``threshold`` is a Jaccard similarity of word
    5-grams. Equal or similar texts with different labels are told apart by their reason.
    """
    found = Duplicates()
    labels = label_codes(keys.column("label"))
    domains = keys.column("domain").to_numpy()
    first = _exact(keys, domains, labels, found)
    if near:
        found.common = common_grams(_sample(keys, first, corpus))
        signatures, short = _as_numbers(corpus.signatures(found.common))
        rows = first[~short[first]]
        search = Search(corpus.parts, domains, labels, keys.column("word_count").to_numpy())
        for row, kept, similarity in search.run(rows, signatures, found.common, threshold):
            reason = "near-duplicate" if labels[row] == labels[kept] else "near-other-label"
            found.matches.append(Match(row, kept, reason, similarity))
        found.candidates = search.candidates
        found.verified = search.verified
        found.full_buckets = search.full_buckets
    found.matches.sort(key=lambda match: match.row)
    return found


def _exact(
    keys: pa.Table, domains: npt.NDArray[np.uint64], labels: Rows, found: Duplicates
) -> Rows:
    """Adds the exact matches to ``found``; returns the rows that are first of their kind."""
    numbers = halves(keys.column("exact_key"))
    low, high = numbers[:, 0], numbers[:, 1]
    order = np.lexsort((low, high, domains))  # stable: rows stay in order among equal ones
    same = np.ones(len(order), dtype=bool)
    for column in (low, high, domains):
        same[1:] &= column[order[1:]] == column[order[:-1]]
    same[:1] = False
    leaders = order[np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))]
    for row, kept in zip(order[same].tolist(), leaders[same].tolist(), strict=True):
        reason = "exact-duplicate" if labels[kept] == labels[row] else "conflicting-label"
        found.matches.append(Match(row, kept, reason, 1.0))
    return np.sort(order[~same])


def _sample(keys: pa.Table, first: Rows, corpus: Corpus) -> list[Parts]:
    """Records chosen by their keys, whatever the order of files."""
    chosen = halves(keys.column("exact_key"))[first, 0]
    ordered = first[np.argsort(chosen, kind="stable")][:SAMPLE_RECORDS]
    sizes = np.cumsum(keys.column("word_count").to_numpy()[ordered])
    return corpus.parts(np.sort(ordered[sizes <= SAMPLE_GRAMS]))


def _as_numbers(column: Any) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    short = np.asarray(column.is_null())
    return bytes_of(column, HASHES), short


def label_codes(column: Any) -> Rows:
    """A number for each distinct label, -1 for none."""
    combined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    codes = combined.dictionary_encode().indices.fill_null(-1)
    result: Rows = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    return result
