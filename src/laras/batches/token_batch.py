"""The one shape that everything downstream of the tokenizer takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from laras.batches.encoded import EncodedExample
from laras.batches.prefixes import Piece, pieces_of

__all__ = ["IGNORED", "EncodedExample", "TokenBatch", "collate"]

IGNORED = -100  # label of a position that is not trained on


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """One row of T tokens without padding: N examples end to end.

    ``input_ids`` (T,) int64; ``position_ids`` (T,) int64, from 0 in each example;
    ``labels`` (T,) int64: the id that follows this position *within its example*, or -100 where
    that token is not trained on (always so at the last position of a whole example);
    ``weights`` (T,) float32: what the loss at this position counts;
    ``selected`` (n,) int64: the positions with a label, in order;
    ``cu_seqlens`` (S + 1,) int32: where examples begin, and T; ``max_seqlen``: the longest example;
    ``example_ids``: N names, for guards and reports;
    ``source_tokens``: the tokens of the examples as they were given, before anything was left out.

    ``segments`` (S, 4) int32, or None where each example is one segment: (start, length,
    prefix_start, prefix_length) in the row. A segment's positions go on from its prefix, and its
    attention sees the prefix and then itself, causally. ``cu_seqlens`` then holds where segments
    begin. A prefix is a segment too, with a prefix_length of 0.

    ``hidden`` (T, C): the residual stream before block ``first_block``, where it is known.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    selected: torch.Tensor
    cu_seqlens: torch.Tensor
    max_seqlen: int
    example_ids: tuple[str, ...]
    source_tokens: int
    segments: torch.Tensor | None = None
    hidden: torch.Tensor | None = None
    first_block: int = 0

    @property
    def tokens(self) -> int:
        """T, the rows that are computed."""
        return len(self.input_ids)

    @property
    def trained_tokens(self) -> int:
        """How many positions have a label."""
        return len(self.selected)

    def scaled(self, weight: float) -> TokenBatch:
        """The same batch with its weights divided by ``weight``, in float64 before rounding."""
        return replace(self, weights=(self.weights.double() / weight).float())

    def filled(self, rows: int) -> TokenBatch:
        """The same batch with a last segment that nothing reads, so that T is ``rows``."""
        lacking = rows - self.tokens
        if not lacking:
            return self
        end = self.cu_seqlens[-1:]
        own = torch.arange(lacking, device=end.device)
        segments = self.segments
        if segments is not None:
            filler = torch.tensor([[self.tokens, lacking, self.tokens, 0]], dtype=torch.int32)
            segments = torch.cat([segments, filler.to(segments.device)])
        return replace(
            self,
            input_ids=F.pad(self.input_ids, (0, lacking)),
            position_ids=torch.cat([self.position_ids, own]),
            labels=F.pad(self.labels, (0, lacking), value=IGNORED),
            weights=F.pad(self.weights, (0, lacking)),
            cu_seqlens=torch.cat([self.cu_seqlens, end + lacking]),
            max_seqlen=max(self.max_seqlen, lacking),
            segments=segments,
            hidden=None if self.hidden is None else F.pad(self.hidden, (0, 0, 0, lacking)),
        )

    def to(self, device: torch.device) -> TokenBatch:
        """The same batch on ``device``; to a GPU from pinned memory, without waiting for it."""
        if device.type == "cpu":
            return self
        moved: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, torch.Tensor):
                if device.type == "cuda" and not value.is_cuda:
                    value = value.pin_memory()
                moved[field.name] = value.to(device, non_blocking=True)
        return replace(self, **moved)


def collate(
    examples: Sequence[EncodedExample], *, cut: bool = False, share_prefixes: bool = False
) -> TokenBatch:
    """Lay examples end to end. Labels are the next token's id, never across two examples.

    ``cut``: leave out what lies behind the last position with a label. A causal model's outputs
    before it do not depend on it, so labels and losses stay exact; the last token of an example is
    a label only and costs no row. One position of an example without labels is kept.

    ``share_prefixes``: compute a beginning that several examples share once
    (:mod:`laras.batches.prefixes`). The weights of a shared position are the sum of its examples'.
    """
    sizes = np.array([len(example) for example in examples], dtype=np.int64)
    begins = np.cumsum(sizes) - sizes
    ids = np.concatenate([example.input_ids for example in examples]).astype(np.int64)
    trained = np.concatenate([example.trained for example in examples])
    weights = np.concatenate(
        [
            np.broadcast_to(np.asarray(example.weight, dtype=np.float32), len(example))
            for example in examples
        ]
    )
    # Nothing comes before the first token of an example. What follows the last token of one is
    # the first of the next, so no label crosses the border either.
    trained[begins] = False
    follows = np.append(trained[1:], False)
    labels = np.where(follows, np.append(ids[1:], 0), IGNORED)
    weights = np.where(follows, np.append(weights[1:], np.float32(0.0)), np.float32(0.0))

    kept = sizes
    if cut:
        behind_label = np.where(follows, np.arange(1, len(ids) + 1), 0)
        kept = np.maximum(np.maximum.reduceat(behind_label, begins) - begins, 1)
    if share_prefixes:
        pieces = pieces_of([example.input_ids for example in examples], kept)
    else:
        pieces = [Piece((n,), 0, int(length)) for n, length in enumerate(kept)]

    # Where each row position is read from in the examples laid end to end.
    lengths = np.array([piece.length for piece in pieces], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    first = np.array([piece.first for piece in pieces], dtype=np.int64)
    origin = begins[[piece.members[0] for piece in pieces]] + first
    place = np.arange(lengths.sum())
    source = place + np.repeat(origin - starts, lengths)
    row_labels, row_weights = labels[source], weights[source]
    for piece, start in zip(pieces, starts, strict=True):
        for member in piece.members[1:]:
            there = slice(begins[member], begins[member] + piece.length)
            here = slice(start, start + piece.length)
            # What follows is the same token in all of them; each decides whether it is trained.
            np.maximum(row_labels[here], labels[there], out=row_labels[here])
            row_weights[here] += weights[there]
    segments = None
    if any(piece.prefix is not None for piece in pieces):
        rows = [
            (start, piece.length, start, 0)
            if piece.prefix is None
            else (start, piece.length, starts[piece.prefix], lengths[piece.prefix])
            for piece, start in zip(pieces, starts, strict=True)
        ]
        segments = torch.from_numpy(np.array(rows, dtype=np.int32))
    return TokenBatch(
        input_ids=torch.from_numpy(ids[source]),
        position_ids=torch.from_numpy(place + np.repeat(first - starts, lengths)),
        labels=torch.from_numpy(row_labels),
        weights=torch.from_numpy(row_weights),
        selected=torch.from_numpy(np.flatnonzero(row_labels != IGNORED)),
        cu_seqlens=torch.from_numpy(np.append(starts, len(source)).astype(np.int32)),
        max_seqlen=int((first + lengths).max()),
        example_ids=tuple(example.example_id for example in examples),
        source_tokens=int(sizes.sum()),
        segments=segments,
    )
