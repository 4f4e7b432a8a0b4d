"""Frozen weights in fewer bits: in FP8, or by bitsandbytes in NF4 or INT8; two products each.

A weight W (N, K) that is not trained is needed for ``x W'`` on the way forward and for ``g W`` on
the way back, never for a gradient of its own. Both products use the same rounded weight, so what
is computed backwards is the gradient of what ran forwards; in FP8 up to the rounding of what it is
multiplied with.

Shapes: T tokens, K inputs, N outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import torch

from laras.models.quantised import dequantised

_E4M3_MAX = 448.0  # largest number of torch.float8_e4m3fn
_FLOAT8_MULTIPLE = 16  # what the FP8 product asks of K and N
_HOPPER = (9, 0)


class FrozenMatrix(Protocol):
    """A weight (N, K) that is read only through its products."""

    def times(self, inputs: torch.Tensor) -> torch.Tensor:
        """(T, K) -> (T, N), in the dtype of ``inputs``; rows may be wider than K in memory."""

    def times_transposed(self, gradient: torch.Tensor) -> torch.Tensor:
        """(T, N) -> (T, K), in the dtype of ``gradient``."""

    def plain(self) -> torch.Tensor:
        """The weight (N, K) that the products use, in float32."""


class Float8Matrix:
    """e4m3 numbers with one scale per output row; inputs and gradients are rounded row by row.

    A weight w of a row whose largest is m becomes w' with |w - w'| <= max(|w| / 16, m / 2**18.8):
    three bits of mantissa, and below 2**-6 / 448 of m equal steps of 2**-9.

    Hopper's FP8 instructions read both operands along the dimension that is summed over, so the
    product of the way back needs a transposed copy. It is kept: with it the weight takes two bytes,
    no less than bfloat16, but half of the FLOPs of a step with frozen weights lie on the way back,
    and at thousands of tokens a step is bound by these. Scales of rows can't be taken out of a sum
    over rows; they are multiplied into the gradient before that is rounded. e4m3 serves gradients
    too, as in torchao's row-wise recipe: with a scale per row they need no e5m2. Sums are kept in
    the tensor cores' short accumulator (``use_fast_accum``): the kernels that promote are far
    slower for row-wise scales (pytorch/ao PR 1325), and its error is below that of three bits.
    """

    @staticmethod
    def fits(weight: torch.Tensor) -> bool:
        """Whether the product takes a weight of this shape, on any device."""
        return all(size % _FLOAT8_MULTIPLE == 0 for size in weight.shape)

    @classmethod
    def of_base(cls, weight: torch.Tensor) -> Float8Matrix:
        """Of a base model's weight, rounded to bfloat16 before: in training, in judging and in
        merging the same eight bits, whatever the precision there."""
        return cls(weight.to(torch.bfloat16))

    def __init__(self, weight: torch.Tensor) -> None:
        self._values, self._scale = quantise_rows(weight.detach())
        self._across: torch.Tensor | None = None
        if multiplies_float8(weight.device):
            self._across = self._values.t().contiguous()
        self._ones = torch.ones(1, weight.shape[1], device=weight.device)

    def times(self, inputs: torch.Tensor) -> torch.Tensor:
        rounded, scale = _fused(quantise_rows, inputs)(inputs)
        return _product(rounded, self._values.t(), scale, self._scale.t(), inputs.dtype)

    def times_transposed(self, gradient: torch.Tensor) -> torch.Tensor:
        rounded, scale = _fused(quantise_scaled_rows, gradient)(gradient, self._scale.t())
        across = self._values if self._across is None else self._across.t()
        return _product(rounded, across, scale, self._ones, gradient.dtype)

    def plain(self) -> torch.Tensor:
        return self._values.float() * self._scale


def multiplies_float8(device: torch.device) -> bool:
    """Whether products of FP8 numbers with a scale per row run on ``device`` at full speed."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= _HOPPER


def quantise_rows(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, C) -> e4m3 (R, C) and float32 scales (R, 1); their product is nearest to ``rows``.

    NaN and infinity in a row make NaN of it, so that a guard sees them.
    """
    values = rows.float()
    most = values.abs().amax(dim=1, keepdim=True)
    scale = torch.where(most == 0, 1.0, most / _E4M3_MAX)
    return (values / scale).clamp(-_E4M3_MAX, _E4M3_MAX).to(torch.float8_e4m3fn), scale


def quantise_scaled_rows(
    rows: torch.Tensor, factors: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """:func:`quantise_rows` of ``rows * factors``, (R, C) and (1, C)."""
    return quantise_rows(rows.float() * factors)


def _product(
    left: torch.Tensor,
    right: torch.Tensor,
    left_scale: torch.Tensor,
    right_scale: torch.Tensor,
    dtype: torch.dtype,
) -> torch.Tensor:
    """(M, K) x (K, N) of e4m3 numbers, with scales (M, 1) and (1, N)."""
    if multiplies_float8(left.device):
        # torch 2.11 to 2.13 all have it; F.scaled_mm came later and says the same in more words.
        # The kernel writes bfloat16.
        out = torch._scaled_mm(
            left,
            right,
            scale_a=left_scale,
            scale_b=right_scale.contiguous(),
            out_dtype=torch.bfloat16,
            use_fast_accum=True,
        )
        return out.to(dtype)
    return ((left.float() @ right.float()) * left_scale * right_scale).to(dtype)


class Dequantised:
    """Layers of bitsandbytes (NF4 or INT8) with the same inputs, laid out for each product."""

    def __init__(self, layers: Sequence[torch.nn.Module]) -> None:
        self._layers = layers

    def times(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs @ self._laid_out(inputs.dtype).t()

    def times_transposed(self, gradient: torch.Tensor) -> torch.Tensor:
        return gradient @ self._laid_out(gradient.dtype)

    def plain(self) -> torch.Tensor:
        return self._laid_out(torch.float32)

    def _laid_out(self, dtype: torch.dtype) -> torch.Tensor:
        # Narrowed before they are joined: one layer at a time is there in float32.
        parts = [dequantised(layer).to(dtype) for layer in self._layers]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def _fused(function: Callable[..., Any], example: torch.Tensor) -> Callable[..., Any]:
    """``function`` as one kernel on a GPU: in steps, each of them would pass over memory."""
    return _compiled(function) if example.is_cuda else function


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compile(function, dynamic=True)
