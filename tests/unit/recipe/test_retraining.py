"""Several seeds and shares of the training data: what a recipe may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from laras.errors import UsageError
from laras.recipe.load import recipe_from_mapping


def loaded(folder: Path, **comparison: Any) -> Any:
    given = {"data": {"sources": [{"documents": "handbook"}]}, "comparison": comparison}
    return recipe_from_mapping(given, folder).recipe.comparison


def test_nothing_is_trained_twice_unless_asked_for(tmp_path: Path) -> None:
    assert loaded(tmp_path).seeds == 1
    assert loaded(tmp_path).learning_curve == []


def test_seeds_and_shares_are_taken_where_somebody_is_trained(tmp_path: Path) -> None:
    section = loaded(tmp_path, contenders=["base", "lora"], seeds=3, learning_curve=[0.5, 0.25])
    assert (section.seeds, section.learning_curve) == (3, [0.5, 0.25])


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeds": 0},
        {"seeds": -1},
        {"seeds": 1.5},
        {"seeds": True},
        {"learning_curve": [0]},
        {"learning_curve": [1.0]},
        {"learning_curve": [25]},
        {"learning_curve": [0.5, 0.5]},
        {"learning_curve": 0.5},
        {"seeds": 2, "contenders": ["base", "prompt"]},
        {"learning_curve": [0.5], "contenders": ["base"]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_where_it_stands(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, **wrong)
    assert f"comparison.{next(iter(wrong))}" in caught.value.what


def test_seeds_without_a_trained_contender_say_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, contenders=["base"], seeds=2)
    assert "comparison.seeds would have no effect: no contender is trained" in caught.value.what
    assert "lora" in str(caught.value.hint)
