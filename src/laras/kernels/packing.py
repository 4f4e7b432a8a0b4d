"""Where the examples of a packed row lie, and which of them are worked on together.

On a processor attention runs bucket by bucket: examples of similar length side by side,
right-padded to the longest of them. Causal attention never lets a real query see a key to its
right, so the padding needs no mask. A long example is a bucket of its own and is read where it
lies; so is each group of suffixes behind one shared prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import torch

from laras.batches.token_batch import TokenBatch

_PADDING_TOLERATED = 1.25  # a bucket's padded size over its real size; more costs more than a call


@dataclass(frozen=True, slots=True)
class Bucket:
    """B examples, padded to length L; P keys of a shared prefix stand before each.

    ``start``: where a single example without a prefix begins in the row, else None, and then
    ``source`` (B * L,) is where each cell is read from (padding reads the row's first token and
    is never used), ``cells`` are the real cells, and ``destination`` their places in the row.
    ``prefix``: place of the shared prefix in the row.
    """

    examples: int
    length: int
    start: int | None
    source: torch.Tensor
    cells: torch.Tensor
    destination: torch.Tensor
    prefix: slice | None = None

    @property
    def prefix_length(self) -> int:
        """P."""
        return 0 if self.prefix is None else int(self.prefix.stop - self.prefix.start)

    def read(self, rows: torch.Tensor) -> torch.Tensor:
        """(T, ...) -> (B, L, ...)."""
        if self.start is not None:
            return rows[self.start : self.start + self.length][None]
        picked = rows.index_select(0, self.source)
        return picked.view(self.examples, self.length, *rows.shape[1:])

    def read_gradient(self, rows: torch.Tensor) -> torch.Tensor:
        """As :meth:`read`, with zeros for padding, so that padding has no gradient."""
        if self.start is not None or len(self.cells) == self.examples * self.length:
            return self.read(rows)
        shape = (self.examples * self.length, *rows.shape[1:])
        padded = torch.zeros(shape, dtype=rows.dtype, device=rows.device)
        padded[self.cells] = rows.index_select(0, self.destination)
        return padded.view(self.examples, self.length, *rows.shape[1:])

    def write(self, rows: torch.Tensor, values: torch.Tensor, add: bool = False) -> None:
        """Put (B, L, ...) back to its places in (T, ...)."""
        if self.start is not None:
            place = rows[self.start : self.start + self.length]
            place.add_(values[0]) if add else place.copy_(values[0])
            return
        real = values.flatten(0, 1).to(rows.dtype)
        if len(self.cells) != len(real):
            real = real.index_select(0, self.cells)
        rows.index_add_(0, self.destination, real) if add else rows.index_copy_(
            0, self.destination, real
        )


@dataclass(frozen=True)
class Packing:
    """The examples of a row; made once per batch, used by every layer.

    ``segments`` (S, 4) int32 on the host, longest first: start, length, start and length of the
    prefix; None on a GPU. ``windows``: those that a model has asked for, for who wants to know.
    ``shared``: some examples begin with a prefix that stands in the row once.
    """

    cu_seqlens: torch.Tensor
    max_seqlen: int
    segments: torch.Tensor | None = None
    shared: bool = False
    windows: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, batch: TokenBatch) -> Packing:
        """The packing of ``batch``."""
        segments = batch.segments
        if batch.input_ids.device.type == "cuda":
            if segments is not None:
                raise ValueError("shared prefixes are for processors")
            return cls(batch.cu_seqlens, batch.max_seqlen)
        if segments is None:
            starts = batch.cu_seqlens.tolist()
            rows = [[start, end - start, 0, 0] for start, end in pairwise(starts)]
        else:
            rows = segments.tolist()
        rows.sort(key=lambda row: -row[1])
        table = torch.tensor(rows, dtype=torch.int32).reshape(-1, 4)
        return cls(batch.cu_seqlens, batch.max_seqlen, table, batch.segments is not None)

    @cached_property
    def buckets(self) -> tuple[Bucket, ...]:
        """The segments by prefix and by length. Attention in C needs none."""
        assert self.segments is not None
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for start, length, prefix_start, prefix_length in self.segments.tolist():
            key = (prefix_start, prefix_length) if prefix_length else (0, 0)
            groups.setdefault(key, []).append((length, start))
        device = self.cu_seqlens.device
        return tuple(
            _bucket(members, slice(first, first + size) if size else None, device)
            for (first, size), spans in groups.items()
            for members in _similar(spans)
        )


def _similar(spans: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """(length, start) pairs, longest first; one joins a bucket while its padding stays small."""
    buckets: list[list[tuple[int, int]]] = []
    for length, start in sorted(spans, reverse=True):
        if buckets:
            padded = buckets[-1][0][0] * (len(buckets[-1]) + 1)
            real = sum(member[0] for member in buckets[-1]) + length
            if padded <= _PADDING_TOLERATED * real:
                buckets[-1].append((length, start))
                continue
        buckets.append([(length, start)])
    return buckets


def _bucket(members: list[tuple[int, int]], prefix: slice | None, device: torch.device) -> Bucket:
    length, start = members[0]
    if len(members) == 1:
        own = torch.arange(length, device=device)
        return Bucket(1, length, start, own + start, own, own + start, prefix)
    lengths = torch.tensor([member[0] for member in members])[:, None]
    first = torch.tensor([member[1] for member in members])[:, None]
    column = torch.arange(length)[None, :]
    real = column < lengths
    source = torch.where(real, first + column, 0)
    return Bucket(
        examples=len(members),
        length=length,
        start=None,
        source=source.reshape(-1).to(device),
        cells=real.reshape(-1).nonzero().squeeze(1).to(device),
        destination=source[real].to(device),
        prefix=prefix,
    )
