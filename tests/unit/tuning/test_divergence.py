"""What counts as a divergence, and what is only noise."""

from __future__ import annotations

import math
import random

import pytest

from laras.tuning.divergence import STEPS, DivergenceGuard


def seen(guard: DivergenceGuard, losses: list[float]) -> list[int]:
    """At which of ``losses`` it was told."""
    return [at for at, loss in enumerate(losses) if guard.seen(loss)]


def test_a_loss_far_above_its_level_for_long_is_told_once() -> None:
    guard = DivergenceGuard(stops=True)
    assert seen(guard, [2.0] * 20 + [9.0] * 30) == [20 + STEPS - 1]


def test_noise_single_batches_and_a_slow_rise_to_less_than_three_times_are_not() -> None:
    chance = random.Random(3)
    guard = DivergenceGuard(stops=True)
    assert seen(guard, [2.0 + chance.gauss(0.0, 0.5) for _step in range(500)]) == []
    assert seen(guard, [20.0, *[2.0] * 5] * 30) == []
    assert seen(guard, [2.0 + step / 200 for step in range(400)]) == []


def test_three_times_nearly_nothing_is_no_divergence() -> None:
    guard = DivergenceGuard(stops=True)
    assert seen(guard, [0.01] * 50 + [0.5] * 50) == []
    assert seen(guard, [1.5] * STEPS) == [STEPS - 1]


def test_a_loss_that_never_falls_far_is_measured_by_the_lowest_that_it_was() -> None:
    guard = DivergenceGuard(stops=True)
    climbing = [1.0 * 1.02**step for step in range(200)]
    (found,) = seen(guard, climbing)
    assert climbing[found] > 3.0


def test_what_is_not_finite_is_left_to_the_other_guard() -> None:
    guard = DivergenceGuard(stops=True)
    seen(guard, [2.0] * 5 + [9.0] * (STEPS - 1))
    assert seen(guard, [math.nan, math.inf]) == []
    assert seen(guard, [9.0]) == [0]


def test_its_state_decides_as_it_would_have_itself() -> None:
    losses = [2.0] * 20 + [9.0] * (STEPS + 3)
    for cut in range(1, len(losses)):
        first, second = DivergenceGuard(stops=True), DivergenceGuard(stops=True)
        before = seen(first, losses[:cut])
        second.load_state(first.state())
        assert [*before, *(cut + at for at in seen(second, losses[cut:]))] == [20 + STEPS - 1]


@pytest.mark.parametrize("stops", [True, False])
def test_checkpoints_wait_while_the_loss_is_high_only_where_it_would_stop(stops: bool) -> None:
    guard = DivergenceGuard(stops)
    seen(guard, [2.0] * 5)
    assert not guard.holds_checkpoints
    seen(guard, [9.0])
    assert guard.holds_checkpoints is stops
    seen(guard, [2.0])
    assert not guard.holds_checkpoints
