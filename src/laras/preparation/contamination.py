"""Which test rows stand in the training data in parts: runs of 13 words that both have.

The measure of GPT-3's authors (Brown et al. 2020, appendix C), who, like we, leave out runs that
more than ten training rows have: those are set phrases and boilerplate. How long the longest
common run is says more than whether there is one (Singh et al. 2024, on ConTAM), so both are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes, is_short, runs

GRAM_WORDS = 13
FREQUENT_ROWS = 10
WORST_ROWS = 20
BLOCK_GRAMS = 4_000_000  # of test rows, at once in memory: about 150 MB
_TABLE_BITS = 25

# The texts of a split in blocks; called as often as they are needed.
Texts = Callable[[], Iterable[Sequence[str]]]


@dataclass(frozen=True)
class Overlap:
    """A test row with its longest run of words that stands in training rows, ``train`` among
    them."""

    test: int
    train: int
    words: int


def contamination(test: Texts, train: Texts) -> tuple[dict[str, Any], list[Overlap]]:
    """The figures for the certificate, and the worst rows, worst first (at most WORST_ROWS)."""
    overlaps: list[Overlap] = []
    rows = long_enough = touched = frequent = 0
    for first, block in _blocks(test()):
        index = _Index(block)
        start = 0
        for texts in train():
            index.see(runs(texts, GRAM_WORDS), start)
            start += len(texts)
        rows += len(block)
        long_enough += sum(len(grams) > 0 for grams in index.of_rows)
        for row, found in enumerate(index.overlaps()):
            if found is None:
                continue
            words, source, rare = found
            touched += rare
            frequent += not rare
            if rare:
                overlaps.append(Overlap(first + row, source, words))
        overlaps = sorted(overlaps, key=lambda one: (-one.words, one.test))[:WORST_ROWS]
    figures = {
        "gram_words": GRAM_WORDS,
        "test_rows": rows,
        "rows_with_13_words": long_enough,
        "rows_overlapping": touched,
        "rows_overlapping_in_frequent_runs_only": frequent,
        "share": touched / rows if rows else 0.0,
    }
    return figures, overlaps


def _blocks(texts: Iterable[Sequence[str]]) -> Iterator[tuple[int, list[Hashes]]]:
    block: list[Hashes] = []
    first = size = 0
    for some in texts:
        found = [grams[:0] if is_short(grams) else grams for grams in runs(some, GRAM_WORDS)]
        block += found
        size += sum(map(len, found))
        if size >= BLOCK_GRAMS:
            yield first, block
            first, block, size = first + len(block), [], 0
    if block:
        yield first, block


class _Index:
    """The runs of some test rows; how many training rows have each, and the first that has."""

    def __init__(self, of_rows: list[Hashes]) -> None:
        self.of_rows = of_rows
        every = np.concatenate(of_rows) if of_rows else np.empty(0, dtype=np.uint64)
        self._grams, self._place = np.unique(every, return_inverse=True)
        self._may_be = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._may_be[(self._grams >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)] = True
        self._count = np.zeros(len(self._grams), dtype=np.int32)
        self._first = np.full(len(self._grams), -1, dtype=np.int64)

    def see(self, of_rows: Sequence[Hashes], start: int) -> None:
        """Training rows, the first of which is row ``start``."""
        if not len(self._grams) or not of_rows:
            return
        every = np.concatenate(of_rows)
        some = np.flatnonzero(self._may_be[(every >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)])
        looked_for = every[some]
        places = np.minimum(np.searchsorted(self._grams, looked_for), len(self._grams) - 1)
        there = self._grams[places] == looked_for
        places, some = places[there], some[there]
        ends = np.cumsum([len(grams) for grams in of_rows])
        rows = np.searchsorted(ends, some, side="right")
        # Each pair of a run and a row once; rows ascend, so the first of a place is its smallest.
        pairs = np.unique(places * len(of_rows) + rows)
        places, rows = np.divmod(pairs, len(of_rows))
        distinct, first, counts = np.unique(places, return_index=True, return_counts=True)
        self._count[distinct] += counts.astype(np.int32)
        new = self._first[distinct] < 0
        self._first[distinct[new]] = start + rows[first[new]]

    def overlaps(self) -> Iterator[tuple[int, int, bool] | None]:
        """For each test row: the longest run in words, a training row that has its first part, and
        whether any part is in few rows; None where nothing overlaps."""
        start = 0
        for grams in self.of_rows:
            place = self._place[start : start + len(grams)]
            start += len(grams)
            count = self._count[place]
            if not count.any():
                yield None
                continue
            rare = (count > 0) & (count <= FREQUENT_ROWS)
            first, end = _longest(rare if rare.any() else count > 0)
            yield end - first + GRAM_WORDS - 1, int(self._first[place[first]]), bool(rare.any())


def _longest(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    starts, ends = edges[0::2], edges[1::2]
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])
