"""The states of all random generators that a training may draw from, as tensors."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import torch

_NO_SPARE = float("nan")  # no second normal number is kept for later


def random_states() -> dict[str, torch.Tensor]:
    """Of torch on every kind of device, numpy and Python itself: dropout and noise draw from torch,
    what a model of another package draws from is not ours to know."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    _version, words, spare = random.getstate()
    states["python"] = torch.tensor(words, dtype=torch.int64)
    states["python-spare"] = _spare(spare)
    numbers = np.random.get_state(legacy=False)
    assert isinstance(numbers, dict)
    place = [numbers["state"]["pos"], numbers["has_gauss"]]
    words = [*numbers["state"]["key"].tolist(), *place]
    states["numpy"] = torch.tensor(words, dtype=torch.int64)
    states["numpy-spare"] = _spare(numbers["gauss"])
    return states


def restore_random_states(states: Mapping[str, torch.Tensor]) -> None:
    """Put the random states back to what :func:`random_states` found."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
    if "python" in states:
        spare = float(states["python-spare"])
        words = tuple(int(word) for word in states["python"].tolist())
        random.setstate((3, words, None if spare != spare else spare))
    if "numpy" in states:
        *key, position, has_spare = states["numpy"].tolist()
        np.random.set_state(
            {
                "bit_generator": "MT19937",
                "state": {"key": np.array(key, dtype=np.uint32), "pos": position},
                "has_gauss": has_spare,
                "gauss": float(states["numpy-spare"]),
            }
        )


def _spare(number: float | None) -> torch.Tensor:
    return torch.tensor(_NO_SPARE if number is None else number, dtype=torch.float64)
