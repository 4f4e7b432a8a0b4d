"""An index of records by the rarest of their 5-grams, to find exactly those that may be alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes
from laras.preparation.passages import ROUNDING, Compared, Parts

_TABLE_BITS = 25  # 32 MB: of 4 million numbers, one in eight that is not there seems to be
_PAIRS_AT_ONCE = 2_000_000

Numbers = npt.NDArray[np.signedinteger[Any]]


class Index:
    """Records (None: one to be left out) by the own 5-grams of each of their parts.

    5-grams are ordered by how many of the records have them, and by their number: both sides of
    a comparison need one order, and the rarer come first, the fewer candidates there are.
    """

    def __init__(self, records: Sequence[Compared | None], threshold: float) -> None:
        self._threshold = threshold
        rows = [(n, record) for n, record in enumerate(records) if record is not None]
        parts = _Parts([record for _row, record in rows])
        self._parts_of = np.array([0 if r is None else len(r.own) for r in records], dtype=np.int64)
        self._grams, self._counts, place = _numbered(parts.grams)
        self._may_be = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._may_be[_places(self._grams)] = True
        # In each part the rarest first; its grams ascend, so equally rare ones do as well.
        most = int(self._counts.max(initial=0)) + 1
        order = np.argsort(parts.owners * np.int64(most) + self._counts[place], kind="stable")
        least = np.ceil(threshold * parts.sizes - ROUNDING).astype(np.int64)
        chosen = order[_counted(parts.sizes) < np.repeat(parts.sizes - least + 1, parts.sizes)]
        del order
        # Where each 5-gram stands among the rarest of a part: rows, in the order of 5-grams.
        by_gram = chosen[np.argsort(place[chosen], kind="stable")]
        self._starts = np.searchsorted(place[by_gram], np.arange(len(self._grams) + 1))
        numbers = np.array([n for n, _record in rows], dtype=np.int64)
        self._rows = numbers[parts.rows[parts.owners[by_gram]]]
        self._part = parts.numbers[parts.owners[by_gram]]

    def possible(self, rows: Sequence[Parts]) -> list[int]:
        """Which of ``rows``, by their own 5-grams as they come, may be like an indexed record.

        Of the distinct 5-grams of a part, a share of the threshold must be known here: with h that
        seem known, at most h (1 - t) / t others. That many different ones are soon met.
        """
        parts = [(n, part) for n, row in enumerate(rows) for part in row if len(part)]
        if not parts or not len(self._grams):
            return []
        grams = np.concatenate([part for _row, part in parts])
        seems_known = self._may_be[_places(grams)]
        ends = np.cumsum([len(part) for _row, part in parts])
        hits = np.diff(np.cumsum(seems_known)[ends - 1], prepend=0)
        most = (hits * ((1 - self._threshold) / self._threshold) + ROUNDING).astype(np.int64)
        done: set[int] = set()
        start = 0
        for (row, _part), end, known, others in zip(
            parts, ends.tolist(), hits.tolist(), most.tolist(), strict=True
        ):
            if not known:
                done.add(row)
            elif row not in done and end - start - known > others:
                unknown = start + np.flatnonzero(~seems_known[start:end])[: 2 * others + 4]
                if len(set(grams[unknown].tolist())) > others:
                    done.add(row)
            start = end
        return sorted({row for row, _part in parts} - done)

    def candidates(self, records: Sequence[Compared]) -> Iterator[tuple[int, int]]:
        """(number in ``records``, number of an indexed record), each pair once: all that are alike
        and some that are not."""
        parts = _Parts(records)
        known = self._known(parts.grams)
        counts = np.bincount(parts.owners[known >= 0], minlength=len(parts.sizes))
        least = np.ceil(self._threshold * parts.sizes - ROUNDING).astype(np.int64)
        enough = counts >= np.maximum(least, 1)
        # All parts of a record must be alike, so one that isn't is enough to be done with it.
        alive = np.ones(len(records), dtype=bool)
        alive[parts.rows[~enough & (parts.sizes > 0)]] = False
        members = np.flatnonzero((known >= 0) & alive[parts.rows[parts.owners]])
        if not len(members):
            return
        owners, known = parts.owners[members], known[members]
        order = np.lexsort((parts.grams[members], self._counts[known], owners))
        owners, known = owners[order], known[order]
        # Members that no record of the index has are the rarest of all, and find nothing.
        chosen = _first_of_each(owners, counts - least + 1)
        owners, known = owners[chosen], known[chosen]
        found = self._starts[known + 1] - self._starts[known]
        probed = _cheapest_parts(owners, found, parts)
        yield from self._pairs(owners[probed], known[probed], parts)

    def _known(self, grams: Hashes) -> Numbers:
        """The place of each gram in the index, -1 where it isn't there."""
        known = np.full(len(grams), -1, dtype=np.int64)
        some = np.flatnonzero(self._may_be[_places(grams)])
        if len(some):
            looked_for = grams[some]
            places = np.minimum(np.searchsorted(self._grams, looked_for), len(self._grams) - 1)
            there = self._grams[places] == looked_for
            known[some[there]] = places[there]
        return known

    def _pairs(self, owners: Numbers, known: Numbers, parts: _Parts) -> Iterator[tuple[int, int]]:
        lengths = self._starts[known + 1] - self._starts[known]
        ends = np.cumsum(lengths)
        rows = parts.rows[owners]
        start = 0
        while start < len(known):
            # Whole rows at a time, so that each pair comes once.
            before = ends[start - 1] if start else 0
            end = max(start + 1, int(np.searchsorted(ends, before + _PAIRS_AT_ONCE)))
            end = int(np.searchsorted(rows, rows[end - 1], side="right"))
            some = slice(start, end)
            places = np.repeat(self._starts[known[some]], lengths[some]) + _counted(lengths[some])
            who = np.repeat(owners[some], lengths[some])
            mine, others = parts.rows[who], self._rows[places]
            same = (self._part[places] == parts.numbers[who]) & (
                self._parts_of[others] == parts.parts_of[mine]
            )
            pairs = np.unique(mine[same] * len(self._parts_of) + others[same])
            for one, other in zip(*np.divmod(pairs, len(self._parts_of)), strict=True):
                yield int(one), int(other)
            start = end


class _Parts:
    """The own 5-grams of all parts of all records, side by side.

    ``owners``: for each gram, its part; ``rows``, ``numbers``, ``sizes``: for each part, its
    record, which part of that it is, and how many grams it has.
    """

    def __init__(self, records: Sequence[Compared]) -> None:
        arrays = [grams for record in records for grams in record.own]
        self.sizes = np.array([len(grams) for grams in arrays], dtype=np.int64)
        self.grams = np.concatenate(arrays) if arrays else np.empty(0, dtype=np.uint64)
        self.owners = np.repeat(np.arange(len(arrays), dtype=np.int32), self.sizes)
        self.parts_of = np.array([len(record.own) for record in records], dtype=np.int64)
        self.rows = np.repeat(np.arange(len(records)), self.parts_of)
        self.numbers = _counted(self.parts_of)


def _numbered(grams: Hashes) -> tuple[Hashes, Numbers, Numbers]:
    """The distinct ``grams`` sorted, how often each comes, and the place of each of ``grams``."""
    order = np.argsort(grams)
    ordered = grams[order]
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    place = np.empty(len(grams), dtype=np.int32)
    place[order] = np.cumsum(first, dtype=np.int32) - 1
    starts = np.flatnonzero(first)
    counts = np.diff(starts, append=len(grams)).astype(np.int32)
    return ordered[starts], counts, place


def _places(grams: Hashes) -> Numbers:
    return (grams >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)


def _counted(lengths: Numbers) -> Numbers:
    """0, 1, 2, ... for each of ``lengths``, one after the other."""
    starts = np.cumsum(lengths) - lengths
    counted = np.arange(int(lengths.sum()))
    counted -= np.repeat(starts, lengths)
    return counted


def _first_of_each(owners: Numbers, limits: Numbers) -> npt.NDArray[np.bool_]:
    """Of sorted ``owners``, the first ``limits[owner]`` places of each."""
    starts = np.searchsorted(owners, owners)
    first: npt.NDArray[np.bool_] = np.arange(len(owners)) - starts < limits[owners]
    return first


def _cheapest_parts(owners: Numbers, found: Numbers, parts: _Parts) -> npt.NDArray[np.bool_]:
    """The places of those parts that find the fewest records, one part for each record."""
    costs = np.bincount(owners, weights=found, minlength=len(parts.sizes))
    costs[parts.sizes == 0] = np.inf
    order = np.lexsort((costs, parts.rows))
    rows = parts.rows[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    cheapest = np.zeros(len(parts.sizes), dtype=bool)
    cheapest[order[first]] = True
    result: npt.NDArray[np.bool_] = cheapest[owners]
    return result
