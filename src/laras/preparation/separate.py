"""Keeps the splits apart: what stands in a held-out split leaves those that are trained on.

Deduplication and groups have done most of it. What is left: your own test set, passages that
two otherwise different documents share, and pairs that MinHash missed. Similar pairs are found
exactly, by prefix filtering (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007):
two sets of Jaccard similarity t share one of the rarest |x| - ceil(t |x|) + 1 members of each.

Held-out rows are taken in blocks that fit a fixed budget, and past each block the other rows
stream from disk. Most of them have too little in common with the whole block, and are done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from laras.preparation.grams import Hashes
from laras.preparation.keys import comparable
from laras.preparation.overlap_index import Index
from laras.preparation.passages import NOTHING_COMMON, Compared, Parts, Passages, likeness

BLOCK_GRAMS = 6_000_000  # of held-out rows, about 40 MB of text; 300 MB with all that is made


@dataclass(frozen=True)
class Crossing:
    """Row ``row`` of one split is equal or similar to row ``held_out`` of another."""

    row: int
    held_out: int
    similarity: float
    exact: bool


@dataclass(frozen=True)
class Side:
    """The rows of one split: their text keys as rows of two numbers, and a function that streams
    their 5-grams in blocks of rows, which is called as often as they are needed."""

    keys: npt.NDArray[np.uint64]
    blocks: Callable[[], Iterable[list[Parts]]]


def separate(
    rows: Side, held_out: Side, threshold: float, common: Hashes = NOTHING_COMMON
) -> list[Crossing]:
    """Every pair of a row and a held-out row with the same key, or that are alike as
    :func:`laras.preparation.passages.likeness` says; equal ones first, each in order.

    ``common``: 5-grams of boilerplate. Rows without five words are compared by key only.
    """
    exact = list(_equal(rows.keys, held_out.keys))
    equal = {(crossing.row, crossing.held_out) for crossing in exact}
    passages = Passages(common, threshold)
    near = []
    for first, block in _held_out_blocks(held_out, passages):
        index = Index(block, threshold)
        start = 0
        for parts in rows.blocks():
            numbers = index.possible([passages.own(p) if comparable(p) else () for p in parts])
            compared = [Compared(parts[number], passages) for number in numbers]
            for one, other in index.candidates(compared):
                number, record = numbers[one], compared[one]
                pair = (start + number, first + other)
                held = block[other]
                assert held is not None  # the index has no others
                similarity = likeness(record, held, threshold)
                if similarity and pair not in equal:
                    near.append(Crossing(*pair, similarity, False))
            start += len(parts)
    near.sort(key=lambda crossing: (crossing.row, crossing.held_out))
    return exact + near


def _equal(keys: npt.NDArray[np.uint64], held_out: npt.NDArray[np.uint64]) -> Iterator[Crossing]:
    order = np.lexsort((held_out[:, 1], held_out[:, 0]))
    ordered = held_out[order]
    starts = np.searchsorted(ordered[:, 0], keys[:, 0], side="left")
    ends = np.searchsorted(ordered[:, 0], keys[:, 0], side="right")
    for row in np.flatnonzero(ends > starts).tolist():
        for place in range(starts[row], ends[row]):
            if ordered[place, 1] == keys[row, 1]:
                yield Crossing(row, int(order[place]), 1.0, True)


def _held_out_blocks(
    held_out: Side, passages: Passages
) -> Iterator[tuple[int, list[Compared | None]]]:
    """(number of the first row, rows) for as many rows at once as the budget allows."""
    block: list[Compared | None] = []
    first = grams = 0
    for parts in chain.from_iterable(held_out.blocks()):
        block.append(Compared(parts, passages) if comparable(parts) else None)
        grams += sum(map(len, parts))
        if grams >= BLOCK_GRAMS:
            yield first, block
            first, block, grams = first + len(block), [], 0
    if grams:
        yield first, block
