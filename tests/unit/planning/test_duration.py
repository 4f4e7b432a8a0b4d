"""Time from a few steps: what each costs, what is beside them, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from laras.batches.pack import Step
from laras.planning.duration import (
    Band,
    Besides,
    checkpoints_in,
    step_cost,
    step_work,
    training_seconds,
    validations_in,
)
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection


def chosen(**settings: object) -> Hyperparameters:
    section = TuningSection.model_validate(settings)
    return resolve(section, Contender(kind="full", name="full"), 10)[0]


def test_the_work_of_a_step_is_its_tokens_and_what_they_look_back_on() -> None:
    steps = [Step(0, (0, 1)), Step(0, (2,))]
    assert step_work(steps, [10, 20, 30], 100.0).tolist() == [30 + 5, 30 + 9]
    # Where blocks are wide, attention is little beside their products.
    assert step_work(steps, [10, 20, 30], 1e9) == pytest.approx([30, 30])
    assert step_work([Step(0, ())], [], 100.0).tolist() == [0]


def test_base_and_rate_are_told_apart_where_steps_differ() -> None:
    work = [100.0, 200.0, 400.0, 800.0]
    cost = step_cost(work, [0.5 + 0.01 * each for each in work])
    assert cost.base_s == pytest.approx(0.5)
    assert cost.rate == pytest.approx(0.01)
    assert cost.seconds(np.array([1000.0]))[0] == pytest.approx(10.5)


def test_equal_steps_are_all_rate() -> None:
    cost = step_cost([100.0, 101.0, 99.0], [2.0, 2.1, 1.9])
    assert cost.base_s == 0
    assert cost.rate == pytest.approx(6 / 300)


def test_steps_that_differ_among_themselves_make_a_wider_band() -> None:
    calm, rough = (step_cost([100.0] * 4, took) for took in ([1, 1, 1, 1], [0.5, 1.5, 1, 1]))
    assert calm.uncertainty == pytest.approx(0.1)
    assert rough.uncertainty > 0.3
    single = step_cost([100.0], [1.0])
    assert single.uncertainty > 1


def test_a_training_is_its_steps_validations_and_checkpoints() -> None:
    besides = Besides(validation=3.0, keeping=0.5, checkpoint=2.0, taking=1.0, start=4.0)
    steps = np.full(100, 1.0)
    settings = chosen(checkpoint_every_steps=30)
    seconds = training_seconds(steps, besides, 40, settings)
    assert seconds == pytest.approx(100 + 3 * 3.5 + 3 * 2 + 1 + 4)


def test_validations_come_after_each_so_many_steps_and_at_the_end() -> None:
    assert [validations_in(steps, 40) for steps in (100, 80, 1)] == [3, 2, 1]


def test_checkpoints_come_by_the_clock_unless_steps_are_named() -> None:
    assert checkpoints_in(59.0, 100, chosen()) == 0
    assert checkpoints_in(200.0, 100, chosen()) == 3
    assert checkpoints_in(200.0, 100, chosen(checkpoint_every_steps=10)) == 10


def test_bands_add_up_side_by_side() -> None:
    both = Band.around(10.0, 0.25) + Band(1.0, 1.0, 1.0)
    assert (both.value, both.low, both.high) == (11.0, 9.0, 13.5)
