"""A judge in the recipe: only where there is something to compare, and never without a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from laras.errors import UsageError
from laras.recipe.load import load_recipe

RECIPE = """\
data:
  sources:
    - {{examples: rows.jsonl}}
evaluation:
  judge: {{endpoint: "https://judge.example/v1", model: referee{more}}}
comparison:
  contenders: [{contenders}]
"""


def written(folder: Path, more: str = "", contenders: str = "base, lora") -> Path:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(more=more, contenders=contenders), encoding="utf-8")
    return path


def test_a_judge_needs_an_endpoint_and_a_model_and_no_more(tmp_path: Path) -> None:
    judge = load_recipe(written(tmp_path)).recipe.evaluation.judge
    assert judge is not None
    assert (judge.rows, judge.show_reference, judge.budget) == (50, True, None)


def test_a_judge_of_a_single_contender_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, contenders="base")
    with pytest.raises(UsageError, match="nothing to compare") as caught:
        load_recipe(path)
    assert caught.value.identifier == "recipe.without-effect"
    assert str(caught.value.where).startswith(f"{path}:5")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (", price_input: 3.0", "budget"),
        (", budget: 3.0", "no price"),
        (", rows: 0", "rows"),
        (", api_key: secret", "api_key"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, more: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        load_recipe(written(tmp_path, more))
