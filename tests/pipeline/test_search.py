"""`laras search` as a user starts it: killed in the middle of a trial, it ends the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from command_line import laras
from small_project import small_project

SPACE = (
    "search.space={tuning.learning_rate: {low: 1e-4, high: 1e-1, log: true}, "
    "tuning.weight_decay: [0.0, 0.01, 0.1]}"
)
SETTINGS = [
    part
    for setting in (
        *("search.trials=12", "tuning.batch_tokens=128", "tuning.epochs=4"),
        *("tuning.validations_per_epoch=3", "tuning.checkpoint_every_steps=2"),
        SPACE,
    )
    for part in ("--set", setting)
]


def told(folder: Path) -> dict[str, Any]:
    path = folder / "search/search.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"trials": []}


def steps_of(folder: Path) -> int:
    path = folder / "events.jsonl"
    return path.read_text(encoding="utf-8").count('"step_done"') if path.exists() else 0


def kill_in(command: list[str], folder: Path, cwd: Path, trial: int, step: int) -> None:
    """Start the command and SIGKILL it once ``trial`` has done ``step`` steps."""
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while steps_of(folder / f"search/trial-{trial:03}") < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def same(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in trials]


@pytest.mark.fault(9)
@pytest.mark.slow
def test_a_search_that_is_killed_twice_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    recipe = small_project(tmp_path / "project")
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    done = laras("search", recipe, "--run", unbroken, *SETTINGS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    command = [sys.executable, "-m", "laras", "search", str(recipe), "--run", str(broken)]
    for trial, step in ((0, 5), (6, 7)):
        kill_in([*command, *SETTINGS], broken, tmp_path, trial, step)
        assert told(broken)["trials"][-1]["state"] == "running", "it was killed too late"
    again = laras("search", recipe, "--run", broken, *SETTINGS, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Continuing from step" in again.stderr

    first, second = told(unbroken), told(broken)
    assert same(first["trials"]) == same(second["trials"])
    for key in ("best", "best_loss", "default_loss", "gain", "sentence", "space"):
        assert first[key] == second[key]
    assert {trial["state"] for trial in first["trials"]} >= {"complete", "pruned"}
    assert not list(broken.rglob("*.tmp"))
