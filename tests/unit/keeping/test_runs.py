"""Runs listed, looked at, verified and cleaned: on a real run of a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from laras import workflow
from laras.cli.main import main
from laras.keeping.leavings import leavings, remove
from laras.keeping.soundness import look
from laras.keeping.survey import find_runs, glance, size_of
from laras.runs.folder import Run

SETTINGS = ("evaluation.checks=[]", "tuning.max_steps=2", "comparison.contenders=[base, full]")


def problems(folder: Path) -> dict[str, str]:
    return {each.path: each.problem for each in look(folder) if each.problem is not None}


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_runs_are_found_wherever_they_lie_and_told_at_a_glance(
    done: Path, stopped: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs/link").symlink_to(done)
    (tmp_path / "runs/other").mkdir()
    found = {each.folder.name: each for each in find_runs(tmp_path)}
    assert found.keys() == {"done", "stopped"}
    assert (found["done"].state, found["stopped"].state) == ("finished", "unfinished")
    assert found["done"].contenders == ["base", "full"]
    assert found["done"].recommended in ("base", "full")
    assert {"prepare", "tune-full", "evaluate-base"} <= found["done"].stages.keys()
    assert found["done"].size_bytes == size_of(done) > 100_000
    assert [each.folder for each in find_runs(done)] == [done]
    assert find_runs(tmp_path / "absent") == []


def test_a_run_that_is_written_to_is_told_with_its_pid(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        run.event("run_started")
        assert (glance(run.folder).state, glance(run.folder).pid) == ("running", os.getpid())
    assert (glance(tmp_path / "run").state, glance(tmp_path / "run").pid) == ("unfinished", None)


def test_a_glance_at_damaged_files_shows_the_rest(done: Path) -> None:
    (done / "verdict.json").write_text("{")
    (done / "stages/prepare.json").write_text("[]")
    assert glance(done).recommended is None
    assert glance(done).state == "finished"


def test_everything_a_run_has_left_is_sound(done: Path, stopped: Path) -> None:
    assert problems(done) == {}
    assert problems(stopped) == {}
    looked = {each.path for each in look(stopped)}
    assert {"contenders/full/checkpoints/step-2", "events.jsonl", "recipe.yaml"} <= looked


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("contenders/full/model/model.safetensors", "not what the stage tune-full left"),
        ("contenders/base/predictions.parquet", "not what the stage evaluate-base left"),
        ("data/test.parquet", "not what"),
        ("verdict.json", "can't be read"),
        ("stages/tune-full.json", "can't be read"),
        ("recipe.yaml", "not what the manifest names"),
    ],
)
def test_a_damaged_file_is_named(done: Path, path: str, problem: str) -> None:
    if path.endswith(".json"):
        (done / path).write_text("{")
    elif path == "recipe.yaml":
        (done / path).write_text((done / path).read_text() + "# edited\n")
    else:
        flip(done / path)
    assert problem in problems(done)[path]


def test_a_missing_file_and_a_damaged_checkpoint_are_named(done: Path, stopped: Path) -> None:
    (done / "contenders/full/model/config.json").unlink()
    assert problems(done)["contenders/full/model/config.json"] == "missing"
    flip(stopped / "contenders/full/checkpoints/step-2/optimizer.safetensors")
    assert problems(stopped) == {
        "contenders/full/checkpoints/step-2": "optimizer.safetensors is damaged"
    }


def test_a_torn_last_event_is_no_damage_and_one_in_the_middle_is(done: Path) -> None:
    events = done / "events.jsonl"
    content = events.read_bytes()
    events.write_bytes(content + b'{"t": 1')
    assert problems(done) == {}
    events.write_bytes(b"{broken\n" + content)
    assert problems(done) == {"events.jsonl": "1 line can't be read"}


def test_verify_ends_with_the_code_of_a_disk_that_failed(
    done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "verify", str(done)]) == 0
    assert "all sound" in capsys.readouterr().out
    flip(done / "contenders/full/model/model.safetensors")
    assert main(["runs", "verify", str(done), "--json"]) == 6
    told = json.loads(capsys.readouterr().out)
    (damaged,) = told["damaged"]
    assert damaged["path"] == "contenders/full/model/model.safetensors"


def test_what_may_go_is_shown_first_and_nothing_of_a_result_is_among_it(
    done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = size_of(done)
    assert main(["runs", "clean", str(done)]) == 0
    assert "--yes deletes it" in capsys.readouterr().out
    assert size_of(done) == before
    assert main(["runs", "clean", str(done), "--yes"]) == 0
    assert size_of(done) < before
    assert not (done / "data/tokens").exists()
    assert problems(done) == {}
    assert leavings(done) == []


def test_a_cleaned_run_is_still_done(project: Path, done: Path) -> None:
    remove(done, leavings(done))
    again = {"run_folder": done, "overrides": SETTINGS}
    workflow.run(project / "recipe.yaml", **again)  # type: ignore[arg-type]
    kinds = [event["kind"] for event in Run.read(done).events()]
    assert kinds.count("training_planned") == 1


def test_checkpoints_of_what_is_not_finished_stay_until_one_says_so(stopped: Path) -> None:
    assert not any("checkpoints" in each.path for each in leavings(stopped))
    begun = [each.path for each in leavings(stopped, begun=True)]
    assert "contenders/full/checkpoints" in begun
    remove(stopped, leavings(stopped, begun=True))
    assert not (stopped / "contenders/full/checkpoints").exists()


def test_what_a_finished_training_was_continued_from_may_go(done: Path) -> None:
    left = done / "contenders/full/checkpoints/step-1"
    left.mkdir(parents=True)
    assert "contenders/full/checkpoints" in [each.path for each in leavings(done)]


def test_nothing_is_deleted_while_somebody_writes(done: Path) -> None:
    code = "import sys; from laras.runs.folder import Run; r = Run.open(sys.argv[1]); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(done)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as writer:
        try:
            while glance(done).pid != writer.pid:
                assert writer.poll() is None
            assert main(["runs", "clean", str(done), "--yes"]) == 6
        finally:
            writer.communicate(b"\n")
    assert leavings(done)
