"""The learning rate's course."""

from __future__ import annotations

import pytest

from laras.optimizers.schedule import learning_rate_factor


def course(schedule: str, steps: int = 100, warmup: float = 0.1) -> list[float]:
    return [learning_rate_factor(step, steps, warmup, schedule) for step in range(steps)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "wsd"])
def test_warm_up_rises_to_the_peak_and_learns_from_the_first_step(schedule: str) -> None:
    factors = course(schedule)
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == pytest.approx(1.0)
    assert max(factors) == pytest.approx(1.0)


def test_cosine_is_at_half_in_the_middle_and_near_zero_at_the_end() -> None:
    factors = course("cosine")
    assert factors[55] == pytest.approx(0.5)
    assert factors[-1] < 0.001


def test_linear_falls_evenly() -> None:
    factors = course("linear")
    assert factors[10] - factors[11] == pytest.approx(1 / 90)


def test_a_run_of_one_step_learns() -> None:
    for schedule in ("cosine", "linear", "constant", "wsd"):
        assert learning_rate_factor(0, 1, 0.05, schedule) == 1.0


def test_wsd_stays_and_falls_to_zero_in_its_last_share_as_one_minus_a_root() -> None:
    factors = [learning_rate_factor(step, 100, 0.1, "wsd", 0.25) for step in range(100)]
    assert factors[10:76] == [1.0] * 66
    assert factors[80] == pytest.approx(1 - (5 / 25) ** 0.5)
    assert factors[75:] == sorted(factors[75:], reverse=True)
    assert 0 < factors[-1] < 0.03


def test_a_longer_wsd_has_the_same_beginning() -> None:
    short = [learning_rate_factor(step, 100, 10 / 100, "wsd", 0.2) for step in range(80)]
    long = [learning_rate_factor(step, 400, 10 / 400, "wsd", 0.2) for step in range(80)]
    assert short == long


def test_wsd_without_a_decay_is_constant() -> None:
    assert learning_rate_factor(99, 100, 0.1, "wsd", 0.0) == 1.0
