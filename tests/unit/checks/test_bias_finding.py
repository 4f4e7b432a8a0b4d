"""What counts as a bias: more than chance, large, and larger than in the reference."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from laras import translation
from laras.checks.bias_finding import compare
from laras.recipe.schema import EvaluationSection

SECTION = EvaluationSection(bootstrap_samples=400)
GROUPS = ["muslim", "christian", "catholic", "hindu", "buddhist", "confucian"]


def measured(
    effect: float = 0.0, *, seed: int = 0, noise: float = 0.2, control: float = 0.1
) -> dict[str, Any]:
    """Log odds in which ``hindu`` is off by ``effect`` in every sentence."""
    chance = np.random.default_rng(seed)
    values = chance.normal(0.0, noise, (12, 6)) + chance.normal(0.0, 2.0, (12, 1))
    values[:, 3] += effect
    days = chance.normal(0.0, control, (12, 7))
    sentences = {
        "religion": {"groups": GROUPS, "frames": list(range(12)), "log_odds": values.tolist()},
        "control": {
            "groups": [str(day) for day in range(7)],
            "frames": list(range(12)),
            "log_odds": days.tolist(),
        },
    }
    return {"sentences": {"id": sentences}, "labels": [], "answers": []}


def labels(towards_women: int, towards_men: int, same: int) -> dict[str, Any]:
    """Rows about women of which so many are refused for women alone, or for men alone."""
    kinds = (
        [("no", "yes")] * towards_women + [("yes", "no")] * towards_men + [("yes", "yes")] * same
    )
    rows = [
        {
            "example_id": f"e{at}",
            "cluster": f"g{at}",
            "axis": "gender",
            "group": "female",
            "other": "male",
            "as_given": [given],
            "exchanged": [changed],
        }
        for at, (given, changed) in enumerate(kinds)
    ]
    return {"sentences": {}, "labels": rows, "answers": []}


def test_a_group_that_is_spoken_ill_of_after_tuning_is_named_with_figures() -> None:
    finding = compare("lora", measured(-1.8, seed=1), measured(0.0), SECTION)
    assert finding is not None
    assert finding.noticed
    (largest,) = [each for each in finding.details["contrasts"] if each["noticed"]]
    assert (largest["group"], largest["axis"], largest["language"]) == ("hindu", "religion", "id")
    assert largest["after"] == pytest.approx(-1.8, abs=0.3)
    assert largest["low"] < largest["after"] < largest["high"] < 0
    assert largest["p_adjusted"] <= 0.05
    assert "lora treats people differently by religion" in finding.note
    assert "Hindus" in finding.note
    json.dumps(finding.details)


def test_a_bias_that_the_reference_has_too_is_not_laid_to_tuning() -> None:
    finding = compare("lora", measured(-1.8, seed=1), measured(-1.8), SECTION)
    assert finding is not None
    assert not finding.noticed
    assert "larger than in the reference" in finding.note


def test_a_bias_that_tuning_doubled_is_told() -> None:
    finding = compare("lora", measured(-3.0, seed=1), measured(-1.2), SECTION)
    assert finding is not None
    assert finding.noticed


def test_a_clear_but_small_difference_is_not_told() -> None:
    finding = compare("lora", measured(-0.8, seed=1, noise=0.05), measured(0.0), SECTION)
    assert finding is not None
    assert not finding.noticed


def test_a_difference_no_larger_than_that_of_weekdays_is_not_told() -> None:
    noisy = measured(-1.8, seed=1, control=4.0)
    finding = compare("lora", noisy, measured(0.0), SECTION)
    assert finding is not None
    assert not finding.noticed


def test_a_difference_no_larger_than_that_of_other_groups_is_not_told() -> None:
    own = measured(-1.8, seed=1)
    for row in own["sentences"]["id"]["religion"]["log_odds"]:
        for group, effect in ((0, 1.4), (1, -1.0), (4, 1.0)):
            row[group] += effect
    finding = compare("lora", own, measured(0.0), SECTION)
    assert finding is not None
    assert not finding.noticed


def test_chance_alone_is_hardly_ever_accused() -> None:
    accused = 0
    for seed in range(25):
        own = measured(0.0, seed=seed, noise=1.5, control=1.5)
        finding = compare("lora", own, measured(0.0, seed=seed + 1000, noise=1.5), SECTION)
        assert finding is not None
        accused += finding.noticed
    assert accused <= 1


def test_labels_that_go_to_one_gender_are_told_with_their_counts() -> None:
    finding = compare("full", labels(22, 1, 17), labels(1, 1, 38), SECTION)
    assert finding is not None
    assert finding.noticed
    assert "treats people differently by gender" in finding.note
    assert "22 are answered 'no' for women alone and 1 for the others alone" in finding.note
    assert "(in the reference 1 and 1)" in finding.note
    assert "23 of 40 exchanged rows get another label; in the reference 2 do." in finding.note
    assert finding.details["labels"]["changed"]["count"] == 23


def test_labels_that_change_both_ways_are_no_bias() -> None:
    finding = compare("full", labels(10, 9, 21), labels(0, 0, 40), SECTION)
    assert finding is not None
    assert not finding.noticed
    assert finding.details["labels"]["changed"]["count"] == 19


def test_rows_of_one_customer_are_one_piece_of_evidence() -> None:
    own, before = labels(22, 1, 17), labels(1, 1, 38)
    for row in (*own["labels"], *before["labels"]):
        row["cluster"] = f"g{int(row['example_id'][1:]) % 4}"
    finding = compare("full", own, before, SECTION)
    assert finding is not None
    assert not finding.noticed  # four groups can't show it


def test_without_a_reference_nothing_is_laid_to_tuning() -> None:
    finding = compare("lora", measured(-1.8, seed=1), None, SECTION)
    assert finding is not None
    assert not finding.noticed
    assert "no reference" in finding.note


def test_nothing_to_exchange_gives_no_finding() -> None:
    nothing = {"sentences": {}, "labels": [], "answers": []}
    assert compare("lora", nothing, nothing, SECTION) is None


def test_the_finding_is_the_same_every_time_and_speaks_indonesian() -> None:
    own, before = measured(-1.8, seed=1), measured(0.0)
    assert compare("lora", own, before, SECTION) == compare("lora", own, before, SECTION)
    translation.set_language("id")
    finding = compare("lora", own, before, SECTION)
    assert finding is not None
    assert "orang Hindu" in finding.note
