"""The learning-rate range test: what a curve of losses says about the rate to take."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from laras.planning.rate_test import HIGHEST, LOWEST, factors, has_diverged, read, smoothed

RATES = [1e-3 * factor for factor in factors(60)]


def curve(falls_at: float, diverges_at: float | None) -> list[float]:
    """5 nats, falling by 2 around one rate, and shooting up from the other on."""
    losses = []
    for rate in RATES:
        loss = 5 - 2 / (1 + (falls_at / rate) ** 3)
        if diverges_at is not None and rate > diverges_at:
            loss += 40 * math.log10(rate / diverges_at)
        losses.append(loss)
    return losses


def test_rates_grow_by_the_same_factor_from_lowest_to_highest() -> None:
    tried = factors(60)
    assert (tried[0], tried[-1]) == (LOWEST, pytest.approx(HIGHEST))
    steps = [later / sooner for sooner, later in pairwise(tried)]
    assert steps == pytest.approx([steps[0]] * 59)


def test_the_suggestion_is_where_the_loss_falls_fastest() -> None:
    found = read(RATES, curve(1e-3, None))
    assert found.diverged is None
    assert found.steepest is not None
    # Smoothing looks back, so that a fall is seen a little late.
    assert 1e-3 / 2 < found.steepest < 4e-3
    assert found.suggested == pytest.approx(found.steepest, rel=0.05)


def test_it_is_at_most_a_tenth_of_the_rate_at_which_the_loss_leaves() -> None:
    found = read(RATES, curve(1e-2, 2e-2))
    assert found.diverged is not None
    assert 2e-2 < found.diverged < 6e-2
    assert found.suggested == pytest.approx(found.diverged / 10, rel=0.05)


def test_a_loss_that_is_not_a_number_is_a_divergence() -> None:
    losses = [*curve(1e-3, None)[:40], math.nan]
    found = read(RATES[:41], losses)
    assert found.diverged == RATES[40]
    assert len(found.losses) == 40
    assert has_diverged(losses)


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    flat = read(RATES, [5 + 0.01 * (-1) ** n for n in range(60)])
    assert (flat.steepest, flat.suggested) == (None, None)


def test_the_test_ends_when_the_loss_has_left_and_not_for_a_single_bad_batch() -> None:
    assert not has_diverged([])
    assert not has_diverged([5.0, 4.0, 3.0, 5.5])
    assert has_diverged([5.0, 4.0, 3.0, 9.0, 12.0, 15.0])


def test_smoothing_is_not_drawn_to_zero_at_its_beginning() -> None:
    assert smoothed([5.0, 5.0, 5.0]) == pytest.approx([5.0, 5.0, 5.0])
