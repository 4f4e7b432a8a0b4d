"""The steps of a decoder between its products: in plain torch here, in C in ``elementwise.c``.

What stands here defines a step, runs where C does not (GPU, float16, no compiler), and is the
oracle of the tests; :func:`backends.kernel` hands the work over to C. The mathematics is float32
inside (float64 for float64), with one rounding at the end. No autograd: each step has its backward
beside it.

Tensors that are named as outputs are written, never read; a gradient may be written over the tensor
that it is the gradient of. Rows may lie further apart than they are long, so that slices of wider
buffers are read and written in place. Results are the same for any number of threads.
``LARAS_KERNELS=torch`` in the environment switches C off.

Legend: T tokens, C channels, H heads, D channels of a head, R half of the rotated channels, I inner
channels, B batch (sequences x key heads), Q query rows, K keys, N rows, V vocabulary.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from laras.kernels.backends import backend as backend
from laras.kernels.backends import description as description
from laras.kernels.backends import kernel

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_GELU_CUBIC = 0.044715


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


@kernel("f32[T,C] [T,C]? f32[C] f32[C]? float float f32[T,C] f32[T]? f32[T] [T,C]")
def add_norm(
    residual: Tensor,
    delta: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    eps: float,
    offset: float,
    total: Tensor,
    mean: Tensor | None,
    rstd: Tensor,
    out: Tensor,
) -> None:
    """total = residual + delta; out = (total - mean) rstd (offset + weight) + bias.

    ``mean`` and ``rstd`` (T,) are written, too: with ``mean`` it is layer norm (Ba et al. 2016),
    else RMS norm (Zhang and Sennrich 2019). Without ``delta``, ``total`` is ``residual`` itself.
    """
    if delta is not None:
        total.copy_(_wide(residual) + _wide(delta))
    deviation = _wide(total)
    if mean is not None:
        deviation = deviation - mean.copy_(deviation.mean(-1))[:, None]
    rstd.copy_(torch.rsqrt(deviation.square().mean(-1) + eps))
    normed = deviation * rstd[:, None] * (offset + weight)
    out.copy_(normed if bias is None else normed + bias)


@kernel("[T,C] f32[T,C]? f32[T,C] f32[C] f32[T]? f32[T] float f32[T,C] [T,C]? f32[C]? f32[C]?")
def add_norm_backward(
    d_out: Tensor,
    d_total: Tensor | None,
    total: Tensor,
    weight: Tensor,
    mean: Tensor | None,
    rstd: Tensor,
    offset: float,
    d_residual: Tensor,
    d_delta: Tensor | None,
    d_weight: Tensor | None,
    d_bias: Tensor | None,
) -> None:
    """Writes ``d_residual`` (T, C), the same in the dtype of ``d_delta``, ``d_weight``, ``d_bias``.

    ``d_total`` is the gradient that reaches ``total`` past the norm.
    """
    slope = _wide(d_out)
    deviation = _wide(total) if mean is None else _wide(total) - mean[:, None]
    normed = deviation * rstd[:, None]
    d_normed = slope * (offset + weight)
    gradient = d_normed - normed * (d_normed * normed).mean(-1, keepdim=True)
    if mean is not None:
        gradient = gradient - d_normed.mean(-1, keepdim=True)
    gradient = gradient * rstd[:, None]
    if d_total is not None:
        gradient = gradient + d_total
    d_residual.copy_(gradient)
    if d_delta is not None:
        d_delta.copy_(gradient)
    if d_weight is not None:
        d_weight.copy_((slope * normed).sum(0))
    if d_bias is not None:
        d_bias.copy_(slope.sum(0))


@kernel("[T,H,D] f32[T,R] f32[T,R] int")
def rotate_(x: Tensor, cos: Tensor, sin: Tensor, inverse: bool) -> None:
    """Rotary positions (Su et al. 2021) in place: ``cos``, ``sin`` (T, R) turn the pairs (i, i + R)
    of the first 2 R channels of ``x`` (T, H, D); ``inverse`` turns back, as the backward pass does.
    """
    first, second = x[..., : 2 * cos.shape[-1]].chunk(2, dim=-1)
    cos, sin = cos[:, None], (-sin if inverse else sin)[:, None]
    a, b = _wide(first), _wide(second)
    turned = a * cos - b * sin, b * cos + a * sin
    first.copy_(turned[0])
    second.copy_(turned[1])


def _activation(x: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Value and slope. ``gelu`` and ``gelu_tanh``: Hendrycks and Gimpel 2016; ``relu2``: the
    square of relu (So et al. 2021)."""
    if name == "silu":
        sigmoid = torch.sigmoid(x)
        return x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))
    if name == "gelu":
        share = 0.5 * torch.special.erfc(-x * _SQRT_HALF)
        density = torch.exp(-0.5 * x * x) * (0.5 * _SQRT_2_OVER_PI)
        return x * share, share + x * density
    if name == "gelu_tanh":
        # 0.5 (1 + tanh u) = sigmoid(2u), which loses no digits where tanh u is near -1.
        share = torch.sigmoid(2 * _SQRT_2_OVER_PI * (x + _GELU_CUBIC * x * x * x))
        inner = 2 * _SQRT_2_OVER_PI * (1 + 3 * _GELU_CUBIC * x * x)
        return x * share, share + x * share * (1 - share) * inner
    if name == "relu":
        return x.relu(), (x > 0).to(x.dtype)
    if name == "relu2":
        return x.relu().square(), 2 * x.relu()
    raise ValueError(f"no such activation: {name}")


@kernel("[T,I] [T,I]? activation [T,I]")
def gate(gate: Tensor, up: Tensor | None, activation: str, out: Tensor) -> None:
    """out = activation(gate) * up, all (T, I); without ``up``, activation(gate)."""
    value, _slope = _activation(_wide(gate), activation)
    out.copy_(value if up is None else value * _wide(up))


@kernel("[T,I] [T,I] [T,I]? activation [T,I] [T,I]?")
def gate_backward(
    d_out: Tensor,
    gate: Tensor,
    up: Tensor | None,
    activation: str,
    d_gate: Tensor,
    d_up: Tensor | None,
) -> None:
    """Writes ``d_gate`` and, if given, ``d_up`` (T, I)."""
    value, slope = _activation(_wide(gate), activation)
    d_wide = _wide(d_out)
    d_gate.copy_(d_wide * slope if up is None else d_wide * _wide(up) * slope)
    if d_up is not None:
        d_up.copy_(d_wide * value)


def _seen_scores(
    scores: Tensor,
    queries: int,
    first_query: int,
    scale: float,
    window: int | None,
    softcap: float | None,
) -> tuple[Tensor, Tensor]:
    """Scores (B, Q, K) scaled and capped, -inf where a key is not seen; and what is seen (Q, K)."""
    rows = torch.arange(scores.shape[1], device=scores.device)
    key = torch.arange(scores.shape[2], device=scores.device)
    position = (first_query + rows % queries)[:, None]
    seen = key <= position
    if window is not None:
        seen = seen & (key > position - window)
    scaled = scores * scale
    if softcap is not None:
        scaled = softcap * torch.tanh(scaled / softcap)
    return scaled.masked_fill(~seen, -math.inf), seen


@kernel("f32[B,Q,K] int int float int? float? [B,Q,K] -> f32[B,Q]")
def causal_softmax(
    scores: Tensor,
    queries: int,
    first_query: int,
    scale: float,
    window: int | None,
    softcap: float | None,
    out: Tensor,
) -> Tensor:
    """out = softmax of the seen scores, 0 elsewhere; returns logsumexp (B, Q) float32.

    Row r of ``scores`` (B, Q, K) is query r % ``queries``, at key position ``first_query`` + that:
    it sees the keys up to itself, the last ``window`` of them where there is one. What is not seen
    is never read. ``scale`` > 0; ``softcap``: s -> softcap tanh(s / softcap) (Gemma 2).
    """
    scaled, seen = _seen_scores(scores, queries, first_query, scale, window, softcap)
    lse = torch.logsumexp(scaled, dim=-1)
    out.copy_(torch.exp(scaled - lse[..., None]).masked_fill(~seen, 0.0))
    return lse


@kernel("f32[B,Q,K] f32[B,Q,K] f32[B,Q] f32[B,Q] int int float int? float? [B,Q,K] [B,Q,K]")
def causal_softmax_backward(
    scores: Tensor,
    d_probabilities: Tensor,
    lse: Tensor,
    delta: Tensor,
    queries: int,
    first_query: int,
    scale: float,
    window: int | None,
    softcap: float | None,
    probabilities: Tensor,
    d_scores: Tensor,
) -> None:
    """Writes ``probabilities`` again and ``d_scores`` (B, Q, K), 0 where not seen.

    ``delta`` (B, Q) is the sum of d_probabilities x probabilities of a row, which equals the dot
    product of the attention's output and its gradient (Dao et al. 2022).
    """
    scaled, seen = _seen_scores(scores, queries, first_query, scale, window, softcap)
    p = torch.exp(scaled - lse[..., None])
    slope = p * (d_probabilities - delta[..., None]) * scale
    if softcap is not None:
        slope = slope * (1 - (scaled / softcap).square())
    probabilities.copy_(p.masked_fill(~seen, 0.0))
    d_scores.copy_(slope.masked_fill(~seen, 0.0))


@kernel("[N,V] i64[N] f32[N] float? int -> f32[N]")
def cross_entropy_(
    logits: Tensor, labels: Tensor, weights: Tensor, softcap: float | None, with_gradient: bool
) -> Tensor:
    """Negative log-likelihood (N,) of ``labels`` (N,) under ``logits`` (N, V), not weighted.

    ``with_gradient``: the logits are overwritten by weight x (softmax - one at the label).
    """
    scores = _wide(logits)
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    lse = torch.logsumexp(scores, dim=-1)
    losses = lse - scores.gather(1, labels[:, None])[:, 0]
    if with_gradient:
        gradient = torch.exp(scores - lse[:, None])
        gradient.scatter_add_(1, labels[:, None], gradient.new_full((len(labels), 1), -1.0))
        gradient = gradient * weights[:, None]
        if softcap is not None:
            gradient = gradient * (1 - (scores / softcap).square())
        logits.copy_(gradient)
    return losses


@kernel("[N,D] [N,D] -> f32[N]")
def row_dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum of a x b over the last dimension: (N, D), (N, D) -> (N,)."""
    return (_wide(a) * _wide(b)).sum(-1)
