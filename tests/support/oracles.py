"""What tests compare the preparation with: the plain way to the same thing, for data in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from laras.preparation.grams import grams_of
from laras.preparation.likeness import SHINGLE_WORDS
from laras.preparation.passages import Parts
from laras.preparation.separate import Crossing, Side, separate
from laras.preparation.split import SPLITS, assign
from laras.records import Split, Task

Shingles = frozenset[tuple[str, ...]]


def shingles(spaced_words: str) -> Shingles:
    """The word 5-grams of words joined by spaces; none below five words."""
    parts = spaced_words.split(" ")
    return frozenset(zip(*(parts[start:] for start in range(SHINGLE_WORDS)), strict=False))


def jaccard(left: Shingles, right: Shingles) -> float:
    """Shared over all: |A and B| / |A or B|; 0 where one is empty."""
    if not left or not right:
        return 0.0
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def crossings(
    keys: Sequence[str],
    spaced_words: Sequence[str],
    held_out_keys: Sequence[str],
    held_out_words: Sequence[str],
    threshold: float,
) -> list[Crossing]:
    """:func:`separate` for rows in memory: their keys, and their words joined by spaces."""
    sides = [
        Side(_numbers(own_keys), lambda texts=texts: iter([_parts(texts)]))  # type: ignore[misc]
        for own_keys, texts in ((keys, spaced_words), (held_out_keys, held_out_words))
    ]
    return separate(sides[0], sides[1], threshold)


def _parts(texts: Sequence[str]) -> list[Parts]:
    return [(grams,) for grams in grams_of(texts)]


def _numbers(keys: Sequence[str]) -> npt.NDArray[np.uint64]:
    digests = b"".join(xxhash.xxh3_128_digest(key.encode()) for key in keys)
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class Row:
    """What the split needs to know of an example."""

    group: str
    task: Task
    label: str | None


def assign_rows(rows: Sequence[Row], shares: Mapping[Split, float], seed: int) -> dict[str, Split]:
    """:func:`assign` for a few rows: the split of each group."""
    columns = {
        "group": pa.array([row.group for row in rows], pa.string()),
        "task": pa.array([row.task for row in rows], pa.string()),
        "label": pa.array([row.label for row in rows], pa.string()),
    }
    numbers = assign(pa.table(columns), shares, seed).tolist()
    return {row.group: SPLITS[number] for row, number in zip(rows, numbers, strict=True)}
