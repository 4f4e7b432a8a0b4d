"""The leak certificate: checks finished splits by other code than that which made them.

Only what a word is, it has in common with that. It reads the files that training and
evaluation will read, compares normalised texts as plain strings, and counts shared word 5-grams
through an inverted index: no MinHash, no prefixes, no groups but those written in the files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.lib.stride_tricks import sliding_window_view

from laras.preparation.examples import DEFAULT_INSTRUCTION
from laras.preparation.likeness import words
from laras.records import Split
from laras.translation import _

WORK_LIMIT = 200_000_000  # shared 5-grams counted for one pair of splits before sampling
_MULTIPLIERS = np.random.default_rng(5).integers(1, 2**63, size=5, dtype=np.uint64) | np.uint64(1)


def certify(
    splits: Mapping[Split, Path],
    instructions: Mapping[str, str],
    threshold: float,
    *,
    work_limit: int = WORK_LIMIT,
) -> dict[str, Any]:
    """What crosses between any two of ``splits`` (parquet files of EXAMPLE_SCHEMA).

    Numbers are pairs of groups, texts and similar rows; ``rows_checked`` says of how many rows
    near-duplicates were looked for: all, unless two splits share more 5-grams than ``work_limit``.
    """
    vocabulary: dict[str, int] = {}
    loaded = {name: _load(path, instructions, vocabulary) for name, path in splits.items()}
    groups = exact = near = 0
    checked = wanted = 0
    for left, right in combinations(loaded.values(), 2):
        small, large = sorted((left, right), key=lambda split: len(split.texts))
        groups += len(small.groups & large.groups)
        exact += len(set(small.texts) & set(large.texts))
        found, rows = _near(small, large, threshold, work_limit)
        near += found
        checked += rows
        wanted += len(small.texts)
    return {
        "groups_crossing": groups,
        "exact_crossing": exact,
        "near_duplicates_crossing": near,
        "threshold": threshold,
        "rows_checked": checked,
        "rows_to_check": wanted,
        "clean": not (groups or exact or near),
    }


def statement(certificate: Mapping[str, Any]) -> str:
    """What a clean certificate says, and no more than was looked at."""
    checked, rows = certificate["rows_checked"], certificate["rows_to_check"]
    if checked == rows:
        return _("No group, no equal text and no near-duplicate stands in two of the splits.")
    return _(
        "No group and no equal text stands in two of the splits, and no near-duplicate was found "
        "among {checked} of {rows} rows; looking at all would have taken too long."
    ).format(checked=checked, rows=rows)


@dataclass(frozen=True)
class _Split:
    groups: set[str]
    texts: list[str]
    grams: list[Any]  # sorted hashes of the word 5-grams of each text, uint64


def _load(path: Path, instructions: Mapping[str, str], vocabulary: dict[str, int]) -> _Split:
    table = pq.read_table(path, columns=["messages", "group", "label", "source"])
    texts = []
    grams = []
    for row in table.to_pylist():
        parts = [m["content"] for m in row["messages"] if m["role"] != "system"]
        instruction = instructions.get(row["source"])
        if row["label"] is not None:
            parts = parts[:-1]
            instruction = instruction or DEFAULT_INSTRUCTION
        if instruction:
            lead = instruction + "\n\n"
            parts = [part[len(lead) :] if part.startswith(lead) else part for part in parts]
        text = "\n".join(parts)
        texts.append(" ".join(unicodedata.normalize("NFKC", text).casefold().split()))
        grams.append(_grams(text, vocabulary))
    return _Split(set(table.column("group").to_pylist()), texts, grams)


def _grams(text: str, vocabulary: dict[str, int]) -> Any:
    """Words become numbers, and each run of five the sum of them times fixed odd numbers."""
    found = words(text)
    if len(found) < 5:
        return np.empty(0, dtype=np.uint64)
    numbers = [vocabulary.setdefault(word, len(vocabulary) + 1) for word in found]
    runs = sliding_window_view(np.array(numbers, dtype=np.uint64), 5)
    return np.unique((runs * _MULTIPLIERS).sum(axis=1, dtype=np.uint64))


def _near(small: _Split, large: _Split, threshold: float, work_limit: int) -> tuple[int, int]:
    """Pairs of different texts at or above ``threshold``, and how many of ``small`` were tried."""
    sizes = np.array([len(grams) for grams in large.grams], dtype=np.int64)
    if not small.texts or not sizes.sum():
        return 0, len(small.texts)
    members = np.concatenate(large.grams)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(members, kind="stable")
    members, owners = members[order], owners[order]
    bounds = [
        (np.searchsorted(members, grams, "left"), np.searchsorted(members, grams, "right"))
        for grams in small.grams
    ]
    work = sum(int((end - start).sum()) for start, end in bounds)
    every = max(1, -(-work // work_limit))
    pairs = 0
    for row in range(0, len(small.texts), every):
        start, end = bounds[row]
        lengths = end - start
        total = int(lengths.sum())
        if not total:
            continue
        offsets = np.repeat(start - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        rows, shared = np.unique(owners[offsets + np.arange(total)], return_counts=True)
        union = len(small.grams[row]) + sizes[rows] - shared
        alike = rows[shared >= threshold * union - 1e-9]
        pairs += sum(large.texts[other] != small.texts[row] for other in alike.tolist())
    return pairs, len(range(0, len(small.texts), every))
