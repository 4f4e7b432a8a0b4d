"""The search for near-duplicates: who shares a band of bytes, and who is truly alike.

A record is compared with the *kept* ones only. Similarity is not transitive: taking its closure
joins A to Z through a chain in which neighbours are alike, and has been seen to eat a whole
corpus.

5-grams are held for as many records as fit into a fixed budget (a window), with those kept
earlier that resemble any of them; all else stays on disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes
from laras.preparation.minhash import Signatures, bands_for, estimates, signatures_of
from laras.preparation.passages import (
    COMMON_RECORDS,
    Compared,
    Parts,
    Passages,
    common_grams,
    likeness,
)

BUCKET_LIMIT = 256  # kept records that one bucket offers for comparison
VERIFY_LIMIT = 32  # kept records that one is truly compared with, the likeliest
WINDOW_WORDS = 8_000_000  # 64 MB of 5-grams
_MARGIN = 0.18  # four standard deviations of an estimate
_ROUNDS = 3  # of looking at large clusters again
_CLUSTER_SAMPLE = 500

Rows = npt.NDArray[np.int64]
Found = tuple[int, int, float]  # (row, kept row, similarity)


class Search:
    """Near-duplicates among rows, which are numbered as ``domains``, ``labels`` (codes) and
    ``word_counts`` have them; ``fetch`` gives the 5-grams of rows that ascend."""

    def __init__(
        self,
        fetch: Callable[[Rows], list[Parts]],
        domains: npt.NDArray[np.uint64],
        labels: Rows,
        word_counts: Rows,
    ) -> None:
        self._fetch = fetch
        self._domains = domains
        self._labels = labels
        self._word_counts = word_counts
        self.candidates = 0
        self.verified = 0
        self.full_buckets = 0

    def run(
        self, rows: Rows, signatures: Signatures, common: Hashes, threshold: float
    ) -> list[Found]:
        """Each of ``rows`` (ascending) that is like a kept one, with the one most like it.

        ``signatures``: those of all rows, made with ``common``. A large cluster is looked at again:
        what its records share may be boilerplate that is too rare to show in a sample of the data.
        """
        found: list[Found] = []
        for _round in range(_ROUNDS):
            matches = self._pass(rows, signatures, Passages(common, threshold), threshold)
            clusters: dict[int, list[Found]] = defaultdict(list)
            for match in matches:
                clusters[match[1]].append(match)
            again: list[Rows] = []
            for kept, members in clusters.items():
                of_cluster = np.array([kept, *(row for row, _kept, _similarity in members)])
                wider = self._with_boilerplate_of(of_cluster, common, threshold)
                if wider is not None:
                    common = wider
                    again.append(of_cluster)
                else:
                    found += members
            if not again:
                break
            rows = np.sort(np.concatenate(again))
            signatures = self._signed(rows, signatures, Passages(common, threshold))
        else:
            found += matches
        return found

    def _pass(
        self, rows: Rows, signatures: Signatures, passages: Passages, threshold: float
    ) -> list[Found]:
        """One comparison of ``rows`` with those of them that are kept, in their order."""
        buckets = _shared_buckets(rows, signatures, self._domains, threshold)
        kept_in: dict[int, list[int]] = defaultdict(list)
        full: set[int] = set()
        found: list[Found] = []
        order = np.array(sorted(buckets), dtype=np.int64)

        def like(row: int) -> Rows:
            """Kept rows that may be similar, by their signatures; the likeliest."""
            others = {other for bucket in buckets[row] for other in kept_in.get(bucket, ())}
            self.candidates += len(others)
            array = np.array(sorted(others), dtype=np.int64)
            estimate = estimates(signatures[row], signatures[array])
            likely = np.flatnonzero(estimate >= threshold - _MARGIN)
            order = np.argsort(-estimate[likely], kind="stable")
            return array[likely[order[:VERIFY_LIMIT]]]

        for window in self._windows(order):
            counted = self.candidates
            earlier = [like(row) for row in window.tolist()] if kept_in else []
            self.candidates = counted  # they are all seen again below
            needed = np.unique(np.concatenate([window, *earlier]))
            parts = self._fetch(needed)
            at_hand = {
                row: Compared(grams, passages)
                for row, grams in zip(needed.tolist(), parts, strict=True)
            }
            for row in window.tolist():
                best = (0.0, 0)
                for other in like(row).tolist():
                    self.verified += 1
                    similarity = likeness(at_hand[row], at_hand[other], threshold)
                    if (similarity, -other) > best:
                        best = (similarity, -other)
                similarity, other = best[0], -best[1]
                if similarity:
                    found.append((row, other, similarity))
                if not similarity or self._labels[row] != self._labels[other]:
                    # It is kept, so later rows are compared with it too.
                    for bucket in buckets[row]:
                        if len(kept_in[bucket]) < BUCKET_LIMIT:
                            kept_in[bucket].append(row)
                        else:
                            full.add(bucket)
        self.full_buckets += len(full)
        return found

    def _with_boilerplate_of(
        self, cluster: Rows, common: Hashes, threshold: float
    ) -> Hashes | None:
        """``common`` with what is boilerplate in ``cluster``; None where it changes nothing."""
        if len(cluster) <= COMMON_RECORDS:
            return None
        wider = np.union1d(common, common_grams(self._fetch(np.sort(cluster[:_CLUSTER_SAMPLE]))))
        if len(wider) == len(common):
            return None
        passages = Passages(wider, threshold)
        for block in self._windows(np.sort(cluster)):
            for parts in self._fetch(block):
                if any(
                    own is not all_ for own, all_ in zip(passages.own(parts), parts, strict=True)
                ):
                    return wider
        return None

    def _signed(self, rows: Rows, signatures: Signatures, passages: Passages) -> Signatures:
        changed = signatures.copy()
        for block in self._windows(rows):
            changed[block] = signatures_of([passages.own(parts) for parts in self._fetch(block)])
        return changed

    def _windows(self, rows: Rows) -> Iterator[Rows]:
        """``rows`` in turns, as many at once as have WINDOW_WORDS words."""
        ends = np.cumsum(self._word_counts[rows])
        start = 0
        while start < len(rows):
            before = ends[start - 1] if start else 0
            end = int(np.searchsorted(ends, before + WINDOW_WORDS, side="right"))
            yield rows[start : max(end, start + 1)]
            start = max(end, start + 1)


def _shared_buckets(
    rows: Rows, signatures: Signatures, domains: npt.NDArray[np.uint64], threshold: float
) -> dict[int, list[int]]:
    """Rows with the buckets (a band and its bytes, in a domain) that they share with others."""
    bands, width = bands_for(threshold)
    shared: dict[int, list[int]] = defaultdict(list)
    multipliers = np.random.default_rng(width).integers(
        1, 2**63, size=width + 1, dtype=np.uint64
    ) | np.uint64(1)
    own = domains[rows] * multipliers[width]
    before = 0
    for band in range(bands):
        mixed = own.copy()
        for place in range(width):
            mixed += (signatures[rows, band * width + place] + np.uint64(1)) * multipliers[place]
        _hashes, bucket, counts = np.unique(mixed, return_inverse=True, return_counts=True)
        some = np.flatnonzero(counts[bucket] > 1)
        for row, number in zip(rows[some].tolist(), (bucket[some] + before).tolist(), strict=True):
            shared[row].append(number)
        before += len(counts)
    return shared
