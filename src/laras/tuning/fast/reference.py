"""The elementwise steps of a decoder in plain torch: what the C kernels must equal.

They run where no C kernel does (GPU, float16, no compiler), and are the oracle of the tests. The
mathematics is float32 inside (float64 for float64), with one rounding at the end. Outputs that are
named as arguments are written, never read. No autograd: each step has its backward beside it.

Legend: T tokens, C channels, H heads, D channels of a head, R rotated channels, I inner channels,
B batch (sequences x key heads), Q query rows, K keys, V vocabulary.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_GELU_CUBIC = 0.044715


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def add_norm(
    residual: Tensor,
    delta: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    eps: float,
    centred: bool,
    offset: float,
    out: Tensor,
) -> tuple[Tensor, Tensor | None, Tensor]:
    """total = residual + delta; out = (total - mean) rstd (offset + weight) + bias.

    All (T, C), ``weight`` and ``bias`` (C,). ``centred``: layer norm (Ba et al. 2016), else RMS
    norm (Zhang and Sennrich 2019) without mean. Returns total (``residual`` itself where there is
    no ``delta``), mean (T,) or None, and rstd (T,).
    """
    total = residual if delta is None else (_wide(residual) + _wide(delta)).to(residual.dtype)
    deviation = _wide(total)
    mean = deviation.mean(-1) if centred else None
    if mean is not None:
        deviation = deviation - mean[:, None]
    rstd = torch.rsqrt(deviation.square().mean(-1) + eps)
    normed = deviation * rstd[:, None] * (offset + weight)
    out.copy_(normed if bias is None else normed + bias)
    return total, mean, rstd


def add_norm_backward(
    d_out: Tensor,
    d_total: Tensor | None,
    total: Tensor,
    weight: Tensor,
    mean: Tensor | None,
    rstd: Tensor,
    centred: bool,
    offset: float,
    delta_dtype: torch.dtype | None,
    needs_weight: bool,
    needs_bias: bool,
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """Returns d_residual (T, C) of ``total``'s dtype, the same in ``delta_dtype`` (d_residual
    itself where that is the same dtype), d_weight (C,) and d_bias (C,).

    ``d_total`` is the gradient that reaches ``total`` past the norm.
    """
    slope = _wide(d_out)
    deviation = _wide(total) if mean is None else _wide(total) - mean[:, None]
    normed = deviation * rstd[:, None]
    d_normed = slope * (offset + weight)
    gradient = d_normed - normed * (d_normed * normed).mean(-1, keepdim=True)
    if centred:
        gradient = gradient - d_normed.mean(-1, keepdim=True)
    gradient = gradient * rstd[:, None]
    if d_total is not None:
        gradient = gradient + d_total
    d_residual = gradient.to(total.dtype)
    return (
        d_residual,
        None if delta_dtype is None else _same_numbers(d_residual, gradient, delta_dtype),
        (slope * normed).sum(0) if needs_weight else None,
        slope.sum(0) if needs_bias else None,
    )


def _same_numbers(rounded: Tensor, exact: Tensor, dtype: torch.dtype) -> Tensor:
    return rounded if rounded.dtype == dtype else exact.to(dtype)


def rotate_(x: Tensor, cos: Tensor, sin: Tensor, inverse: bool, interleaved: bool) -> None:
    """Rotary positions (Su et al. 2021) in place: the first R channels of ``x`` (T, H, D).

    ``cos``, ``sin`` (T, R/2) turn the pairs (i, i + R/2), or (2i, 2i+1) where ``interleaved``;
    ``inverse`` turns back, which is the backward pass.
    """
    half = cos.shape[-1]
    rotated = x[..., : 2 * half]
    if interleaved:
        first, second = rotated[..., 0::2], rotated[..., 1::2]
    else:
        first, second = rotated[..., :half], rotated[..., half:]
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


def gate(gate: Tensor, up: Tensor, activation: str, out: Tensor) -> None:
    """out = activation(gate) * up, all (T, I)."""
    out.copy_(_activation(_wide(gate), activation)[0] * _wide(up))


def gate_backward(
    d_out: Tensor, gate: Tensor, up: Tensor, activation: str, d_gate: Tensor, d_up: Tensor
) -> None:
    """Writes ``d_gate`` and ``d_up`` (T, I)."""
    value, slope = _activation(_wide(gate), activation)
    d_wide = _wide(d_out)
    from_gate, from_up = d_wide * _wide(up) * slope, d_wide * value
    d_gate.copy_(from_gate)
    d_up.copy_(from_up)


def activate(x: Tensor, activation: str, out: Tensor) -> None:
    """out = activation(x), both (T, I)."""
    out.copy_(_activation(_wide(x), activation)[0])


def activate_backward(d_out: Tensor, x: Tensor, activation: str, d_x: Tensor) -> None:
    """Writes ``d_x`` (T, I)."""
    d_x.copy_(_wide(d_out) * _activation(_wide(x), activation)[1])


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


def cross_entropy_(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    softcap: float | None,
    with_gradient: bool,
) -> Tensor:
    """Negative log-likelihood (n,) of ``labels`` (n,) under ``logits`` (n, V), not weighted.

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


def row_dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum of a x b over the last dimension: (N, D), (N, D) -> (N,)."""
    return (_wide(a) * _wide(b)).sum(-1)
