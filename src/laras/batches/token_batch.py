"""The one shape that everything downstream of the tokenizer takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from laras.batches.encoded import EncodedExample

__all__ = ["IGNORED", "EncodedExample", "TokenBatch", "collate"]

IGNORED = -100  # label of a position that is not trained on


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """One row of T tokens without padding: N examples end to end.

    ``input_ids`` (T,) int64; ``position_ids`` (T,) int64, from 0 in each example;
    ``labels`` (T,) int64: the id that follows this position *within its example*, or -100 where
    that token is not trained on (always so at the last position of an example);
    ``weights`` (T,) float32: what the loss at this position counts;
    ``cu_seqlens`` (N + 1,) int32: where examples begin, and T; ``max_seqlen``: the longest;
    ``example_ids``: N names, for guards and reports.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    cu_seqlens: torch.Tensor
    max_seqlen: int
    example_ids: tuple[str, ...]

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.input_ids)

    @property
    def trained_tokens(self) -> int:
        """How many positions have a label."""
        return int((self.labels != IGNORED).sum())

    def to(self, device: torch.device) -> TokenBatch:
        """The same batch on ``device``."""
        return TokenBatch(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.labels.to(device),
            self.weights.to(device),
            self.cu_seqlens.to(device),
            self.max_seqlen,
            self.example_ids,
        )


def collate(examples: list[EncodedExample]) -> TokenBatch:
    """Lay examples end to end. Labels are the next token's id, never across two examples."""
    lengths = [len(example) for example in examples]
    cu_seqlens = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    total = int(cu_seqlens[-1])
    input_ids = np.empty(total, dtype=np.int64)
    position_ids = np.empty(total, dtype=np.int64)
    labels = np.full(total, IGNORED, dtype=np.int64)
    weights = np.zeros(total, dtype=np.float32)
    for example, start in zip(examples, cu_seqlens[:-1], strict=True):
        end = start + len(example)
        input_ids[start:end] = example.input_ids
        position_ids[start:end] = np.arange(len(example))
        follows = example.trained[1:]
        labels[start : end - 1][follows] = example.input_ids[1:][follows]
        weights[start : end - 1][follows] = example.weight
    return TokenBatch(
        torch.from_numpy(input_ids),
        torch.from_numpy(position_ids),
        torch.from_numpy(labels),
        torch.from_numpy(weights),
        torch.from_numpy(cu_seqlens),
        max(lengths),
        tuple(example.example_id for example in examples),
    )
