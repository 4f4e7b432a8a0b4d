"""Steps and orders: nothing lost, nothing repeated, the same every time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laras.batches.pack import best_fit, by_length, group_by_tokens, plan_steps, spread
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


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("extra", [0, 40])
@pytest.mark.parametrize("budget", [1, 300, 1000, 10**9])
def test_groups_by_length_hold_everything_longest_first_within_the_budget(
    budget: int, extra: int, padded: bool
) -> None:
    groups = by_length(LENGTHS, budget, padded=padded, extra=extra)
    flat = [place for group in groups for place in group]
    assert sorted(flat) == list(range(len(LENGTHS)))
    assert [LENGTHS[place] for place in flat] == sorted(LENGTHS, reverse=True)

    def size(places: list[int]) -> int:
        lengths = [LENGTHS[place] + extra for place in places]
        return max(lengths) * len(lengths) if padded else sum(lengths)

    assert all(size(group) <= budget or len(group) == 1 for group in groups)
    for group, following in pairwise(groups):
        assert size([*group, following[0]]) > budget, "there was room for one more"


def test_groups_by_length_hold_at_most_so_many() -> None:
    assert [len(group) for group in by_length([5] * 7, 100, at_most=3)] == [3, 3, 1]
    assert [len(group) for group in by_length([5] * 7, 10, at_most=3)] == [2, 2, 2, 1]
    assert by_length([], 10) == []


def test_equal_lengths_keep_their_order() -> None:
    assert by_length([4, 9, 4, 9], 8) == [[1], [3], [0, 2]]


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 600))
def test_best_fit_holds_each_once_within_the_budget_longest_first(
    lengths: list[int], budget: int
) -> None:
    groups = best_fit(lengths, budget)
    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    for group in groups:
        assert sum(lengths[place] for place in group) <= budget or len(group) == 1
        assert [lengths[p] for p in group] == sorted((lengths[p] for p in group), reverse=True)
    assert best_fit(lengths, budget) == groups


@given(st.lists(st.integers(1, 100), min_size=1, max_size=60), st.integers(100, 600))
def test_best_fit_needs_no_more_groups_than_its_bound(lengths: list[int], budget: int) -> None:
    fewest = -(-sum(lengths) // budget)
    groups = best_fit(lengths, budget)
    # 11/9 of the optimum and one is proved; the optimum is at least what the sum needs, and twice
    # that is at most what any way needs that never leaves two groups fit for each other.
    assert len(groups) <= max(1, 2 * fewest)
    sizes = sorted(sum(lengths[place] for place in group) for group in groups)
    assert len(sizes) < 2 or sizes[0] + sizes[1] > budget, "two groups would have fitted in one"


def test_best_fit_fills_gaps_that_neighbours_leave() -> None:
    assert best_fit([60, 50, 40, 50], 100) == [[0, 2], [1, 3]]
    assert len(group_by_tokens([0, 1, 2, 3], [60, 50, 40, 50], 100)) == 3


def test_the_curriculum_goes_from_short_to_long_in_the_first_epoch_only() -> None:
    steps = plan_steps(LENGTHS, 500, 2.0, seed=3, max_steps=None, curriculum="length")
    plain = plan_steps(LENGTHS, 500, 2.0, seed=3, max_steps=None)
    first = [index for step in steps if step.epoch == 0 for index in step.examples]
    assert sorted(first) == list(range(len(LENGTHS)))
    assert [LENGTHS[index] for index in first] == sorted(LENGTHS)
    assert [s for s in steps if s.epoch == 1] == [s for s in plain if s.epoch == 1]
    assert steps == plan_steps(LENGTHS, 500, 2.0, seed=3, max_steps=None, curriculum="length")


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 9))
def test_each_place_is_in_one_part_and_parts_are_about_equal(
    lengths: list[int], parts: int
) -> None:
    found = spread(lengths, parts)
    assert len(found) == parts
    assert sorted(place for part in found for place in part) == list(range(len(lengths)))
    assert sum(not part for part in found) == max(0, parts - len(lengths))
    tokens = [sum(lengths[place] for place in part) for part in found]
    # Whoever has most got its last place when it had the least.
    assert max(tokens) - min(tokens) <= max(lengths, default=0)
    assert spread(lengths, parts) == found


def test_one_part_is_everything_in_order() -> None:
    assert spread([3, 9, 1], 1) == [[0, 1, 2]]
