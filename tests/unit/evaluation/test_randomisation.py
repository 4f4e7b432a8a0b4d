"""Winners are not found in noise, however few the groups; real differences are found."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from laras.evaluation.bleu import bleu_of_sums
from laras.evaluation.bootstrap import Difference, paired_difference
from laras.evaluation.classification import _f1_statistics
from laras.evaluation.metric import Statistics, ratio
from laras.evaluation.perplexity import _exp_of_mean
from laras.evaluation.randomisation import (
    EXACT_UP_TO_GROUPS,
    groups_needed,
    randomisation_test,
)
from laras.evaluation.result import PREDICTION_SCHEMA

Value = Callable[[np.ndarray], np.ndarray]


def drawn_model(
    generator: np.random.Generator, ease: np.ndarray, sizes: np.ndarray, value: Value
) -> Statistics:
    """Scores of a model whose rows resemble each other within a group, as real ones do."""
    liking = ease + generator.normal(size=len(sizes))
    scores = 4 + np.repeat(liking, sizes) + 0.5 * generator.normal(size=sizes.sum())
    weights = np.ones(len(scores)) if value is ratio else generator.integers(1, 30, len(scores))
    return Statistics(np.stack([scores * weights, weights], axis=1), np.arange(len(scores)), value)


def compared(first: Statistics, second: Statistics, sizes: np.ndarray, seed: int) -> Difference:
    groups = np.repeat(np.arange(len(sizes)), sizes).astype(str).tolist()
    return paired_difference(first, second, groups, samples=200, confidence=0.95, seed=seed)


def told_apart(found: Difference) -> bool:
    assert found.p is not None
    assert found.low is not None
    assert found.high is not None
    return found.p <= 0.05 and not found.low <= 0.0 <= found.high


@pytest.mark.parametrize("value", [ratio, _exp_of_mean], ids=["mean", "perplexity"])
@pytest.mark.parametrize("groups", [2, 3, 5, 10, 20])
def test_two_equal_models_are_called_different_at_most_once_in_twenty(
    groups: int, value: Value
) -> None:
    generator = np.random.default_rng(groups)
    different = 0
    for trial in range(400):
        sizes = generator.integers(1, 8, groups)
        ease = generator.normal(size=groups)
        first, second = (drawn_model(generator, ease, sizes, value) for _side in range(2))
        different += told_apart(compared(first, second, sizes, trial))
    # 400 trials at 5 % spread by 4.4 trials; three of these above is 8.3 %.
    assert different / 400 <= (0.0 if groups <= 5 else 0.083)


@pytest.mark.parametrize("groups", [6, 10, 20])
def test_a_model_that_is_better_in_every_group_is_found(groups: int) -> None:
    generator = np.random.default_rng(groups)
    sizes = generator.integers(1, 8, groups)
    first = drawn_model(generator, generator.normal(size=groups), sizes, ratio)
    better = (
        first.values + np.array([0.3, 0.0]) + 0.01 * generator.normal(size=(len(first.rows), 1))
    )
    second = Statistics(np.stack([better[:, 0], first.values[:, 1]], axis=1), first.rows, ratio)
    found = compared(first, second, sizes, 0)
    assert told_apart(found)
    assert compared(second, first, sizes, 0).p == found.p


@pytest.mark.parametrize("value", [ratio, _exp_of_mean, bleu_of_sums])
def test_with_few_groups_p_is_the_share_of_all_swaps(value: Value) -> None:
    generator = np.random.default_rng(3)
    width = 10 if value is bleu_of_sums else 2
    sums = [generator.integers(5, 40, size=(7, width)).astype(float) for _side in range(2)]
    first, second = (Statistics(part, np.arange(7), value) for part in sums)
    found = randomisation_test(first, second, *sums, samples=5, seed=0)
    differences = []
    for swapped in product([False, True], repeat=7):
        places = np.array(swapped)[:, None]
        sides = np.where(places, sums[1], sums[0]), np.where(places, sums[0], sums[1])
        differences.append(abs(value(sides[1].sum(axis=0)) - value(sides[0].sum(axis=0))))
    assert found.exact
    assert found.p == pytest.approx(np.mean(np.array(differences) >= differences[0] - 1e-9))


def test_with_many_groups_swaps_are_drawn_and_agree_with_all_of_them() -> None:
    generator = np.random.default_rng(4)
    groups = EXACT_UP_TO_GROUPS
    gains = generator.normal(0.4, 1.0, size=groups)

    def p(gains: np.ndarray) -> tuple[float, bool]:
        sums = [np.stack([part, np.ones(len(gains))], axis=1) for part in (gains * 0, gains)]
        first, second = (Statistics(part, np.arange(len(gains)), ratio) for part in sums)
        found = randomisation_test(first, second, *sums, samples=20_000, seed=0)
        return found.p, found.exact

    exact, drawn = p(gains), p(np.append(gains, 0.0))  # a group without a difference adds nothing
    assert (exact[1], drawn[1]) == (True, False)
    assert drawn[0] == pytest.approx(exact[0], abs=0.01)


def test_what_is_not_a_number_makes_no_winner() -> None:
    sums = [np.stack([np.arange(8.0) + side, np.ones(8)], axis=1) for side in (0, 9)]

    def fickle(sums: np.ndarray) -> np.ndarray:
        value = ratio(sums)
        return np.where(value == value.flat[0], value, np.nan)

    first, second = (Statistics(part, np.arange(8), fickle) for part in sums)
    assert randomisation_test(first, second, *sums, samples=5, seed=0).p == 1.0


def test_sums_of_different_things_do_not_change_sides() -> None:
    narrow, wide = np.ones((3, 2)), np.ones((3, 4))
    first, second = (Statistics(part, np.arange(3), ratio) for part in (narrow, wide))
    with pytest.raises(ValueError, match="change sides"):
        randomisation_test(first, second, narrow, wide, samples=5, seed=0)


def test_contenders_that_predict_different_classes_can_be_compared() -> None:
    references = [f"c{at % 3}" for at in range(24)]
    sides = []
    for predictions in (references, ["never", "asked", "c0"] * 8):
        rows = [
            {"task": "classification", "label": label, "predicted_label": predicted}
            for label, predicted in zip(references, predictions, strict=True)
        ]
        table = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)
        found = _f1_statistics(table, column="predicted_label", average="micro")
        assert found is not None
        sides.append(found)
    assert sides[0].figure == 1.0
    assert sides[1].figure == 0.0
    pair = compared(sides[1], sides[0], np.full(8, 3), 0)
    assert pair.difference == 1.0
    assert pair.p == pytest.approx(2 / 2**8)


def test_the_groups_that_a_verdict_needs() -> None:
    assert groups_needed(1, 0.95) == 6
    assert groups_needed(3, 0.95) == 7
    assert groups_needed(1, 0.5) == 2
    for comparisons in (1, 3, 10):
        needed = groups_needed(comparisons, 0.95)
        assert comparisons * 2 / 2**needed <= 0.05 < comparisons * 2 / 2 ** (needed - 1)
