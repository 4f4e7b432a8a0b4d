"""Rotary positions alone, as they run before a GPU's attention kernel."""

from __future__ import annotations

import pytest
import torch

from laras.tuning.fast.attend import Heads, Rotation, _Rotate


@pytest.mark.parametrize("by_group", [False, True])
def test_the_gradient_is_turned_back_and_the_one_that_came_in_is_left_as_it_was(
    by_group: bool,
) -> None:
    torch.manual_seed(0)
    heads, angles = Heads(2, 2, 8, by_group), torch.randn(5, 3)
    rotation = Rotation(angles.cos(), angles.sin())
    rows = torch.randn(5, 64, requires_grad=True)
    turned = _Rotate.apply(rows.clone(), heads, rotation)
    given = torch.randn(5, 64)
    before = given.clone()
    (gradient,) = torch.autograd.grad(turned, rows, given)
    assert torch.equal(given, before)
    # Turning is orthogonal: products with a gradient are those of what is turned back.
    torch.testing.assert_close((turned * given).sum(), (rows * gradient).sum())
    assert not torch.equal(gradient, given)
