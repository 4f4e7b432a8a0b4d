"""Cross-entropy of the vocabulary projection over trained positions, summed.

The logits of a chunk of positions are made, turned into losses and, in the same place, into
gradients, and used up before those of the next chunk are made: the full (n, V) logits never exist,
nor does a second copy of a chunk. The backward pass has nothing left to compute.

Shapes: n trained positions, C channels, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

from laras.kernels import elementwise

# Logits of a chunk: enough rows for full speed of the products, little beside a model's weights.
# Every chunk reads the whole matrix again, and adds to the whole gradient of it where it is
# trained; on a GPU chunks pay only with thousands of rows.
_CHUNK_BYTES = {"cpu": 128 * 1024 * 1024, "cuda": 1024 * 1024 * 1024}


def cross_entropy_sum(
    hidden: torch.Tensor,
    head: torch.nn.Module,
    labels: torch.Tensor,
    weights: torch.Tensor,
    matrix: torch.Tensor | None = None,
    softcap: float | None = None,
) -> torch.Tensor:
    """Sum of weight x negative log-likelihood (nats), a float32 scalar.

    ``hidden`` (n, C), ``head``: a linear layer without bias, ``labels`` (n,), ``weights`` (n,)
    float32. ``matrix`` (V, C): the head's weight in the dtype of the products, if it is kept in
    another; ``softcap``: logits become ``softcap * tanh(logits / softcap)``. With no position at
    all it is a zero that still has a gradient, so that a batch without labels changes nothing.
    """
    weight = head.weight
    assert isinstance(weight, torch.Tensor)
    if len(labels) == 0:
        return hidden.sum().float() * 0.0
    if matrix is None:
        matrix = weight.detach().to(_product_dtype(hidden))
    if not torch.is_grad_enabled():  # a parameter would count as wanting its gradient all the same
        weight = weight.detach()
    total: torch.Tensor = _VocabularyLoss.apply(hidden, weight, matrix, labels, weights, softcap)  # type: ignore[no-untyped-call]
    return total


@torch.no_grad()
def cross_entropy_each(
    hidden: torch.Tensor,
    head: torch.nn.Module,
    labels: torch.Tensor,
    matrix: torch.Tensor | None = None,
    softcap: float | None = None,
) -> torch.Tensor:
    """Negative log-likelihood (n,) float32 of each label; no gradient."""
    weight = head.weight
    assert isinstance(weight, torch.Tensor)
    matrix = weight.detach().to(_product_dtype(hidden)) if matrix is None else matrix
    losses = [
        elementwise.cross_entropy_(
            F.linear(hidden[part].to(matrix.dtype), matrix),
            labels[part],
            torch.ones(part.stop - part.start, device=hidden.device),
            softcap,
            False,
        )
        for part in _chunks(len(labels), matrix)
    ]
    return torch.cat(losses) if losses else hidden.new_zeros(0, dtype=torch.float32)


class _VocabularyLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        matrix: torch.Tensor,
        labels: torch.Tensor,
        weights: torch.Tensor,
        softcap: float | None,
    ) -> torch.Tensor:
        rows = hidden.to(matrix.dtype)
        wants_hidden, wants_weight = ctx.needs_input_grad[:2]
        d_hidden = torch.empty_like(rows) if wants_hidden else None
        d_weight = None
        # Weights are shares of a step, some 1e-4: in float16 gradients so small would be zeros.
        factor = weights.amax() if matrix.dtype == torch.float16 else None
        scaled = weights if factor is None else weights / factor
        total = torch.zeros((), device=hidden.device)
        for part in _chunks(len(labels), matrix):
            logits = F.linear(rows[part], matrix)
            losses = elementwise.cross_entropy_(
                logits, labels[part], scaled[part], softcap, wants_hidden or wants_weight
            )
            total += (losses * weights[part]).sum()
            if d_hidden is not None:
                torch.mm(logits, matrix, out=d_hidden[part])
            if wants_weight:
                own = (logits.t() @ rows[part]).to(weight.dtype)
                d_weight = own if d_weight is None else d_weight.add_(own)
        ctx.save_for_backward(d_hidden, d_weight, factor)
        ctx.dtype = hidden.dtype
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        d_hidden, d_weight, factor = ctx.saved_tensors
        gradient = gradient if factor is None else gradient * factor
        if gradient.device.type == "cuda" or float(gradient) != 1.0:
            # The loop asks for a gradient of one; a pass over a large vocabulary is spared then.
            d_hidden = None if d_hidden is None else (d_hidden * gradient).to(d_hidden.dtype)
            d_weight = None if d_weight is None else d_weight.mul_(gradient)
        d_hidden = None if d_hidden is None else d_hidden.to(ctx.dtype)
        return d_hidden, d_weight, None, None, None, None


def _product_dtype(hidden: torch.Tensor) -> torch.dtype:
    kind = hidden.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype


def _chunks(count: int, matrix: torch.Tensor) -> list[slice]:
    """Slices of equal size, a multiple of 16 rows: a small last one would cost as much as a large
    one, and other numbers of rows cost more (``engine/decoder.py``)."""
    bytes_at_once = _CHUNK_BYTES.get(matrix.device.type, _CHUNK_BYTES["cpu"])
    most = max(1, bytes_at_once // (matrix.shape[0] * matrix.element_size()))
    size = -(-count // -(-count // most)) if count else 1
    size = -(-size // 16) * 16
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
