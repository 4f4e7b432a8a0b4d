"""The recipe's search section: ranges and choices by path, and a recipe with values put in."""

from __future__ import annotations

from pathlib import Path

import pytest

from laras.errors import UsageError
from laras.recipe.load import LoadedRecipe, load_recipe, recipe_from_mapping, resolved_yaml
from laras.recipe.schema import Dimension
from laras.recipe.varied import setting, with_values

DATA = "data:\n  sources:\n    - documents: handbook/\n"


def loaded(folder: Path, text: str, *overrides: str) -> LoadedRecipe:
    path = folder / "recipe.yaml"
    path.write_text(DATA + text, encoding="utf-8")
    return load_recipe(path, overrides)


def refusal(folder: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        loaded(folder, text)
    return caught.value


SPACE = """\
search:
  space:
    tuning.learning_rate: {low: 1e-4, high: 1e-2, log: true}
    comparison.contenders.lora.rank: [8, 16, 32]
"""


def test_a_list_is_short_for_choices(tmp_path: Path) -> None:
    space = loaded(tmp_path, SPACE).recipe.search.space
    assert space["tuning.learning_rate"] == Dimension(low=1e-4, high=1e-2, log=True)
    assert space["comparison.contenders.lora.rank"].choices == [8, 16, 32]


def test_the_command_line_reaches_into_the_space_and_adds_to_it(tmp_path: Path) -> None:
    space = loaded(
        tmp_path,
        SPACE,
        "search.space.tuning.learning_rate.high=0.5",
        "search.space.tuning.epochs=[1, 2]",
        "search.space.comparison.contenders.lora.rank=[4, 64]",
    ).recipe.search.space
    assert space["tuning.learning_rate"] == Dimension(low=1e-4, high=0.5, log=True)
    assert space["tuning.epochs"].choices == [1, 2]
    assert space["comparison.contenders.lora.rank"].choices == [4, 64]


@pytest.mark.parametrize(
    ("dimension", "position", "words"),
    [
        ("{low: 1}", "7:27", "low and high"),
        ("{low: 2, high: 1}", "7:27", "less than"),
        ("{low: 0, high: 1, log: true}", "7:27", "above 0"),
        ("{low: 0, choices: [1, 2]}", "7:27", "stand alone"),
        ("[1, 1]", "7:27", "twice"),
        ("[1]", "7:27", "two choices"),
        ("{low: a, high: 1}", "7:33", "a number"),
        ("{lo: 1, high: 2}", "7:28", "Did you mean"),
    ],
)
def test_a_dimension_that_can_not_be_is_refused_with_its_place(
    tmp_path: Path, dimension: str, position: str, words: str
) -> None:
    text = f"search:\n  trials: 3\n  space:\n    tuning.learning_rate: {dimension}\n"
    error = refusal(tmp_path, text)
    assert error.where == f"{tmp_path / 'recipe.yaml'}:{position}"
    assert words in str(error)


def test_true_and_one_are_two_choices(tmp_path: Path) -> None:
    text = "search: {space: {preparation.clean: [true, 1]}}\n"
    assert loaded(tmp_path, text).recipe.search.space["preparation.clean"].choices == [True, 1]


def test_the_resolved_recipe_reads_as_the_same_search(tmp_path: Path) -> None:
    first = loaded(tmp_path, SPACE + "  contender: lora\n  seed: 3\n")
    (tmp_path / "again.yaml").write_text(resolved_yaml(first), encoding="utf-8")
    assert load_recipe(tmp_path / "again.yaml").recipe == first.recipe


def test_a_recipe_with_no_values_put_in_is_the_same_recipe(tmp_path: Path) -> None:
    for text in ("", "preset: chat\n", "comparison: {contenders: [base, {lora: {rank: 4}}]}\n"):
        first = loaded(tmp_path, text)
        assert with_values(first, {}, "search") == first


def test_values_are_put_in_by_the_paths_of_the_command_line(tmp_path: Path) -> None:
    first = loaded(tmp_path, SPACE)
    values = {
        "tuning.learning_rate": 0.00123,
        "comparison.contenders.lora.rank": 64,
        "comparison.contenders.lora.target_modules": ["q_proj", "v_proj"],
        "model.chat_template": "*odd, name: [.jinja",
        "tuning.averaging_decay": None,
    }
    varied = with_values(first, values, "search")
    by_hand = load_recipe(tmp_path / "recipe.yaml", [setting(*item) for item in values.items()])
    assert varied.recipe == by_hand.recipe
    assert varied.recipe.tuning.learning_rate == 0.00123
    assert varied.origins["tuning.learning_rate"] == "search"
    assert varied.origins["comparison.contenders.1.rank"] == "search"
    assert varied.origins["data.sources.0.documents"] == "recipe.yaml:3"
    assert first.recipe.tuning.learning_rate is None, "the one before is left as it was"


@pytest.mark.parametrize(
    ("path", "value", "identifier"),
    [
        ("tuning.learning_rat", 0.1, "recipe.unknown-key"),
        ("tuning.epochs", -1, "recipe.wrong-value"),
        ("comparison.contenders.absent.rank", 4, "recipe.bad-override"),
        ("comparison.contenders.base.rank", 4, "recipe.without-effect"),
    ],
)
def test_a_path_or_value_that_the_recipe_does_not_take_is_told_with_who_asked_for_it(
    path: str, value: object, identifier: str
) -> None:
    first = recipe_from_mapping({"data": {"sources": [{"documents": "handbook"}]}}, Path.cwd())
    with pytest.raises(UsageError) as caught:
        with_values(first, {path: value}, "search.space")
    assert caught.value.identifier == identifier
    assert str(caught.value.where).startswith("search.space")
