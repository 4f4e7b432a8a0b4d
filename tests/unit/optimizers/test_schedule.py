"""The learning rate's course."""

from __future__ import annotations

import pytest

from laras.optimizers.schedule import learning_rate_factor


def course(schedule: str, steps: int = 100, warmup: float = 0.1) -> list[float]:
    return [learning_rate_factor(step, steps, warmup, schedule) for step in range(steps)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
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
    for schedule in ("cosine", "linear", "constant"):
        assert learning_rate_factor(0, 1, 0.05, schedule) == 1.0
