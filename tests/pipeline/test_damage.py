"""Files of a run that were cut or spoilt: the stage is done again, or the file is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import laras
from laras import workflow
from laras.errors import UsageError

BASE_ONLY = ["comparison.contenders=[base]", "evaluation.max_rows=2"]


@pytest.fixture(scope="module")
def judged(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder in which the base has been judged."""
    folder = tmp_path_factory.mktemp("judged") / "run"
    evaluate(recipe, folder)
    return folder


def evaluate(recipe: Path, folder: Path) -> dict[str, Any]:
    return workflow.evaluate(recipe, run_folder=folder, overrides=BASE_ONLY)


def zeroed(path: Path) -> None:
    """The same size, nothing in it: what a file system may leave after a power failure."""
    path.write_bytes(bytes(path.stat().st_size))


def kinds(folder: Path) -> list[str]:
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [json.loads(line)["kind"] for line in lines]


def without_cost(verdict: dict[str, Any]) -> dict[str, Any]:
    contenders = [{**each, "cost": None} for each in verdict["contenders"]]
    return {**verdict, "contenders": contenders, "cost": None, "break_even": None}


@pytest.mark.parametrize(
    "name", ["predictions.parquet", "scores.json", "checks.json", "ledger.parquet"]
)
def test_an_evaluation_whose_file_is_gone_is_done_again(
    recipe: Path, judged: Path, name: str
) -> None:
    before = evaluate(recipe, judged)
    (judged / "contenders/base" / name).unlink()
    assert without_cost(evaluate(recipe, judged)) == without_cost(before)
    assert (judged / "contenders/base" / name).is_file()


@pytest.mark.parametrize("name", ["predictions.parquet", "scores.json", "checks.json"])
def test_an_evaluation_whose_file_is_damaged_is_done_again(
    recipe: Path, judged: Path, name: str
) -> None:
    before = evaluate(recipe, judged)
    zeroed(judged / "contenders/base" / name)
    assert without_cost(evaluate(recipe, judged)) == without_cost(before)
    assert "stage_repeated" in kinds(judged)
    told = kinds(judged).count("stage_repeated")
    evaluate(recipe, judged)
    assert kinds(judged).count("stage_repeated") == told, "it is whole again"


@pytest.mark.parametrize("name", ["train.parquet", "test.parquet", "audit.json"])
def test_prepared_data_that_is_damaged_is_made_again(recipe: Path, judged: Path, name: str) -> None:
    evaluate(recipe, judged)
    path = judged / "data" / name
    content = path.read_bytes()
    zeroed(path)
    evaluate(recipe, judged)
    assert path.stat().st_size == len(content)
    assert path.suffix == ".json" or path.read_bytes() == content


def test_metrics_that_do_not_apply_are_refused_before_anything_is_trained(
    organisation: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = {
        "model": {"base": str(tiny_folder)},
        "data": {"sources": [{"documents": str(organisation / "handbook")}], "test_share": 0.2},
        "evaluation": {"metrics": ["rouge"]},
    }
    with pytest.raises(UsageError) as raised:
        laras.run(recipe, run_folder=tmp_path / "run")
    assert raised.value.identifier == "comparison.no-metric-applies"
    assert "step_done" not in kinds(tmp_path / "run")
