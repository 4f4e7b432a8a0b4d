"""Steps that have a gradient of their own, with it or without."""

from __future__ import annotations

from typing import Any

import torch


def run(step: type[torch.autograd.Function], *arguments: Any) -> Any:
    """``step.apply``; where no gradient can be asked for, the forward pass alone: a place in a
    graph costs some 10 us, as much as a short step takes when single tokens are read."""
    if torch.is_grad_enabled():
        return step.apply(*arguments)  # type: ignore[no-untyped-call]
    return step.forward(_NoGraph(), *arguments)


class _NoGraph:
    """What ``forward`` is given to keep things in, and nobody reads."""

    facts: Any
    projection: Any
    width: Any

    def save_for_backward(self, *_tensors: torch.Tensor | None) -> None:
        """Nothing is kept."""

    def set_materialize_grads(self, _value: bool) -> None:
        """There are none."""

    def mark_dirty(self, *_tensors: torch.Tensor) -> None:
        """No version is counted."""
