"""What a test set can tell, said before the run and measured after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from laras.contenders.detectable import (
    DISCORDANCE,
    SPREAD,
    Expected,
    expected_effect,
    measured_effect,
    rows_needed,
)
from laras.contenders.pairs import Pair
from laras.contenders.wording import about, detectable_note
from laras.evaluation.randomisation import groups_needed
from laras.evaluation.right_or_wrong import mcnemar
from laras.recipe.schema import EvaluationSection
from laras.translation import set_language

SECTION = EvaluationSection()


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def split(rows: int, groups: int | None = None, **facts: Any) -> dict[str, Any]:
    labels = {"a": rows // 2, "b": rows - rows // 2}
    return {
        "examples": rows, "groups": groups or rows, "tasks": {"classification": rows},
        "labels": labels, **facts,
    }  # fmt: skip


def expected(facts: dict[str, Any], contenders: int = 2, wish: str = "auto") -> Expected:
    found = expected_effect(facts, SECTION, wish, contenders)
    assert found is not None
    return found


def pair(difference: float, error: float | None, groups: int = 60) -> Pair:
    return Pair(
        "base", "lora", "rougeL", difference, None, None, 0.5, 0.5, error, 2 * groups, groups,
        None, "test",
    )  # fmt: skip


@pytest.mark.parametrize("rows", [60, 200, 600])
def test_the_effect_for_labels_is_found_four_times_out_of_five(rows: int) -> None:
    effect = expected(split(rows)).value
    generator = np.random.default_rng(rows)
    discordance = max(DISCORDANCE, effect)
    found = 0
    for _trial in range(2000):
        gained, lost, _same = generator.multinomial(
            rows, [(discordance + effect) / 2, (discordance - effect) / 2, 1 - discordance]
        )
        found += mcnemar(lost, gained) <= 0.05
    assert 0.74 <= found / 2000 <= 0.86


def test_rows_with_scores_are_counted_by_a_stated_spread() -> None:
    facts = split(100) | {"tasks": {"chat": 100}, "labels": {}}
    found = expected(facts)
    assert found.metric == "rougeL"
    assert found.value == pytest.approx((1.95996 + 0.84162) * SPREAD["share"] / 10, rel=1e-4)


def test_of_a_perplexity_a_share_is_told() -> None:
    found = expected(split(100) | {"tasks": {"text": 100}, "labels": {}})
    assert (found.metric, found.relative) == ("perplexity", True)
    assert found.value == pytest.approx(np.expm1(2.80159 * SPREAD["per token"] / 10), rel=1e-4)


def test_fewer_rows_groups_and_rarer_classes_hide_more() -> None:
    plain = expected(split(200)).value
    assert expected(split(100)).value > plain
    assert expected(split(200, groups=50)).value > plain
    assert expected(split(200, labels={"a": 190, "b": 10})).value > plain
    assert expected(split(200), contenders=4).value > plain
    section = EvaluationSection(max_rows=50)
    sampled = expected_effect(split(200), section, "auto", 2)
    assert sampled is not None
    assert (sampled.rows, sampled.groups) == (50, 50)
    assert sampled.value > plain


def test_only_rows_that_the_metric_judges_are_counted() -> None:
    facts = split(200) | {"tasks": {"classification": 60, "chat": 140}}
    assert expected(facts).rows == 140
    assert expected(facts, wish="macro_f1").rows == 60
    assert expected(facts, wish="macro_f1").groups == 60


def test_where_nothing_can_be_told_nothing_is_promised() -> None:
    assert expected_effect(split(200), SECTION, "auto", 1) is None
    assert expected_effect(split(200, groups=5), SECTION, "auto", 2) is None


def test_the_note_says_it_in_the_metrics_own_words() -> None:
    found = expected(split(60))
    note = detectable_note(found.metric, found.value, found.relative, found.rows, found.groups)
    assert note == (
        "With 60 test rows in 60 groups a difference under 15 points of macro-F1 can't be seen "
        "reliably."
    )
    assert "12% of the perplexity" in detectable_note("perplexity", 0.123, True, 9, 9)
    assert "4 points of BLEU" in detectable_note("bleu", 3.9, False, 9, 9)
    assert "0.123 bits per byte" in detectable_note("bits_per_byte", 0.123, False, 9, 9)


def test_the_measured_effect_is_that_of_the_least_certain_comparison() -> None:
    pairs = [pair(0.1, 0.02), replace(pair(0.1, 0.03), b="full"), replace(pair(0.1, 0.9), a="c")]
    found = measured_effect(pairs, "base", "rougeL", SECTION)
    assert found is not None
    assert found["comparisons"] == 3
    assert found["value"] == pytest.approx((2.39398 + 0.84162) * 0.03, rel=1e-4)
    assert measured_effect([pair(0.1, None)], "base", "rougeL", SECTION) is None
    assert measured_effect([pair(0.1, 0.1, groups=4)], "base", "rougeL", SECTION) is None


def test_rows_needed_grow_with_the_square_of_what_is_to_be_seen() -> None:
    found = rows_needed(pair(0.02, 0.02), 1, 0.95)
    assert found is not None
    assert found["groups"] == 471  # 60 * 2.8016 ** 2
    assert found["rows"] == 942
    half = rows_needed(pair(0.01, 0.02), 1, 0.95)
    assert half is not None
    assert half["groups"] == pytest.approx(4 * found["groups"], abs=4)
    assert rows_needed(pair(-0.02, 0.02), 1, 0.95) == found | {"difference": -0.02}


def test_as_many_groups_would_find_it_four_times_out_of_five() -> None:
    found = rows_needed(pair(0.02, 0.02), 1, 0.95)
    assert found is not None
    spread = 0.02 * np.sqrt(60)  # of one group
    means = np.random.default_rng(0).normal(0.02, spread, (4000, found["groups"])).mean(axis=1)
    assert np.mean(means > 1.96 * spread / np.sqrt(found["groups"])) == pytest.approx(0.8, abs=0.02)


def test_what_does_not_differ_takes_no_number_of_rows() -> None:
    assert rows_needed(pair(0.0, 0.02), 1, 0.95) is None
    assert rows_needed(pair(0.1, None), 1, 0.95) is None
    few = rows_needed(pair(0.5, 0.01, groups=3), 1, 0.95)
    assert few is not None
    assert few["groups"] == groups_needed(1, 0.95)


def test_a_large_number_is_told_with_two_digits() -> None:
    assert [about(count) for count in (7, 43, 338, 12_345)] == [7, 43, 340, 12_000]
