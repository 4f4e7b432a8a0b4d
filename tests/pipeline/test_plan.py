"""What a run will cost is told before it, and what came of that after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from command_line import laras

pytestmark = pytest.mark.slow  # each command loads the libraries, and each rehearsal again


@pytest.fixture(scope="module")
def planned(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that was planned, run, and planned again."""
    folder = tmp_path_factory.mktemp("planned") / "run"
    settings = ("comparison.contenders=[base, full]", "evaluation.checks=[]")
    work = (recipe, "--run", folder, *(word for each in settings for word in ("--set", each)))
    for verb in ("plan", "run", "plan"):
        done = laras(verb, *work, cwd=folder.parent)
        assert done.returncode == 0, done.stderr
        (folder.parent / f"{verb}.txt").write_text(done.stdout, encoding="utf-8")
        if verb == "plan" and not (folder / "verdict.json").exists():
            shutil.copy(folder / "plan.json", folder.parent / "before.json")
            shutil.copy(folder.parent / "plan.txt", folder.parent / "before.txt")
            assert not list(folder.glob(".rehearsal*")), "nothing is left of a rehearsal"
            assert not list(folder.glob("contenders/*/model"))
    return folder


def test_the_plan_says_what_each_contender_costs_and_why_it_is_tuned_so(planned: Path) -> None:
    plan = json.loads((planned.parent / "before.json").read_text(encoding="utf-8"))
    base, full = plan["contenders"]
    assert (base["state"], full["state"]) == ("forecast", "forecast")
    assert full["steps"] > 10
    for band in (full["tuning_seconds"], full["peak_memory_bytes"], base["judging_seconds"]):
        assert 0 < band["low"] < band["value"] < band["high"]
    text = (planned.parent / "before.txt").read_text(encoding="utf-8")
    for word in (
        "full",
        "learning rate: 0.0005",
        "tokens a step: 512 (set in tuning)",
        "laras run",
    ):
        assert word in text, word


def test_what_was_forecast_stands_beside_what_was_measured(planned: Path) -> None:
    rows = json.loads((planned / "forecast.json").read_text(encoding="utf-8"))
    rehearsed = {row["what"] for row in rows if row["source"] == "rehearsal"}
    assert rehearsed == {"peak_memory_bytes", "tuning_seconds", "judging_seconds"}
    assert {row["source"] for row in rows} == {"rehearsal", "first steps", "sizes"}
    memory = next(row for row in rows if row["what"] == "peak_memory_bytes")
    assert 0.6 < memory["ratio"] < 1.5
    again = (planned.parent / "plan.txt").read_text(encoding="utf-8")
    assert "measured / forecast" in again
    assert "In all about" not in again, "there is nothing left to do"
    assert "Measured / forecast" in (planned / "report.html").read_text(encoding="utf-8")
