"""Rows that are right or wrong have intervals and a test for themselves; where rows share groups
they do not."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy import stats

from laras.evaluation.bootstrap import Difference, interval, paired_difference
from laras.evaluation.metric import Statistics, ratio
from laras.evaluation.right_or_wrong import difference_limits, hits, mcnemar, share_limits


def rows(right: list[int]) -> Statistics:
    return Statistics(np.array([[float(one), 1.0] for one in right]), np.arange(len(right)), ratio)


def compared(first: Statistics, second: Statistics, groups: list[str]) -> Difference:
    return paired_difference(first, second, groups, samples=200, confidence=0.95, seed=0)


FIRST, SECOND = rows([0] * 9 + [1] * 11), rows([1] * 8 + [0] + [1] * 10 + [0])
ALONE = [f"g{at}" for at in range(20)]
IN_PAIRS = [f"g{at // 2}" for at in range(20)]


def test_the_mid_p_value_is_that_of_the_published_example() -> None:
    # Bentur et al. 2009 in Fagerland et al. 2013, table 1: one child one way, seven the other.
    assert mcnemar(1, 7) == pytest.approx(0.0391, abs=5e-5)
    assert mcnemar(7, 1) == mcnemar(1, 7)


@pytest.mark.parametrize(("one", "other"), [(0, 5), (3, 9), (4, 4), (40, 61), (490, 521)])
def test_it_is_the_sum_of_the_binomial_with_half_of_what_was_found(one: int, other: int) -> None:
    tosses = one + other
    chances = [comb(tosses, k) / 2**tosses for k in range(tosses + 1)]
    least = min(one, other)
    wanted = 1 - chances[one] / 2 if one == other else 2 * sum(chances[:least]) + chances[least]
    assert mcnemar(one, other) == pytest.approx(wanted, rel=1e-9)


def test_contenders_that_are_right_on_the_same_rows_are_not_told_apart() -> None:
    assert mcnemar(0, 0) == 1.0
    same = compared(FIRST, FIRST, ALONE)
    assert (same.difference, same.p) == (0.0, 1.0)
    # Twenty rows without a difference do not prove that there is none.
    assert same.low is not None
    assert same.high is not None
    assert -0.2 < same.low < 0 < same.high < 0.2


def test_rows_that_are_groups_of_their_own_are_tossed_like_coins() -> None:
    found = compared(FIRST, SECOND, ALONE)
    assert found.test.startswith("McNemar")
    assert found.p == mcnemar(1, 8)
    assert (found.low, found.high) == difference_limits(1, 8, 20, 0.95)


def test_rows_that_share_groups_are_not() -> None:
    found = compared(FIRST, SECOND, IN_PAIRS)
    assert found.test.startswith("paired randomisation over groups")
    assert (found.low, found.high) != difference_limits(1, 8, 20, 0.95)


def test_a_share_has_wilsons_interval_where_rows_are_groups_of_their_own() -> None:
    theirs = stats.binomtest(11, 20).proportion_ci(method="wilson")
    assert share_limits(11, 20, 0.95) == pytest.approx((theirs.low, theirs.high))
    found = interval(FIRST, ALONE, samples=100, confidence=0.95, seed=0)
    assert (found.low, found.high) == share_limits(11, 20, 0.95)
    assert interval(FIRST, IN_PAIRS, samples=100, confidence=0.95, seed=0) != found
    assert share_limits(60, 60, 0.95) == pytest.approx((0.9398, 1.0), abs=1e-4)
    assert share_limits(0, 60, 0.95) == pytest.approx((0.0, 0.0602), abs=1e-4)


def test_the_interval_of_a_difference_holds_it_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _trial in range(3000):
        gain, discordance = generator.uniform(-0.1, 0.15), generator.uniform(0.2, 0.4)
        gained, lost, _same = generator.multinomial(
            40, [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance]
        )
        low, high = difference_limits(lost, gained, 40, 0.95)
        held += low <= gain <= high
    assert 0.935 <= held / 3000 <= 0.97


def test_rows_with_scores_between_are_not_right_or_wrong() -> None:
    assert hits(Statistics(np.array([[0.5, 1.0], [1.0, 1.0]]), np.arange(2), ratio), 2) is None
    assert hits(Statistics(np.array([[1.0, 2.0], [1.0, 2.0]]), np.arange(2), ratio), 2) is None
    assert hits(Statistics(np.ones((2, 2)), np.arange(2), np.max), 2) is None
    assert hits(Statistics(np.ones((2, 2)), np.arange(2), ratio), 1) is None
