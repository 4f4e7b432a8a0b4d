"""Causal attention of packed rows on a GPU: each example sees itself, and no mask is ever stored.

torch's variable-length kernel takes the borders of the examples directly. What it can't do (a soft
cap, float32, odd channels, an old GPU) goes through flex attention: its block mask says for each
pair of 128 x 128 tiles whether nothing, something or everything is seen, and it is worked out from
the borders alone, since examples lie in order; no (T, T) mask is made on the way.

Shapes: T tokens of the row, N examples, H query heads, K key and value heads, D channels of a head.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention.flex_attention import BlockMask, flex_attention

_TILE = 128  # flex attention's own default
_LEAST_TOKENS = 1024  # shorter rows are padded to it
_KERNEL_DTYPES = (torch.bfloat16, torch.float16)
_KERNEL_CHANNELS = 256  # most that FlashAttention 2 takes; it also asks for a multiple of 8
_AMPERE = (8, 0)


def variable_length_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seqlens: torch.Tensor,
    max_seqlen: int,
    scale: float,
    window: int | None = None,
    softcap: float | None = None,
) -> torch.Tensor:
    """(T, H, D), (T, K, D), (T, K, D) -> (T, H, D), with gradients; any strides but the last.

    ``cu_seqlens`` (N + 1,) int32, on the device of the rest; ``window``: so many keys are seen, the
    query's own position included; ``softcap``: scores become ``cap * tanh(score * scale / cap)``.
    Nothing here waits for the device. On a processor flex attention runs without gradients: it is
    there for the tests.
    """
    if softcap is None and _has_kernel(query):
        return _by_kernel(query, key, value, cu_seqlens, max_seqlen, scale, window)
    tokens = len(query)
    behind = _rounded_up(tokens) - tokens
    heads = [F.pad(rows, (0, 0, 0, 0, 0, behind)).transpose(0, 1) for rows in (query, key, value)]
    out = _flex(query.is_cuda)(
        *(rows[None] for rows in heads),
        score_mod=_soft_cap(softcap),
        block_mask=document_mask(cu_seqlens, tokens, window),
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(out, torch.Tensor)
    return out[0, :, :tokens].transpose(0, 1)


def describe(query: torch.Tensor, softcap: float | None = None) -> str:
    """Which of the two is taken for rows like ``query``: ``varlen`` or ``flex``."""
    return "varlen" if softcap is None and _has_kernel(query) else "flex"


def _has_kernel(query: torch.Tensor) -> bool:
    channels = query.shape[-1]
    return (
        query.is_cuda
        and query.dtype in _KERNEL_DTYPES
        and channels % 8 == 0
        and channels <= _KERNEL_CHANNELS
        and torch.cuda.get_device_capability(query.device) >= _AMPERE
        and {"scale", "window_size"} <= _kernel_arguments()
    )


@cache
def _kernel_arguments() -> frozenset[str]:
    """What this torch's kernel can be told. Its signature grew: 2.10 has no scale and no window,
    2.12 asks to be told of grouped heads, which 2.11 takes as they are."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return frozenset()
    return frozenset(inspect.signature(varlen_attn).parameters)


def _by_kernel(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seqlens: torch.Tensor,
    max_seqlen: int,
    scale: float,
    window: int | None,
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    # So many keys to the left of the query's own, none to its right; -1: no limit.
    left = -1 if window is None or window >= max_seqlen else window - 1
    told: dict[str, Any] = {"scale": scale, "window_size": (left, 0)}
    if "enable_gqa" in _kernel_arguments():
        told["enable_gqa"] = query.shape[1] != key.shape[1]
    out = varlen_attn(query, key, value, cu_seqlens, cu_seqlens, max_seqlen, max_seqlen, **told)
    assert isinstance(out, torch.Tensor)
    return out


def _rounded_up(tokens: int) -> int:
    """The next power of two. Rows differ in length from step to step, and flex attention compiles
    reliably for fixed lengths only (with symbolic ones torch 2.13 fails on a soft cap); so there
    are few of them. Tiles of padding are not seen, and cost no products."""
    return max(_LEAST_TOKENS, 1 << (tokens - 1).bit_length())


# Every layer asks for the same mask, or for one of two where windows alternate. Tensors are told
# apart by identity, and a batch's borders never change.
@lru_cache(maxsize=4)
def document_mask(cu_seqlens: torch.Tensor, tokens: int, window: int | None) -> BlockMask:
    """The block mask of a packed row, made of the borders of tiles and examples only. It is of the
    row's length rounded up; what lies behind ``tokens`` neither sees nor is seen."""
    device, length = cu_seqlens.device, _rounded_up(tokens)
    position = torch.arange(length, device=device)
    document = torch.bucketize(position, cu_seqlens[1:], right=True)
    # Tensors, not numbers: another number would be compiled again. Filled on the device, because
    # a copy from the host would wait for it.
    width = torch.full((), length if window is None else window, device=device)
    real = torch.full((), tokens, device=device)

    def seen(
        batch: torch.Tensor, head: torch.Tensor, query: torch.Tensor, key: torch.Tensor
    ) -> torch.Tensor:
        near = (key <= query) & (query - key < width) & (query < real)
        return near & (document[query] == document[key])

    first = torch.arange(0, length, _TILE, device=device)  # positions where tiles begin and end
    last = first + _TILE - 1
    begins, ends = document[first], document[last.clamp(max=tokens - 1)]
    below = first[:, None] > first[None, :]
    some = (below | (first[:, None] == first[None, :])) & (first[:, None] < tokens)
    some &= (ends[None, :] >= begins[:, None]) & (first[:, None] - last[None, :] < width)
    # Examples lie in order: if the first key and the last query are of one, so is all between.
    every = below & (ends[:, None] == begins[None, :]) & (last[:, None] < tokens)
    every &= last[:, None] - first[None, :] < width
    return BlockMask.from_kv_blocks(
        *_ordered(some & ~every),
        *_ordered(every),
        BLOCK_SIZE=_TILE,
        mask_mod=seen,
        seq_lengths=(length, length),
    )


def _ordered(tiles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Tiles (n, n) -> how many per row (1, 1, n), and which, these first (1, 1, n, n)."""
    found = tiles.to(torch.int32)
    order = found.argsort(dim=-1, descending=True, stable=True)
    return found.sum(-1, dtype=torch.int32)[None, None], order.to(torch.int32)[None, None]


@cache
def _flex(compiled: bool) -> Callable[..., Any]:
    if not compiled:
        eager: Callable[..., Any] = flex_attention
        return eager
    return torch.compile(flex_attention, dynamic=False)


@cache  # one function per cap: another object would be compiled again
def _soft_cap(softcap: float | None) -> Callable[..., torch.Tensor] | None:
    if softcap is None:
        return None

    def capped(
        score: torch.Tensor,
        batch: torch.Tensor,
        head: torch.Tensor,
        query: torch.Tensor,
        key: torch.Tensor,
    ) -> torch.Tensor:
        return softcap * torch.tanh(score / softcap)

    return capped
