"""A verdict that does not pass the recipe's gates stops a script, after all is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from laras import workflow
from laras.cli.main import main
from laras.errors import GateFailed
from laras.translation import set_language
from small_project import small_project

SHUT, OPEN = "gates.least={perplexity: 1e9}", "gates.most={perplexity: 1e9}"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("gates"))


@pytest.fixture(scope="module")
def finished(recipe: Path) -> Path:
    """The folder of a run whose gate is passed."""
    folder = recipe.parent / "run"
    workflow.run(recipe, run_folder=folder, overrides=[*settings(), OPEN])
    return folder


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARAS_LANG", "en")
    monkeypatch.setenv("LANGUAGE", "en")
    set_language("en")


def settings() -> list[str]:
    return ["comparison.contenders=[base]", "evaluation.checks=[]"]


def command(verb: str, recipe: Path, folder: Path, *options: str) -> int:
    sets = [part for setting in settings() for part in ("--set", setting)]
    return main([verb, str(recipe), "--run", str(folder), "--quiet", *sets, *options])


@pytest.mark.parametrize("verb", ["run", "evaluate"])
def test_a_gate_that_is_not_passed_ends_with_its_own_code(
    verb: str, recipe: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished / "report.html").unlink(missing_ok=True)
    assert command(verb, recipe, finished, "--set", SHUT) == 9
    told = capsys.readouterr()
    assert "Gate NOT passed: least.perplexity: perplexity of base is" in told.out
    assert "Perplexity" in told.out
    assert "1 gate of the recipe is not passed" in told.err
    assert "[gates.failed]" in told.err
    (gate,) = json.loads((finished / "verdict.json").read_text())["gates"]
    assert (gate["gate"], gate["passed"]) == ("least.perplexity", False)
    assert (finished / "report.html").exists() == (verb == "run")


def test_for_programs_the_gate_stands_in_the_verdict_and_in_the_code(
    recipe: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("run", recipe, finished, "--json", "--set", SHUT) == 9
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"]["gates"][0]["passed"] is False


def test_a_gate_that_is_passed_is_told_and_nothing_else_happens(
    recipe: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("evaluate", recipe, finished, "--set", OPEN) == 0
    assert "Gate passed: most.perplexity: perplexity of base is" in capsys.readouterr().out


def test_python_is_told_by_an_error_when_all_is_written(recipe: Path, finished: Path) -> None:
    (finished / "report.html").unlink(missing_ok=True)
    with pytest.raises(GateFailed):
        workflow.run(recipe, run_folder=finished, overrides=[*settings(), SHUT])
    assert (finished / "report.html").exists()


def test_a_gate_on_what_is_not_measured_is_refused_before_the_work(
    recipe: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("run", recipe, finished, "--set", "gates.least={bleu: 1}") == 2
    assert "[gates.not-measured]" in capsys.readouterr().err
