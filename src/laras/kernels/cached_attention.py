"""Attention of new tokens to slots of a cache: in plain torch here, in C in ``cached_attention.c``.

A slot holds the key and the value of one position. A new token sees two runs of slots (what
several rows have in common, and what is its row's own) and then single ones (its ancestors in a
tree). No row is padded to the length of another, and nothing is copied when rows end.

Legend: N new tokens, S slots, G key heads, Q query heads of each, D channels of a head, F four,
A most single slots of a token.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from laras.kernels.backends import kernel


@kernel(
    "[N,G,Q,D] [S,G,D] [S,G,D] i64[N,F] i64[N,A] [N,G,Q,D]? f32[N,G,Q]? float int? float? [N,G,Q,D]"
)
def cached_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    spans: Tensor,
    single: Tensor,
    before: Tensor | None,
    log_sums: Tensor | None,
    scale: float,
    window: int | None,
    softcap: float | None,
    out: Tensor,
) -> None:
    """out (N, G, Q, D) = values of the slots seen, by the softmax of their scores; float32.

    ``spans`` (N, 4): start and length of the first run of slots, start and length of the second,
    which is not empty. ``single`` (N, A): more slots, -1 behind the last. All in the order of their
    positions, the token's own slot last; of these the last ``window`` are seen where there is one.
    ``softcap``: as in :func:`laras.kernels.elementwise.causal_softmax`.

    ``before`` (N, G, Q, D) and ``log_sums`` (N, G, Q): what attention to other slots has given, and
    the logarithm of its softmax's denominator (-inf: nothing); the result is that of attention to
    all of them. Not together with a window.
    """
    slots, seen = _listed(spans, single)
    if window is not None:
        seen = seen & (seen.flip(1).cumsum(1).flip(1) <= window)
    scores = torch.einsum("ngqd,nlgd->ngql", query, keys[slots]) * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    scores = scores.masked_fill(~seen[:, None, None], -math.inf)
    if log_sums is not None:
        scores = torch.cat([scores, log_sums[..., None]], dim=-1)
    shares = torch.softmax(scores, dim=-1)
    mixed = torch.einsum("ngql,nlgd->ngqd", shares[..., : slots.shape[1]], values[slots])
    if before is not None:
        mixed = mixed + shares[..., -1:] * before
    out.copy_(mixed)


def _listed(spans: Tensor, single: Tensor) -> tuple[Tensor, Tensor]:
    """Slots (N, L) in the order of their positions, and which of them are any (N, L); the others
    repeat one of the token's own row: what stands in a slot of nobody's may be NaN."""
    first, first_length, second, second_length = (part[:, None] for part in spans.unbind(1))
    place = torch.arange(int(spans[:, 1::2].sum(1).max()) + single.shape[1], device=spans.device)
    behind = place - first_length
    further = behind - second_length
    more = single.gather(1, further.clamp(0, max(0, single.shape[1] - 1))) if len(single.T) else -1
    slots = torch.where(behind < 0, first + place, torch.where(further < 0, second + behind, more))
    seen = (further < single.shape[1]) & (slots >= 0)
    return torch.where(seen, slots, second), seen
