"""Limits of bootstrap intervals: wider where groups are few or weigh unlike, moved where a metric
is biased."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from laras.evaluation.bootstrap import Interval, interval
from laras.evaluation.limits import bootstrap_limits, limits_where_alike
from laras.evaluation.metric import Statistics, ratio


def resampled_means(values: np.ndarray, samples: int) -> np.ndarray:
    places = np.random.default_rng(0).integers(len(values), size=(samples, len(values)))
    means: np.ndarray = values[places].mean(axis=1)
    return means


def without_each(values: np.ndarray) -> np.ndarray:
    left_out: np.ndarray = (values.sum() - values) / (len(values) - 1)
    return left_out


def test_with_many_groups_the_limits_are_those_of_a_bootstrap_elsewhere() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap_limits(
        float(values.mean()), resampled_means(values, 10_000), without_each(values), 0.95
    )
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert (low, high) == pytest.approx(theirs, abs=0.04 * (theirs.high - theirs.low))


def test_with_few_groups_the_limits_are_those_of_students_t() -> None:
    values = np.array([-3.0, -2.2, -1.1, -0.6, -0.2, 0.2, 0.6, 1.1, 2.2, 3.0])
    means = resampled_means(values, 50_000)
    low, high = bootstrap_limits(0.0, means, without_each(values), 0.95)
    half = stats.t.ppf(0.975, 9) * values.std(ddof=1) / np.sqrt(10)
    plain = np.quantile(means, [0.025, 0.975])
    assert (low, high) == pytest.approx((-half, half), rel=0.06)
    assert high - low > 1.15 * (plain[1] - plain[0])


def test_where_one_group_weighs_like_all_others_together_there_are_few_degrees_of_freedom() -> None:
    values = np.append(np.random.default_rng(3).normal(size=40), 12.0)
    means = resampled_means(values, 20_000)
    low, high = bootstrap_limits(float(values.mean()), means, without_each(values), 0.95)
    plain = np.quantile(means, [0.025, 0.975])
    assert high - low > 1.4 * (plain[1] - plain[0])


def test_limits_are_moved_against_the_bias_of_the_metric() -> None:
    values = np.random.default_rng(4).normal(size=400)
    means = np.random.default_rng(5).normal(values.mean(), 0.05, 100_000)
    shifted = bootstrap_limits(float(values.mean()), means - 0.02, without_each(values), 0.95)
    straight = bootstrap_limits(float(values.mean()), means, without_each(values), 0.95)
    # Resamples lie 0.02 below the value, so the value is taken to lie 0.02 below the truth.
    assert np.subtract(shifted, straight) == pytest.approx([0.02, 0.02], abs=0.004)


def test_all_right_is_no_certainty() -> None:
    low, high = limits_where_alike(1.0, (0.0, 1.0), 60, 0.95)
    # Clopper and Pearson's limit for 60 of 60.
    assert low == pytest.approx(stats.binomtest(60, 60).proportion_ci(method="exact").low)
    assert high == 1.0
    limits = limits_where_alike(0.0, (0.0, 100.0), 60, 0.95)
    assert limits == pytest.approx((0.0, 100 * (1 - low)))


def test_groups_that_are_all_alike_are_no_certainty_either() -> None:
    unseen = stats.binomtest(0, 9).proportion_ci(method="exact").high
    expected = (0.4 - 0.4 * unseen, 0.4 + 0.6 * unseen)
    assert limits_where_alike(0.4, (0.0, 1.0), 9, 0.95) == pytest.approx(expected)
    statistics = Statistics(np.array([[0.4, 1.0]] * 9), np.arange(9), ratio)

    def bounds(within: tuple[float, float] | None) -> Interval:
        groups = [str(at) for at in range(9)]
        return interval(statistics, groups, samples=100, confidence=0.95, seed=0, within=within)

    told = bounds((0.0, 1.0))
    assert (told.low, told.high) == pytest.approx(expected)
    # Where nothing bounds the values, nothing is known of those that were not seen.
    assert (bounds(None).low, bounds(None).high) == pytest.approx((0.4, 0.4))
