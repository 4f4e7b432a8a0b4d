"""Lines that many documents of one source repeat: headers, footers, menus, notices.

Only the hashes of lines are gathered. A document that would lose much of its text keeps it:
it is then a copy of others, not a page with a footer, and that is for deduplication to judge.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from laras.preparation.steps import Step, batch_of

MINIMUM_DOCUMENTS = 5
DOCUMENT_SHARE = 0.3
LARGEST_CUT_SHARE = 0.4
_LONGEST_LINE = 300
_MOST_HELD = 1_000_000  # hashes of lines of one source
_FORGOTTEN_SHARE = 0.1  # far below DOCUMENT_SHARE: what is forgotten can hardly be repeated
_THREE_LETTERS = re.compile(r"(?:[^\W\d_][\W\d_]*+){3}")
_DIGITS = re.compile(r"\d+")

_LINES = pa.schema([("text_hash", pa.uint64()), ("lines", pa.list_(pa.uint64()))])
_WITHOUT = pa.schema([("text", pa.large_string()), ("cut_lines", pa.list_(pa.string()))])


def _candidates(text: str) -> Iterator[tuple[int, str, int | None]]:
    """Each line with its index, and its hash where it may be boilerplate.

    Headings, table rows, code and lines that introduce something repeat for good reasons.
    """
    in_code = False
    for index, line in enumerate(text.split("\n")):
        bare = line.strip()
        fence = bare.startswith("```")
        structural = in_code or fence or bare.startswith(("#", "|", "**")) or bare.endswith(":")
        in_code ^= fence
        if structural or len(bare) > _LONGEST_LINE or not _THREE_LETTERS.search(bare):
            yield index, line, None
        else:
            shape = _DIGITS.sub("0", " ".join(bare.casefold().split()))
            yield index, line, xxhash.xxh3_64_intdigest(shape.encode())


def _hash_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch.column("text").to_pylist()
    lines = [sorted({h for _i, _l, h in _candidates(text) if h is not None}) for text in texts]
    hashes = [xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    return batch_of(_LINES, {"text_hash": list(hashes), "lines": list(lines)})


HASH_LINES = Step("hash-lines", 1, ("text",), _LINES, _hash_lines)


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


def repeated_lines(table: pa.Table) -> dict[str, frozenset[int]]:
    """:func:`repeated_among` for a table that is held in memory."""
    return repeated_among(lambda: portions_of(table))


def without_lines(text: str, hashes: frozenset[int]) -> tuple[str, list[str]]:
    """``text`` without its repeated lines, and those lines; unchanged if too much would go."""
    lines = list(_candidates(text))
    cut = [line.strip() for _index, line, line_hash in lines if line_hash in hashes]
    if not cut or sum(map(len, cut)) > LARGEST_CUT_SHARE * len(text):
        return text, []
    kept = "\n".join(line for _index, line, line_hash in lines if line_hash not in hashes)
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n"), cut


def drop_repeated_lines(repeated: Mapping[str, frozenset[int]]) -> Step:
    """The step that drops the lines found by :func:`repeated_lines`."""

    def function(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts: list[object] = []
        cuts: list[object] = []
        rows = zip(*(batch.column(n).to_pylist() for n in ("text", "source")), strict=True)
        for text, source in rows:
            shorter, cut = without_lines(text, repeated.get(source, frozenset()))
            texts.append(shorter)
            cuts.append(cut)
        return batch_of(_WITHOUT, {"text": texts, "cut_lines": cuts})

    return Step("drop-repeated-lines", 1, ("text", "source"), _WITHOUT, function)
