"""Lines that many documents of one source repeat: headers, footers, menus, notices.

Only the hashes of lines are gathered. A document that would lose much of its text keeps it:
it is then a copy of others, not a page with a footer, and that is for deduplication to judge.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from laras.preparation.line_hashes import lines_of
from laras.preparation.steps import Step, batch_of

MINIMUM_DOCUMENTS = 5
DOCUMENT_SHARE = 0.3
LARGEST_CUT_SHARE = 0.4
_MOST_HELD = 1_000_000  # hashes of lines of one source
_FORGOTTEN_SHARE = 0.1  # far below DOCUMENT_SHARE: what is forgotten can hardly be repeated

_LINES = pa.schema([("text_hash", pa.uint64()), ("lines", pa.list_(pa.uint64()))])
_WITHOUT = pa.schema([("text", pa.large_string()), ("cut_lines", pa.list_(pa.string()))])


def _hash_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    found = lines_of(texts)
    owners = np.repeat(np.arange(len(texts)), found.counts)[found.eligible]
    hashes = found.hashes[found.eligible]
    order = np.lexsort((hashes, owners))
    owners, hashes = owners[order], hashes[order]
    distinct = np.ones(len(hashes), dtype=np.bool_)
    distinct[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    ends = np.cumsum(np.bincount(owners[distinct], minlength=len(texts)))
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    lines = pa.ListArray.from_arrays(pa.array(offsets), pa.array(hashes[distinct]))
    own = [xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    arrays = [pa.array(own, pa.uint64()), lines.cast(_LINES.field("lines").type)]
    return pa.RecordBatch.from_arrays(arrays, schema=_LINES)


HASH_LINES = Step("hash-lines", 2, ("text",), _LINES, _hash_lines)


class LineCounts:
    """In how many documents of one source each line stands, in bounded memory.

    Lines are held as hashes, sorted. When there are more than ``most_held``, those that are far
    from being repeated are forgotten (lossy counting, Manku and Motwani 2002): a line that was
    forgotten has missed at most as many documents as ``_missed`` says.
    """

    def __init__(self, most_held: int = _MOST_HELD) -> None:
        self._most_held = most_held
        self._hashes: Any = np.empty(0, dtype=np.uint64)
        self._counts: Any = np.empty(0, dtype=np.int64)
        self._missed = 0
        self._documents = 0

    def add(self, lines: Any, documents: int) -> None:
        """``lines``: the hashes of the lines of some documents, uint64, each once a document."""
        self._documents += documents
        hashes = np.concatenate([self._hashes, lines])
        counts = np.concatenate([self._counts, np.ones(len(lines), dtype=np.int64)])
        self._hashes, place = np.unique(hashes, return_inverse=True)
        self._counts = np.bincount(place, counts, len(self._hashes)).astype(np.int64)
        if len(self._hashes) > self._most_held:
            self._forget()

    def candidates(self) -> Any:
        """Hashes of all lines that may be repeated; exactly those, where none was forgotten."""
        return self._hashes[self._counts + self._missed >= self.least]

    @property
    def least(self) -> int:
        """From how many documents on a line is repeated."""
        return max(MINIMUM_DOCUMENTS, math.ceil(DOCUMENT_SHARE * self._documents))

    @property
    def exact(self) -> bool:
        """Whether no line was forgotten."""
        return self._missed == 0

    def _forget(self) -> None:
        bound = max(1, int(_FORGOTTEN_SHARE * self._documents))
        stays = self._counts > bound
        self._hashes, self._counts = self._hashes[stays], self._counts[stays]
        self._missed = max(self._missed, bound)


Portion = tuple[str, Any, Any, Any]  # source; text hashes; offsets of their lines; lines


def repeated_among(portions: Callable[[], Iterable[Portion]]) -> dict[str, frozenset[int]]:
    """Hashes of the lines to drop by source, from portions of documents that can be gone through
    more than once.

    Copies of a whole document count once: they say nothing about their lines.
    """
    first = _first_copies(portions())
    counts: dict[str, LineCounts] = {}
    for (source, lines), documents in _distinct(portions(), first):
        counts.setdefault(source, LineCounts()).add(lines, documents)
    repeated = {source: counted.candidates() for source, counted in counts.items()}
    if not all(counted.exact for counted in counts.values()):
        again = {source: np.zeros(len(found), np.int64) for source, found in repeated.items()}
        for (source, lines), _documents in _distinct(portions(), first):
            known = lines[np.isin(lines, repeated[source])]
            np.add.at(again[source], np.searchsorted(repeated[source], known), 1)
        repeated = {s: found[again[s] >= counts[s].least] for s, found in repeated.items()}
    return {source: frozenset(found.tolist()) for source, found in repeated.items() if len(found)}


def _first_copies(portions: Iterable[Portion]) -> dict[str, list[Any]]:
    """By source, for each of its portions, which documents are the first of their text."""
    hashes: dict[str, list[Any]] = {}
    for source, texts, _offsets, _lines in portions:
        hashes.setdefault(source, []).append(texts)
    first = {}
    for source, parts in hashes.items():
        joined = np.concatenate(parts)
        is_first = np.zeros(len(joined), dtype=np.bool_)
        is_first[np.unique(joined, return_index=True)[1]] = True
        first[source] = np.split(is_first, np.cumsum([len(part) for part in parts])[:-1])
    return first


def _distinct(
    portions: Iterable[Portion], first: Mapping[str, list[Any]]
) -> Iterator[tuple[tuple[str, Any], int]]:
    """(source, lines) of the distinct documents of each portion, and how many these are."""
    passed: Counter[str] = Counter()
    for source, _texts, offsets, lines in portions:
        counted = first[source][passed[source]]
        passed[source] += 1
        yield (source, lines[np.repeat(counted, np.diff(offsets))]), int(counted.sum())


def portions_of(table: pa.Table | pa.RecordBatch) -> Iterator[Portion]:
    """The columns ``source``, ``text_hash`` and ``lines`` of ``table``, source by source."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    for source in pc.unique(table.column("source")).to_pylist():
        rows = table.filter(pc.equal(table.column("source"), source)).combine_chunks()
        lines = rows.column("lines").combine_chunks()
        offsets = np.asarray(lines.offsets)
        yield (
            source,
            rows.column("text_hash").to_numpy(),
            offsets - offsets[0],
            np.asarray(lines.flatten()),
        )


def without_lines(text: str, hashes: frozenset[int]) -> tuple[str, list[str]]:
    """``text`` without its repeated lines, and those lines; unchanged if too much would go."""
    (found,) = _without_lines([text], hashes)
    return found


def _without_lines(texts: Sequence[str], hashes: frozenset[int]) -> Iterator[tuple[str, list[str]]]:
    if not texts:
        return
    found = lines_of(texts)
    repeated = found.eligible & np.isin(found.hashes, _as_array(hashes))
    for text, of_text in zip(texts, np.split(repeated, np.cumsum(found.counts)[:-1]), strict=True):
        gone = np.flatnonzero(of_text).tolist()
        lines = text.split("\n") if gone else []
        cut = [lines[place].strip() for place in gone]
        if not gone or sum(map(len, cut)) > LARGEST_CUT_SHARE * len(text):
            yield text, []
            continue
        for place in reversed(gone):
            del lines[place]
        yield re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"), cut


def drop_repeated_lines(repeated: Mapping[str, frozenset[int]]) -> Step:
    """The step that drops the lines found by :func:`repeated_among`; it reads the hashes of
    HASH_LINES, so that only texts with such a line are looked at."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts: list[object] = batch.column("text").to_pylist()
        sources = batch.column("source").to_pylist()
        cuts: list[object] = [[]] * len(texts)
        lines = batch.column("lines")
        owners = np.repeat(np.arange(len(texts)), lines.value_lengths().to_numpy())
        every = _as_array(frozenset().union(*repeated.values()))
        concerned = np.unique(owners[np.isin(lines.flatten().to_numpy(), every)]).tolist()
        for source, hashes in repeated.items():
            rows = [row for row in concerned if sources[row] == source]
            found = _without_lines([str(texts[row]) for row in rows], hashes)
            for row, (shorter, cut) in zip(rows, found, strict=True):
                texts[row], cuts[row] = shorter, cut
        return batch_of(_WITHOUT, {"text": texts, "cut_lines": cuts})

    return Step("drop-repeated-lines", 2, ("text", "source", "lines"), _WITHOUT, function)


def _as_array(hashes: frozenset[int]) -> Any:
    return np.array(sorted(hashes), dtype=np.uint64)
