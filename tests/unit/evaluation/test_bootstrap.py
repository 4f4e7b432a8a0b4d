"""Intervals that cover, pairs that share their resamples, and quick enough for real tests."""

from __future__ import annotations

import time

import numpy as np
import pytest

from laras.evaluation.bootstrap import holm, interval, paired_difference
from laras.evaluation.classification import confusion
from laras.evaluation.metric import Statistics, ratio


def mean_statistics(values: np.ndarray) -> Statistics:
    pairs = np.stack([values, np.ones(len(values))], axis=1)
    return Statistics(pairs, np.arange(len(values)), ratio)


def names(count: int) -> list[str]:
    return [str(at) for at in range(count)]


def test_a_95_percent_interval_covers_the_truth_about_95_times_in_100() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(300):
        statistics = mean_statistics(generator.normal(size=80))
        bounds = interval(statistics, names(80), samples=300, confidence=0.95, seed=trial)
        assert bounds.low is not None
        assert bounds.high is not None
        covered += bounds.low <= 0.0 <= bounds.high
    assert 0.91 <= covered / 300 <= 0.985


def test_rows_of_one_group_widen_the_interval() -> None:
    generator = np.random.default_rng(1)
    values = np.repeat(generator.normal(size=40), 10)
    statistics = mean_statistics(values)
    by_row = interval(statistics, names(400), samples=500, confidence=0.95, seed=0)
    groups = [str(at // 10) for at in range(400)]
    by_group = interval(statistics, groups, samples=500, confidence=0.95, seed=0)
    assert by_row.low is not None
    assert by_row.high is not None
    assert by_group.low is not None
    assert by_group.high is not None
    assert by_group.high - by_group.low > 2.5 * (by_row.high - by_row.low)


def test_one_group_has_no_interval() -> None:
    statistics = mean_statistics(np.arange(5.0))
    bounds = interval(statistics, ["g"] * 5, samples=100, confidence=0.95, seed=0)
    assert (bounds.low, bounds.high) == (None, None)
    pair = paired_difference(
        statistics, statistics, ["g"] * 5, samples=100, confidence=0.95, seed=0
    )
    assert (pair.low, pair.p, pair.standard_error) == (None, None, None)


def test_intervals_are_the_same_each_time_and_do_not_depend_on_the_order_of_rows() -> None:
    values = np.random.default_rng(2).normal(size=50)
    groups = [f"g{at % 9}" for at in range(50)]
    order = np.random.default_rng(3).permutation(50)
    one = interval(mean_statistics(values), groups, samples=200, confidence=0.9, seed=5)
    other = interval(
        mean_statistics(values[order]),
        [groups[at] for at in order],
        samples=200,
        confidence=0.9,
        seed=5,
    )
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_confidence_samples_and_seed_change_the_interval() -> None:
    statistics = mean_statistics(np.random.default_rng(4).normal(size=60))
    settings = [(0.95, 200, 0), (0.8, 200, 0), (0.95, 300, 0), (0.95, 200, 1)]
    bounds = {
        interval(statistics, names(60), samples=samples, confidence=confidence, seed=seed)
        for confidence, samples, seed in settings
    }
    assert len(bounds) == len(settings)


def test_pairing_finds_a_small_steady_difference_that_intervals_side_by_side_do_not() -> None:
    generator = np.random.default_rng(6)
    first = generator.normal(size=200)
    second = first + 0.05 + 0.05 * generator.normal(size=200)
    pair = paired_difference(
        mean_statistics(first),
        mean_statistics(second),
        names(200),
        samples=500,
        confidence=0.95,
        seed=0,
    )
    alone = interval(mean_statistics(first), names(200), samples=500, confidence=0.95, seed=0)
    assert pair.low is not None
    assert pair.low > 0
    assert pair.p is not None
    assert pair.p < 0.01
    assert alone.low is not None
    assert alone.low < second.mean() < (alone.high or 0)


def test_a_contender_against_itself_has_no_difference() -> None:
    statistics = mean_statistics(np.random.default_rng(7).normal(size=30))
    pair = paired_difference(
        statistics, statistics, names(30), samples=100, confidence=0.95, seed=0
    )
    assert (pair.difference, pair.low, pair.high, pair.p) == (0.0, 0.0, 0.0, 1.0)


def test_pairs_on_different_rows_are_refused() -> None:
    short, long = mean_statistics(np.zeros(3)), mean_statistics(np.zeros(4))
    with pytest.raises(ValueError, match="same rows"):
        paired_difference(short, long, names(4), samples=100, confidence=0.95, seed=0)


def test_p_values_under_no_difference_are_not_small_too_often() -> None:
    generator = np.random.default_rng(8)
    small = 0
    for trial in range(200):
        pair = paired_difference(
            mean_statistics(generator.normal(size=60)),
            mean_statistics(generator.normal(size=60)),
            names(60),
            samples=200,
            confidence=0.95,
            seed=trial,
        )
        small += pair.p is not None and pair.p <= 0.05
    assert small / 200 <= 0.10


def test_holm_equals_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_thousand_resamples_of_3000_rows_and_77_classes_take_seconds() -> None:
    from laras.evaluation.classification import _macro, _stacked

    generator = np.random.default_rng(9)
    references = [str(label) for label in generator.integers(77, size=3000)]
    predictions = [str(label) for label in generator.integers(77, size=3000)]
    counts = _stacked(confusion(references, predictions))
    statistics = Statistics(counts, np.arange(3000), _macro)
    started = time.process_time()
    interval(statistics, names(3000), samples=1000, confidence=0.95, seed=0)
    assert time.process_time() - started < 10  # 0.5 s on a quiet machine
