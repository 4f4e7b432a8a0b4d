"""The steps between the products of a block, each with its gradient in one pass over memory.

The residual stream is float32 on a processor, as autocast keeps it; what goes into products is in
the products' dtype. Adding to the stream and normalising it is one step, because both read the same
row. Outputs of a step have ``room`` columns behind them for the adapter of the product that reads
them (see ``projection.py``).

Shapes: T tokens, C channels, I inner channels of the feed-forward part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from laras.engine.functions import run
from laras.kernels import elementwise


@dataclass(frozen=True, slots=True)
class Norm:
    """RMS norm (Zhang & Sennrich 2019) or, ``centred``, layer norm (Ba et al. 2016), reading its
    parameters from a module. ``offset`` is added to the weight (1 in Gemma)."""

    module: torch.nn.Module
    epsilon: float
    centred: bool
    offset: float

    def __call__(
        self,
        residual: torch.Tensor,
        delta: torch.Tensor | None,
        dtype: torch.dtype,
        room: int = 0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """``residual`` (T, C) + ``delta`` (T, C) -> the sum (T, C), and the sum normalised in
        ``dtype`` (T, C + room)."""
        weight, bias = self.module.weight, getattr(self.module, "bias", None)
        total, normed = run(_AddNorm, residual, delta, weight, bias, self, dtype, room)
        return total, normed


class _AddNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        residual: torch.Tensor,
        delta: torch.Tensor | None,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        norm: Norm,
        dtype: torch.dtype,
        room: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        tokens, channels = residual.shape
        wide = residual.new_empty(tokens, channels + room, dtype=dtype)
        total = residual if delta is None else torch.empty_like(residual)
        rstd = residual.new_empty(tokens, dtype=_wide(residual))
        mean = torch.empty_like(rstd) if norm.centred else None
        shift = None if bias is None else bias.float()
        elementwise.add_norm(
            residual, delta, weight.float(), shift, norm.epsilon, norm.offset,
            total, mean, rstd, wide[:, :channels],
        )  # fmt: skip
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(total, weight, mean, rstd)
        ctx.facts = norm, None if delta is None else delta.dtype
        # An input that is returned as it is would need no step of its own; a view makes it one.
        return (total.view_as(total) if total is residual else total), wide

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, d_total: torch.Tensor | None, d_wide: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        total, weight, mean, rstd = ctx.saved_tensors
        norm, delta_dtype = ctx.facts
        wanted = ctx.needs_input_grad
        if d_wide is None:  # nobody reads the normalised rows
            d_delta = None if delta_dtype is None or d_total is None else d_total.to(delta_dtype)
            return d_total, d_delta, None, None, None, None, None
        d_residual, d_delta = torch.empty_like(total), None
        if wanted[1] and delta_dtype != total.dtype:
            d_delta = torch.empty_like(total, dtype=delta_dtype)
        d_weight = torch.empty_like(weight, dtype=_wide(weight)) if wanted[2] else None
        d_bias = torch.empty_like(weight, dtype=_wide(weight)) if wanted[3] else None
        elementwise.add_norm_backward(
            d_wide[:, : total.shape[1]], d_total, total, weight.float(), mean, rstd, norm.offset,
            d_residual, d_delta, d_weight, d_bias,
        )  # fmt: skip
        if wanted[1] and d_delta is None:
            d_delta = d_residual
        return (
            d_residual,
            d_delta,
            None if d_weight is None else d_weight.to(weight.dtype),
            None if d_bias is None else d_bias.to(weight.dtype),
            None,
            None,
            None,
        )


def _wide(like: torch.Tensor) -> torch.dtype:
    """Of statistics and sums over many numbers."""
    return torch.promote_types(like.dtype, torch.float32)


def gated(joined: torch.Tensor, activation: str, room: int) -> torch.Tensor:
    """activation(gate) * up: (T, 2 I), gate before up -> (T, I + room)."""
    result: torch.Tensor = run(_Activated, joined, True, activation, room)
    return result


def activated(inner: torch.Tensor, activation: str, room: int) -> torch.Tensor:
    """activation(inner): (T, I) -> (T, I + room)."""
    result: torch.Tensor = run(_Activated, inner, False, activation, room)
    return result


class _Activated(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inner: torch.Tensor, is_gated: bool, activation: str, room: int
    ) -> torch.Tensor:
        gate, up = _parts(inner, is_gated)
        wide = inner.new_empty(len(inner), gate.shape[1] + room)
        elementwise.gate(gate, up, activation, wide[:, : gate.shape[1]])
        ctx.save_for_backward(inner)
        ctx.facts = is_gated, activation
        return wide

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (inner,) = ctx.saved_tensors
        is_gated, activation = ctx.facts
        gate, up = _parts(inner, is_gated)
        d_inner = torch.empty_like(inner)
        d_gate, d_up = _parts(d_inner, is_gated)
        elementwise.gate_backward(gradient[:, : gate.shape[1]], gate, up, activation, d_gate, d_up)
        return d_inner, None, None, None


def _parts(inner: torch.Tensor, is_gated: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
    if not is_gated:
        return inner, None
    gate, up = inner.chunk(2, dim=1)
    return gate, up
