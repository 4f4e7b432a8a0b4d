"""Keeps the splits apart: what stands in a held-out split leaves those that are trained on.

Deduplication and groups have done most of it. What is left: your own test set, passages that
two otherwise different documents share, and pairs that MinHash missed. Similar pairs are found
exactly, by prefix filtering (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007):
two sets of Jaccard similarity t share one of the rarest |x| - ceil(t |x|) + 1 members of each.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laras.preparation.likeness import Shingles, jaccard, shingles

# 0.8 * 5 must not come out a hair above 4.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Crossing:
    """Row ``row`` of one split is equal or similar to row ``held_out`` of another."""

    row: int
    held_out: int
    similarity: float
    exact: bool


def crossings(
    keys: Sequence[str],
    spaced_words: Sequence[str],
    held_out_keys: Sequence[str],
    held_out_words: Sequence[str],
    threshold: float,
) -> list[Crossing]:
    """Every pair of a row and a held-out row with the same key, or with a Jaccard similarity of
    word 5-grams of at least ``threshold``. Empty words are compared by key only."""
    found: list[Crossing] = []
    rows_of_key: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(held_out_keys):
        rows_of_key[key].append(row)
    for row, key in enumerate(keys):
        found += [Crossing(row, other, 1.0, True) for other in rows_of_key.get(key, ())]
    equal = {(crossing.row, crossing.held_out) for crossing in found}

    held_out = [shingles(text) for text in held_out_words]
    rarity = Counter(shingle for members in held_out for shingle in members)
    known = frozenset(rarity)
    rows_of_shingle: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for other, members in enumerate(held_out):
        for shingle in _prefix(members, rarity, threshold):
            rows_of_shingle[shingle].append(other)
    for row, text in enumerate(spaced_words):
        members = shingles(text)
        # Most rows share too little with all held-out rows together.
        if len(members & known) < threshold * len(members) - _ROUNDING or not members:
            continue
        candidates = {
            other
            for shingle in _prefix(members, rarity, threshold)
            for other in rows_of_shingle.get(shingle, ())
        }
        for other in sorted(candidates):
            similarity = jaccard(members, held_out[other])
            if similarity >= threshold and (row, other) not in equal:
                found.append(Crossing(row, other, similarity, False))
    return found


def _prefix(
    members: Shingles, rarity: Mapping[tuple[str, ...], int], threshold: float
) -> list[tuple[str, ...]]:
    """The rarest members, one of which any set of at least ``threshold`` similarity shares.

    Rarity is counted among held-out rows; any order will do if it is one for all sets.
    """
    if not members:
        return []
    ordered = sorted(members, key=lambda shingle: (rarity.get(shingle, 0), shingle))
    return ordered[: len(members) - math.ceil(threshold * len(members) - _ROUNDING) + 1]
