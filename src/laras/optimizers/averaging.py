"""An exponential moving average of the trained weights: what is validated and saved instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

_PREFIX = "average//"  # stands before the names of averages in a checkpoint


class WeightAverage:
    """Averages (float32, like the weights) that follow ``parameters``; training never reads them.

    The model's validation loss is that of the averages, so they are what early stopping and the
    best weights go by. Without ``decay`` there are none, and every method does nothing.
    """

    def __init__(
        self,
        parameters: Mapping[str, torch.nn.Parameter],
        decay: float | None,
        changed: Callable[[], None],
    ) -> None:
        """``changed`` is called whenever weights and averages have changed places."""
        self._decay = decay
        self._parameters = parameters if decay is not None else {}
        self._averages = {name: p.detach().clone() for name, p in self._parameters.items()}
        self._changed = changed

    def update(self, step: int) -> None:
        """Take in the weights after ``step`` (from 1).

        The decay rises to what was asked for as (1 + step) / (10 + step), so that the weights that
        training began from don't linger (as in TensorFlow's ExponentialMovingAverage).
        """
        if self._decay is not None:
            decay = min(self._decay, (1 + step) / (10 + step))
            get_ema_multi_avg_fn(decay)(  # type: ignore[no-untyped-call]
                list(self._averages.values()), list(self._parameters.values()), None
            )

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While it lasts, the model's parameters hold the averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        # By copies, one tensor at a time: others may hold on to the parameters' memory.
        for name, parameter in self._parameters.items():
            weight = parameter.clone()
            parameter.copy_(self._averages[name])
            self._averages[name].copy_(weight)
        if self._parameters:
            self._changed()

    def state(self) -> dict[str, torch.Tensor]:
        """The averages, under names that no parameter has."""
        return {_PREFIX + name: average for name, average in self._averages.items()}

    def load_state(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Put back what :meth:`state` gave."""
        for name, average in self._averages.items():
            average.copy_(tensors[_PREFIX + name])

    def adopt(self) -> None:
        """Make the averages the model's weights for good."""
        self._swap()
