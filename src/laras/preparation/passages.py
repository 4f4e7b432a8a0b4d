"""Boilerplate passages, and what a record has of its own beside them.

Where a legal notice of 2,000 words stands under texts of 20, the texts have nearly all their
5-grams in common and nothing to do with each other. So 5-grams are counted over a sample of the
records: a run of twelve words or more, all of whose 5-grams stand in 20 records or more, is a
common passage. What is left of a record, where it is a run of ten words or more, is its own
passages. Records that consist mostly of common passages (for three quarters, at a threshold of
0.8) are alike if their own passages are, and the whole of them as well.

Others are compared as a whole: common passages alone don't take them near the threshold. So is a
record without any own passage (a form with names filled in, a text of which there are 20 copies).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes, distinct, in_common, similarity
from laras.preparation.likeness import SHINGLE_WORDS

SAMPLE_RECORDS = 5_000
SAMPLE_GRAMS = 2_000_000  # of all sampled records together
COMMON_RECORDS = 20
COMMON_WORDS = 12
DEFAULT_THRESHOLD = 0.8
OWN_WORDS = 10

Parts = tuple[Hashes, ...]  # a record's 5-grams in their order, for each of its parts
NOTHING_COMMON: Hashes = np.empty(0, dtype=np.uint64)

ROUNDING = 1e-9  # 0.8 * 5 must not come out a hair above 4

_TABLE_BITS = 20


def common_grams(sample: Iterable[Parts], least: int = COMMON_RECORDS) -> Hashes:
    """The 5-grams that stand in ``least`` records of ``sample`` or more, sorted."""
    found = [distinct(np.concatenate(parts)) for parts in sample]
    if len(found) < least:
        return NOTHING_COMMON
    every = np.sort(np.concatenate(found))
    # Sorted, a gram of ``least`` records is equal to the one that many places on.
    repeated = every[: len(every) - least + 1]
    return distinct(repeated[repeated == every[least - 1 :]])


class Passages:
    """Tells common passages from a record's own. ``common``: of :func:`common_grams`;
    ``threshold``: of the Jaccard similarity from which records are alike."""

    def __init__(self, common: Hashes, threshold: float = DEFAULT_THRESHOLD) -> None:
        self.common = common
        # Records of which a share b is in common, and nothing else, have a similarity of
        # b / (2 - b): up to three quarters of the threshold that is no matter.
        self._least_share = 1.5 * threshold / (1 + 0.75 * threshold)
        self._may_be = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._may_be[self._place(common)] = True

    def own(self, parts: Parts) -> Parts:
        """What is compared of a record: the 5-grams of its own passages, part by part.

        A part without own passages is compared as a whole.
        """
        if not len(self.common):
            return parts
        return tuple(self._own(grams) for grams in parts)

    def own_words(self, grams: Hashes) -> list[tuple[int, int]] | None:
        """(start, end) of each own passage in words; None where all of a text is compared."""
        least = COMMON_WORDS - SHINGLE_WORDS + 1
        # A passage has at least one gram in every so many places.
        if not self._stand_in(grams[least - 1 :: least]).any():
            return None
        common = self._stand_in(grams)
        in_passage = np.zeros(len(grams) + SHINGLE_WORDS - 1, dtype=bool)  # for each word
        for start, end in _runs(common):
            if end - start >= least:
                in_passage[start : end + SHINGLE_WORDS - 1] = True
        if np.count_nonzero(in_passage) < self._least_share * len(in_passage):
            return None
        return [run for run in _runs(~in_passage) if run[1] - run[0] >= OWN_WORDS] or None

    def _own(self, grams: Hashes) -> Hashes:
        passages = self.own_words(grams)
        if passages is None:
            return grams
        return np.concatenate([grams[start : end - SHINGLE_WORDS + 1] for start, end in passages])

    def _stand_in(self, grams: Hashes) -> npt.NDArray[np.bool_]:
        found = self._may_be[self._place(grams)]
        some = np.flatnonzero(found)
        if len(some):
            looked_for = grams[some]
            places = np.minimum(np.searchsorted(self.common, looked_for), len(self.common) - 1)
            found[some] = self.common[places] == looked_for
        return found

    @staticmethod
    def _place(grams: Hashes) -> npt.NDArray[np.int64]:
        return (grams >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)


def _runs(mask: npt.NDArray[np.bool_]) -> Sequence[tuple[int, int]]:
    """(start, end) of each run of True."""
    padded = np.concatenate(([False], mask, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[0::2], edges[1::2], strict=True))


class Compared:
    """A record ready for comparing: distinct 5-grams of each part, all and own ones."""

    __slots__ = ("own", "whole")

    def __init__(self, parts: Parts, passages: Passages) -> None:
        self.whole = [distinct(grams) for grams in parts]
        own = passages.own(parts)
        self.own = [
            whole if kept is grams else distinct(kept)
            for whole, kept, grams in zip(self.whole, own, parts, strict=True)
        ]


def likeness(left: Compared, right: Compared, threshold: float) -> float:
    """The Jaccard similarity of two records' 5-grams, or 0 where they are not alike.

    Alike are those of ``threshold`` or more in each part, in all of it and in what is their own.
    """
    if len(left.whole) != len(right.whole):
        return 0.0
    shared = total = 0
    for number, (mine, other) in enumerate(zip(left.whole, right.whole, strict=True)):
        both = in_common(mine, other)
        either = len(mine) + len(other) - both
        if both < threshold * either - ROUNDING:
            return 0.0
        own = left.own[number], right.own[number]
        as_a_whole = own[0] is mine and own[1] is other
        if not as_a_whole and similarity(*own) < threshold - ROUNDING:
            return 0.0
        shared += both
        total += either
    return shared / total if total else 0.0
