"""Attention for transformers' own modules over packed rows, registered under the name ``laras``.

A packed row holds N examples end to end. Building the (T, T) mask that keeps them apart costs
more than the attention itself, so none is built: on a GPU a variable-length kernel takes the
borders (``attention_cuda.py``), elsewhere examples are worked on in buckets (``packing.py``,
``attention_cpu.py``). Models reach it through transformers' public AttentionInterface.

Shapes: T tokens in the row, H query heads, K key and value heads, D channels of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from transformers import AttentionInterface

from laras.kernels.attention_cpu import Scores, attention_backward, attention_forward
from laras.kernels.attention_cuda import variable_length_attention
from laras.kernels.packing import Packing

ATTENTION_NAME = "laras"


class UnsupportedByPacking(RuntimeError):
    """This model's attention can't run on packed rows; the padded path is right for it."""


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
    if unused.get("s_aux") is not None:
        raise UnsupportedByPacking("attention with sinks")
    window = (
        None if sliding_window is None or sliding_window >= packing.max_seqlen else sliding_window
    )
    if sliding_window is not None:
        packing.windows.add(sliding_window)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    # Norms of queries and keys may have left these in float32 beside values in half precision.
    by_token = (tensor[0].transpose(0, 1).to(value.dtype) for tensor in (query, key, value))
    queries, keys, values = by_token
    if query.device.type == "cuda":
        if dropout:  # forward.py takes the padded way for such a model
            raise UnsupportedByPacking("attention dropout on a GPU")
        out = variable_length_attention(
            queries, keys, values, packing.cu_seqlens, packing.max_seqlen, scale, window, softcap
        )
        return out[None], None
    # Drawn from torch's own state, so that a resumed run draws the same.
    seed = int(torch.randint(2**31, ())) if dropout else 0
    scores = Scores(scale, window, softcap, dropout, seed)
    mixed: torch.Tensor = _Attention.apply(queries, keys, values, packing, scores)  # type: ignore[no-untyped-call]
    return mixed[None], None


class _Attention(torch.autograd.Function):
    """(T, H, D), (T, K, D), (T, K, D) -> (T, H, D) on a processor."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        packing: Packing,
        scores: Scores,
    ) -> torch.Tensor:
        out = query.new_empty(*query.shape[:2], value.shape[-1])
        groups = key.shape[1]
        with torch.autocast("cpu", enabled=False):  # it would round the scores
            sums = attention_forward(
                _grouped(query, groups), key, value, _grouped(out, groups), packing, scores
            )
        ctx.save_for_backward(query, key, value, out, *sums)
        ctx.facts = packing, scores
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        packing, scores = ctx.facts
        query, key, value, out, *sums = ctx.saved_tensors
        make = torch.zeros_like if packing.shared else torch.empty_like
        d_query, d_key, d_value = make(query), make(key), make(value)
        groups = key.shape[1]
        attention_backward(
            _grouped(query, groups),
            key,
            value,
            _grouped(out, groups),
            _grouped(d_out, groups),
            sums,
            _grouped(d_query, groups),
            d_key,
            d_value,
            packing,
            scores,
        )
        return d_query, d_key, d_value, None, None


def _grouped(rows: torch.Tensor, groups: int) -> torch.Tensor:
    """(T, H, D) -> (T, G, Q, D): query heads by the key head that they share, a view."""
    return rows.view(len(rows), groups, -1, rows.shape[-1])


AttentionInterface.register(ATTENTION_NAME, packed_attention)
