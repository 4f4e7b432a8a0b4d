"""Steps and orders: nothing lost, nothing repeated, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from laras.batches.pack import group_by_tokens, plan_steps
from laras.batches.sampler import order

LENGTHS = [int(n) for n in np.random.default_rng(0).integers(2, 300, 211)]


def test_the_order_is_a_pure_function_of_seed_and_epoch() -> None:
    assert order(3, 5, 100).tolist() == order(3, 5, 100).tolist()
    assert order(3, 5, 100).tolist() != order(3, 6, 100).tolist()
    assert order(3, 5, 100).tolist() != order(4, 5, 100).tolist()
    assert sorted(order(3, 5, 100).tolist()) == list(range(100))


def test_every_epoch_sees_every_example_once() -> None:
    steps = plan_steps(LENGTHS, 1000, 3.0, seed=0, max_steps=None)
    for epoch in range(3):
        seen = [index for step in steps if step.epoch == epoch for index in step.examples]
        assert sorted(seen) == list(range(len(LENGTHS)))


def test_no_step_exceeds_its_tokens_unless_one_example_does() -> None:
    for step in plan_steps(LENGTHS, 250, 1.0, seed=1, max_steps=None):
        assert sum(LENGTHS[i] for i in step.examples) <= 250 or len(step.examples) == 1


def test_a_fraction_of_an_epoch_is_that_share_of_its_steps() -> None:
    whole = plan_steps(LENGTHS, 1000, 1.0, seed=0, max_steps=None)
    half = plan_steps(LENGTHS, 1000, 0.5, seed=0, max_steps=None)
    assert half == whole[: round(len(whole) / 2)]


def test_max_steps_cuts_the_plan() -> None:
    assert len(plan_steps(LENGTHS, 1000, 9.0, seed=0, max_steps=7)) == 7


@pytest.mark.parametrize("budget", [1, 50, 10_000])
def test_grouping_keeps_order_and_loses_nothing(budget: int) -> None:
    groups = group_by_tokens(range(len(LENGTHS)), LENGTHS, budget)
    assert [index for group in groups for index in group] == list(range(len(LENGTHS)))
