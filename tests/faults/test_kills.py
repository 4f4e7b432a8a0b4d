"""kill -9 where it hurts, and at random: the same command again ends as though nothing had been."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from broken_off import assert_same, count, events, said, wait_for
from broken_projects import Projects

pytestmark = pytest.mark.slow

# Where and the how manieth time, in a training that has saved two or three times by then.
POINTS = (
    "step@31",
    "backward@14",
    "weights-file@3",
    "before-manifest@3",
    "before-rename@3",
    "after-rename@3",
    "rotation@2",
    "validation@60",
)
KILLS = 20


def kill_at(point: str, projects: Projects, kind: str, folder: Path) -> None:
    assert projects.work(kind).run(folder, f"{point}:kill") == -signal.SIGKILL, said(folder)
    assert f"LARAS_FAULT: {point.replace('@', ' ')}" in said(folder)


@pytest.mark.parametrize(
    "point",
    [pytest.param(each, marks=pytest.mark.fault(row)) for row, each in enumerate(POINTS, 1)],
)
def test_killed_at_a_point_it_ends_as_never_killed(
    projects: Projects, tmp_path: Path, point: str
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    kill_at(point, projects, "full", folder)
    assert work.run(folder) == 0, said(folder)
    assert "Continuing from step" in said(folder)
    assert_same(folder, projects.unbroken("full"))


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 7, 8)
@pytest.mark.parametrize("kind", ["lora", "search"])
def test_killed_at_every_point_in_turn_it_ends_as_never_killed(
    projects: Projects, tmp_path: Path, kind: str
) -> None:
    work = projects.work(kind)
    folder = work.folder(tmp_path / "run")
    for point in POINTS:
        kill_at(point, projects, kind, folder)
    assert work.run(folder) == 0, said(folder)
    # In a search, a trial may be killed before it has saved anything.
    assert count(folder, "training_resumed") > len(POINTS) / 2
    assert_same(folder, projects.unbroken(kind))


@pytest.mark.fault(8)
@pytest.mark.parametrize("batches", [1, 2])
def test_killed_in_the_middle_of_the_evaluation_it_comes_to_the_same_figures(
    projects: Projects, tmp_path: Path, batches: int
) -> None:
    work = projects.evaluating()
    unbroken, broken = work.folder(tmp_path / "unbroken"), work.folder(tmp_path / "broken")
    assert work.run(unbroken) == 0, said(unbroken)
    assert work.run(broken, f"evaluation@{batches}:kill") == -signal.SIGKILL, said(broken)
    assert not (broken / "verdict.json").exists()
    assert work.run(broken) == 0, said(broken)
    assert judged(broken) == judged(unbroken)
    assert_same(broken, unbroken)


def judged(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every prediction, and every figure but what was measured of the machine."""
    contender = folder / "contenders" / "full"
    scores = json.loads((contender / "scores.json").read_text(encoding="utf-8"))
    return pq.read_table(contender / "predictions.parquet").to_pylist(), {
        key: value for key, value in scores.items() if key != "cost"
    }


@pytest.mark.fault(9)
@pytest.mark.parametrize("kind", ["full", "lora", "search"])
def test_killed_twenty_times_at_random_it_ends_as_never_killed(
    projects: Projects, tmp_path: Path, kind: str
) -> None:
    work, chance = projects.work(kind), random.Random(kind)
    unbroken = projects.unbroken(kind)
    in_training_s = 2 * training_s(unbroken) / KILLS
    folder, kills = work.folder(tmp_path / "0"), 0
    while kills < KILLS:
        planned = count(folder, "training_planned")
        process = work.start(folder)
        if chance.random() < 0.2:  # while it starts, looks for checkpoints or reads them
            time.sleep(chance.uniform(0.0, 6.0))
        else:
            wait_for(
                lambda begun=planned, it=process: (  # type: ignore[misc]
                    count(folder, "training_planned") > begun or it.poll() is not None  # noqa: B023
                ),
                process,
            )
            time.sleep(chance.uniform(0.0, in_training_s))
        process.kill()
        if process.wait() == -signal.SIGKILL:
            kills += 1
            continue
        assert process.returncode == 0, said(folder)
        assert_same(folder, unbroken)
        folder = work.folder(tmp_path / str(kills))
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, unbroken)


def training_s(folder: Path) -> float:
    """How long the steps of a run took."""
    times = [event["t"] for event in events(folder) if event["kind"] == "step_done"]
    return float(times[-1] - times[0])
