"""Cross-entropy of a vocabulary projection, summed; in chunks where full logits are large."""

from __future__ import annotations

import torch
import torch.nn.functional as F

# Above this size of the logits, the chunked kernel (gradients computed on the way) saves more
# than it costs; below it, the plain product is faster (measured on two CPU cores: a quarter).
_CHUNK_FROM_BYTES = 512 * 1024 * 1024


def cross_entropy_sum(
    hidden: torch.Tensor, head: torch.nn.Module, labels: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Sum of weight x negative log-likelihood, a float32 scalar.

    ``hidden`` (n, hidden), ``labels`` (n,), ``weights`` (n,). With no position at all it is a
    zero that still has a gradient, so that a batch without labels changes nothing.
    """
    if len(labels) == 0:
        return hidden.sum().float() * 0.0
    first = weights[0]
    if bool((weights == first).all()) and _is_large(hidden, head):
        return _chunked_sum(hidden, head, labels) * first
    return (cross_entropy_each(hidden, head, labels) * weights).sum()


def cross_entropy_each(
    hidden: torch.Tensor, head: torch.nn.Module, labels: torch.Tensor
) -> torch.Tensor:
    """Negative log-likelihood (n,) float32 of each label."""
    # The product may run in bfloat16 under autocast; the softmax never does.
    return F.cross_entropy(head(hidden).float(), labels, reduction="none")


def _is_large(hidden: torch.Tensor, head: torch.nn.Module) -> bool:
    weight = head.weight
    assert isinstance(weight, torch.Tensor)
    return len(hidden) * weight.shape[0] * 4 > _CHUNK_FROM_BYTES and hasattr(
        F, "linear_cross_entropy"
    )


def _chunked_sum(hidden: torch.Tensor, head: torch.nn.Module, labels: torch.Tensor) -> torch.Tensor:
    from torch.nn import LinearCrossEntropyOptions

    weight = head.weight
    assert isinstance(weight, torch.Tensor)
    total: torch.Tensor = F.linear_cross_entropy(
        hidden,
        weight.to(hidden.dtype),
        labels,
        reduction="sum",
        options=LinearCrossEntropyOptions(),
    )
    return total.float()
