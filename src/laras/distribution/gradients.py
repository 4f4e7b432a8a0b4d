"""The size of a gradient."""

from __future__ import annotations

from collections.abc import Iterable

import torch


def norm_of(parameters: Iterable[torch.nn.Parameter]) -> torch.Tensor:
    """The 2-norm of the gradients of ``parameters`` as one vector, a scalar; not finite if any of
    them is not."""
    return torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
