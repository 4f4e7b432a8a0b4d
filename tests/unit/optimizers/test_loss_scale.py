"""How float16's loss scale goes up and down."""

from __future__ import annotations

import torch

from laras.optimizers.loss_scale import LossScale


def test_the_scale_grows_after_many_steps_that_fit_and_is_kept_in_checkpoints() -> None:
    scale = LossScale(torch.float16)
    assert scale.overflowed()
    for _step in range(1_999):
        scale.fitted()
    other = LossScale(torch.float16)
    other.load_state(scale.state())
    assert other.value == 2.0**15
    other.fitted()
    assert other.value == 2.0**16


def test_only_float16_is_scaled() -> None:
    scale = LossScale(torch.bfloat16)
    for _step in range(5_000):
        scale.fitted()
    assert scale.value == 1.0
    assert not scale.overflowed()
