"""What the certificate holds of the rows that others are compared with, and how it compares.

A row that has a Jaccard similarity of t or more with another has at least t of its own 5-grams
in common with it; so the row's |x| - ceil(t |x|) + 1 rarest ones lead to all such rows, and the
5-grams of these are then compared one by one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from laras.preparation.certified_rows import CheckedRow, Numbers

_ROUNDING = 1e-9
_TABLE_BITS = 24
_TABLE_MASK = np.uint64((1 << _TABLE_BITS) - 1)


@dataclass
class Budget:
    """5-grams that may be compared. Where they are used up, every second row is given up."""

    limit: int
    used: int = 0
    every: int = 1

    def use(self, grams: int) -> None:
        """Count ``grams`` as compared."""
        self.used += grams
        while self.used > self.limit:
            self.every *= 2
            self.used //= 2


class CertifiedIndex:
    """Rows of finished splits by group, by text and by the 5-grams of each of their parts."""

    def __init__(self, rows: Sequence[CheckedRow], threshold: float, budget: Budget) -> None:
        self._rows = rows
        self._threshold = threshold
        self._budget = budget
        self.with_boilerplate = sum(row.has_boilerplate for row in rows)
        self._of_group: dict[str, list[CheckedRow]] = defaultdict(list)
        self._of_text: dict[bytes, list[CheckedRow]] = defaultdict(list)
        for row in rows:
            self._of_group[row.group].append(row)
            self._of_text[row.digest].append(row)
        self._parts = [_Postings(rows, number) for number in range(2)]

    def same_group(self, row: CheckedRow) -> list[CheckedRow]:
        """Rows in the group of ``row``."""
        return self._of_group.get(row.group, [])

    def same_text(self, row: CheckedRow) -> list[CheckedRow]:
        """Rows with the same text as ``row``."""
        return self._of_text.get(row.digest, [])

    def alike(self, row: CheckedRow) -> Iterator[CheckedRow]:
        """Rows that have another text and are as similar as the threshold, in every part."""
        candidates: Numbers | None = None
        for number, part in enumerate(row.parts):
            if not len(part.own):
                continue
            found = self._parts[number].candidates(part.own, self._threshold)
            if candidates is None or len(found) < len(candidates):
                candidates = found
        for place in () if candidates is None else candidates.tolist():
            other = self._rows[place]
            if other.number % self._budget.every or other.digest == row.digest:
                continue
            self._budget.use(min(row.size, other.size))
            if self._is_alike(row, other):
                yield other

    def _is_alike(self, row: CheckedRow, other: CheckedRow) -> bool:
        if len(row.parts) != len(other.parts):
            return False
        return all(
            self._reaches(mine.whole, its.whole) and self._reaches(mine.own, its.own)
            for mine, its in zip(row.parts, other.parts, strict=True)
        )

    def _reaches(self, left: Numbers, right: Numbers) -> bool:
        if not len(left) and not len(right):
            return True
        shared = len(np.intersect1d(left, right, assume_unique=True))
        either = len(left) + len(right) - shared
        return shared >= self._threshold * either - _ROUNDING


class _Postings:
    """Which rows have a 5-gram in their part ``number``."""

    def __init__(self, rows: Sequence[CheckedRow], number: int) -> None:
        some = [(place, row) for place, row in enumerate(rows) if len(row.parts) > number]
        arrays = [row.parts[number].own for _place, row in some]
        flat = np.concatenate([np.empty(0, dtype=np.uint64), *arrays])
        owners = np.repeat(
            np.array([place for place, _row in some], dtype=np.int64), list(map(len, arrays))
        )
        order = np.argsort(flat, kind="stable")
        self._owners = owners[order]
        self._grams, self._starts = np.unique(flat[order], return_index=True)
        self._ends = np.append(self._starts[1:], len(flat))
        self._may_be = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._may_be[self._grams & _TABLE_MASK] = True

    def candidates(self, grams: Numbers, threshold: float) -> Numbers:
        """Places of rows that have one of the rarest of ``grams``, ascending."""
        least = math.ceil(threshold * len(grams) - _ROUNDING)
        grams = grams[self._may_be[grams & _TABLE_MASK]]
        if len(grams) < max(least, 1):
            return np.empty(0, dtype=np.int64)
        places = np.searchsorted(self._grams, grams)
        places[places == len(self._grams)] = 0
        known = places[self._grams[places] == grams]
        if len(known) < max(least, 1):
            return np.empty(0, dtype=np.int64)
        counts = self._ends[known] - self._starts[known]
        # Those that no row has are among the rarest too.
        rarest = known[np.argsort(counts, kind="stable")[: len(known) - least + 1]]
        owners = [self._owners[self._starts[p] : self._ends[p]] for p in rarest.tolist()]
        return np.unique(np.concatenate(owners))
