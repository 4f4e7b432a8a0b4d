"""Causal attention over packed rows, without a mask and without padding outside attention.

A packed row holds N examples end to end. Building the (T, T) mask that keeps them apart costs
more than the attention itself, so none is built. In half precision on a GPU the variable-length
kernel takes the borders directly. Everywhere else, examples of similar length are laid side by
side, right-padded to the longest of their bucket: causal attention never lets a real query see a
key to its right, so the padding needs no mask, and every bucket is one call of the flash kernel.

Registered under the name ``laras`` through transformers' public AttentionInterface.

Shapes: T tokens in the row, H query heads, K key/value heads, D channels of a head,
B examples in a bucket, L length of the bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AttentionInterface

from laras.batches.token_batch import TokenBatch

ATTENTION_NAME = "laras"
_PADDING_TOLERATED = 1.25  # a bucket's padded size over its real size; more costs more than a call


@dataclass(frozen=True, slots=True)
class Bucket:
    """Examples of similar length. ``source`` (B * L,): where each cell is read from in the row
    (padding reads token 0 and is never used); ``cells``: the cells that are real, and
    ``destination``: the row position of each of them."""

    examples: int
    length: int
    source: torch.Tensor
    cells: torch.Tensor
    destination: torch.Tensor


@dataclass(frozen=True, slots=True)
class Packing:
    """Where the examples of a row lie; made once per batch, used by every layer.

    ``order`` (T,): the place of each token of the row among the buckets' real cells.
    """

    cu_seqlens: torch.Tensor
    max_seqlen: int
    buckets: tuple[Bucket, ...]
    order: torch.Tensor

    @classmethod
    def of(cls, batch: TokenBatch) -> Packing:
        """The packing of ``batch``, planned on the host."""
        buckets = _plan_buckets(batch.cu_seqlens.tolist(), batch.input_ids.device)
        # Every token of the row is in exactly one bucket, so this is a permutation, not a sum.
        order = torch.cat([bucket.destination for bucket in buckets]).argsort()
        return cls(batch.cu_seqlens, batch.max_seqlen, buckets, order)


def _plan_buckets(starts: list[int], device: torch.device) -> tuple[Bucket, ...]:
    """Longest first; an example joins the bucket while the bucket's padding stays small."""
    spans = sorted(((end - start, start) for start, end in pairwise(starts)), reverse=True)
    buckets: list[Bucket] = []
    members: list[tuple[int, int]] = []
    for length, start in spans:
        if members:
            padded = members[0][0] * (len(members) + 1)
            real = sum(member[0] for member in members) + length
            if padded > _PADDING_TOLERATED * real:
                buckets.append(_bucket(members, device))
                members = []
        members.append((length, start))
    if members:
        buckets.append(_bucket(members, device))
    return tuple(buckets)


def _bucket(members: list[tuple[int, int]], device: torch.device) -> Bucket:
    length = members[0][0]
    lengths = torch.tensor([member[0] for member in members])[:, None]
    first = torch.tensor([member[1] for member in members])[:, None]
    column = torch.arange(length)[None, :]
    real = column < lengths
    source = torch.where(real, first + column, 0)
    return Bucket(
        examples=len(members),
        length=length,
        source=source.reshape(-1).to(device),
        cells=real.reshape(-1).nonzero().squeeze(1).to(device),
        destination=source[real].to(device),
    )


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    packing: Packing | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **unused: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of each example to itself: (1, H, T, D), (1, K, T, D) x 2 -> (1, T, H, D).

    transformers hands every attention function more keywords than it needs, hence ``unused``.
    What would change the result is refused, so that no model is trained on a wrong mask: the
    caller then takes the padded path.
    """
    if packing is None:
        raise UnsupportedByPacking("this model does not hand the packing down to its attention")
    if sliding_window is not None and sliding_window < packing.max_seqlen:
        raise UnsupportedByPacking("a sliding window shorter than the examples")
    if softcap is not None or unused.get("s_aux") is not None:
        raise UnsupportedByPacking("attention with a soft cap or sinks")
    # The variable-length kernel knows half precision only; norms of queries and keys may have
    # left these in float32 beside values in bfloat16.
    if query.device.type == "cuda" and value.dtype in (torch.bfloat16, torch.float16):
        query, key = query.to(value.dtype), key.to(value.dtype)
        return _variable_length(query, key, value, packing, scaling), None
    return _bucketed(query, key, value, packing, scaling, dropout), None


class UnsupportedByPacking(RuntimeError):
    """This model's attention can't run on packed rows; the padded path is right for it."""


def _bucketed(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    packing: Packing,
    scaling: float | None,
    dropout: float,
) -> torch.Tensor:
    _, heads, tokens, _ = query.shape
    parts = []
    grouped = key.shape[1] != heads
    # (T, heads, D): gathering whole tokens then reads memory in order.
    rows = [tensor[0].transpose(0, 1) for tensor in (query, key, value)]
    for bucket in packing.buckets:
        q, k, v = (
            row.index_select(0, bucket.source)
            .view(bucket.examples, bucket.length, row.shape[1], row.shape[2])
            .transpose(1, 2)
            for row in rows
        )
        out = F.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scaling, dropout_p=dropout, enable_gqa=grouped
        )
        flat = out.transpose(1, 2).reshape(-1, heads, value.shape[-1])
        parts.append(flat.index_select(0, bucket.cells))
    return torch.cat(parts).index_select(0, packing.order).view(1, tokens, heads, -1)


def _variable_length(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    packing: Packing,
    scaling: float | None,
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    q, k, v = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    out = varlen_attn(
        q,
        k,
        v,
        packing.cu_seqlens,
        packing.cu_seqlens,
        packing.max_seqlen,
        packing.max_seqlen,
        scale=scaling,
        window_size=(-1, 0),  # causal
        enable_gqa=k.shape[1] != q.shape[1],
    )
    assert isinstance(out, torch.Tensor)
    return out[None]


AttentionInterface.register(ATTENTION_NAME, packed_attention)
