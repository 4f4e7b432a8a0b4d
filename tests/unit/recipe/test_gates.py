"""The gates section: read, written out again, and refused where it can't mean anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from laras.errors import UsageError
from laras.evaluation.catalogue import ORDER
from laras.recipe.gates import MetricName
from laras.recipe.load import load_recipe, recipe_from_mapping, resolved_yaml
from laras.translation import set_language

DATA = {"sources": [{"documents": "texts"}]}


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def recipe(folder: Path, *overrides: str, **sections: Any) -> Any:
    return recipe_from_mapping({"data": DATA, **sections}, folder, overrides)


def test_the_metrics_that_gates_know_are_those_that_there_are() -> None:
    assert set(get_args(MetricName)) == set(ORDER)


def test_gates_are_written_out_and_read_again_as_they_were(tmp_path: Path) -> None:
    given = {"least": {"macro_f1": 0.8, "bleu": 12}, "beats_reference": True}
    loaded = recipe(tmp_path, "gates.most.perplexity=9", gates=given)
    assert loaded.recipe.gates.least == {"macro_f1": 0.8, "bleu": 12.0}
    assert loaded.recipe.gates.most == {"perplexity": 9.0}
    file = tmp_path / "again.yaml"
    file.write_text(resolved_yaml(loaded), encoding="utf-8")
    assert load_recipe(file).recipe == loaded.recipe


@pytest.mark.parametrize(
    ("gates", "told"),
    [
        ({"least": {"macrof1": 0.8}}, "did you mean 'macro_f1'?"),
        ({"most": {"zeal": 1}}, "known: perplexity"),
        ({"least": {"macro_f1": "high"}}, "gates.least.macro_f1 must be a number"),
        ({"least": 0.8}, "gates.least must be"),
        ({"no_biass": True}, "gates.no_biass is not known"),
    ],
)
def test_a_gate_that_means_nothing_is_refused(
    gates: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as raised:
        recipe(tmp_path, gates=gates)
    assert told in str(raised.value)


def test_the_line_of_a_wrong_gate_is_told(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(
        "data:\n  sources:\n    - documents: texts\ngates:\n  least: {macrof1: 0.8}\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as raised:
        load_recipe(file)
    assert raised.value.where is not None
    assert ":5:" in raised.value.where


@pytest.mark.parametrize("check", ["forgetting", "bias", "memorisation"])
def test_a_gate_whose_check_is_left_out_is_refused(check: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="would have no effect") as raised:
        recipe(tmp_path, gates={f"no_{check}": True}, evaluation={"checks": ["wording"]})
    assert check in str(raised.value)
    recipe(tmp_path, gates={f"no_{check}": True})


def test_a_gate_on_the_reference_needs_somebody_to_beat_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="single contender"):
        recipe(tmp_path, gates={"beats_reference": True}, comparison={"contenders": ["lora"]})
