"""The rows of a finished split as the certificate sees them, streamed from its file."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from laras.preparation.examples import DEFAULT_INSTRUCTION
from laras.preparation.grams import distinct, grams_of
from laras.preparation.likeness import words
from laras.preparation.passages import Passages
from laras.records import Split, place_of

Numbers = npt.NDArray[np.uint64]

_BATCH_ROWS = 512
_GRAM = 5
_COLUMNS = ["example_id", "messages", "group", "label", "source", "spans"]
_MULTIPLIERS = np.random.default_rng(5).integers(1, 2**63, size=_GRAM, dtype=np.uint64) | np.uint64(
    1
)


@dataclass(frozen=True)
class Part:
    """Sorted hashes of the word 5-grams of a text: of all, and of what isn't boilerplate."""

    whole: Numbers
    own: Numbers


@dataclass(frozen=True)
class CheckedRow:
    """Row ``number`` of ``split``; ``digest`` is of its normalised text; ``parts`` is empty where
    none has five words."""

    split: Split
    number: int
    place: str
    group: str
    digest: bytes
    parts: tuple[Part, ...]
    has_boilerplate: bool

    @property
    def size(self) -> int:
        """How many 5-grams it has."""
        return sum(len(part.whole) for part in self.parts)


@dataclass(frozen=True)
class CheckedSplit:
    """The file of one split (EXAMPLE_SCHEMA)."""

    name: Split
    path: Path
    instructions: Mapping[str, str]
    passages: Passages

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(pq.read_metadata(self.path).num_rows)

    def __iter__(self) -> Iterator[CheckedRow]:
        for number, row in enumerate(self._rows()):
            texts = self._texts(row)
            found = [words(text) for text in texts]
            own = self._own_words(texts)
            long_enough = any(len(part) >= _GRAM for part in found)
            yield CheckedRow(
                self.name,
                number,
                _place(row),
                row["group"],
                _digest("\n".join(self._spoken(row))),
                tuple(map(_part, found, own)) if long_enough else (),
                any(runs is not None for runs in own),
            )

    def texts(self) -> Iterator[Sequence[str]]:
        """What is said in each row, in blocks."""
        block: list[str] = []
        for row in self._rows():
            block.append("\n".join(self._spoken(row)))
            if len(block) == _BATCH_ROWS:
                yield block
                block = []
        if block:
            yield block

    def places(self, rows: Sequence[int]) -> dict[int, str]:
        """Where ``rows`` come from."""
        wanted = set(rows)
        if not wanted:
            return {}
        return {
            n: _place(row)
            for n, row in enumerate(self._rows(["example_id", "spans"]))
            if n in wanted
        }

    def _rows(self, columns: Sequence[str] = _COLUMNS) -> Iterator[dict[str, Any]]:
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns)):
                yield from batch.to_pylist()

    def _kept(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Messages without the system's, without the label and without instructions."""
        instruction = self.instructions.get(row["source"])
        messages = [dict(message) for message in row["messages"]]
        if row["label"] is not None:
            messages = messages[:-1]
            instruction = instruction or DEFAULT_INSTRUCTION
        lead = f"{instruction}\n\n" if instruction else ""
        kept = [message for message in messages if message["role"] != "system"]
        for message in kept:
            if lead and message["content"].startswith(lead):
                message["content"] = message["content"][len(lead) :]
        return kept

    def _spoken(self, row: Mapping[str, Any]) -> list[str]:
        return [message["content"] for message in self._kept(row)]

    def _texts(self, row: Mapping[str, Any]) -> list[str]:
        """The texts that must each be alike: what is asked and what is answered."""
        kept = self._kept(row)
        answers = [message["content"] for message in kept if message["role"] == "assistant"]
        others = [message["content"] for message in kept if message["role"] != "assistant"]
        if row["label"] is not None or not answers:
            return ["\n".join(message["content"] for message in kept)]
        return ["\n".join(others), "\n".join(answers)]

    def _own_words(self, texts: Sequence[str]) -> list[list[tuple[int, int]] | None]:
        if not len(self.passages.common):
            return [None] * len(texts)
        return [self.passages.own_words(grams) for grams in grams_of(texts)]


def _part(found: list[str], own: list[tuple[int, int]] | None) -> Part:
    """Words become numbers, and each run of five the sum of them times fixed odd numbers."""
    numbers = np.fromiter(map(hash, found), dtype=np.int64, count=len(found)).view(np.uint64)
    if len(found) < _GRAM:
        alone = numbers.sum(dtype=np.uint64, keepdims=True) if found else numbers
        return Part(alone, alone)
    count = len(numbers) - _GRAM + 1
    runs = numbers[:count] * _MULTIPLIERS[0]
    for place in range(1, _GRAM):
        runs += numbers[place : place + count] * _MULTIPLIERS[place]
    whole = distinct(runs)
    if own is None:
        return Part(whole, whole)
    of_own = np.concatenate([runs[start : end - _GRAM + 1] for start, end in own])
    return Part(whole, distinct(of_own))


def _digest(text: str) -> bytes:
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    normal = " ".join(folded.split())
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _place(row: Mapping[str, Any]) -> str:
    span = next(iter(row["spans"] or ()), None)
    if span is None:
        return str(row["example_id"])
    return place_of(str(span["path"]), str(span["locator"] or ""))
