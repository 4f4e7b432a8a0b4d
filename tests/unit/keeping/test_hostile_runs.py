"""Run folders that somebody has tampered with: told, refused or passed over; never followed, hung
on, or deleted from."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from laras.cli.main import main
from laras.cli.printable import one_line
from laras.errors import LarasError, StorageFailed, UsageError
from laras.keeping.comparison import compare_results
from laras.keeping.leavings import Leaving, leavings, remove
from laras.keeping.reproduction import reproduce
from laras.keeping.soundness import look
from laras.keeping.survey import find_runs, glance
from laras.runs.events import read_events
from laras.runs.folder import Run
from laras.runs.progress import Silent

DEEP = "[" * 100_000


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with nothing but an event."""
    with Run.open(tmp_path / "runs/one") as opened:
        opened.event("run_started")
        opened.write_text("recipe.yaml", "")
        opened.write_json("origin.json", {})
    return tmp_path / "runs/one"


def problems(folder: Path) -> dict[str, str]:
    return {each.path: each.problem for each in look(folder) if each.problem is not None}


@pytest.mark.fault(28)
@pytest.mark.parametrize("link", ["contenders", "contenders/full", "data", "data/tokens", "stages"])
def test_nothing_is_deleted_through_a_link(run: Path, tmp_path: Path, link: str) -> None:
    for path in ("contenders/full/checkpoints/step-1", "data/tokens", "data/clean/k", "stages"):
        (run / path).mkdir(parents=True)
        (run / path / "kept").write_text("mine")
    key = {"key": "k", "outputs": {}}
    (run / "stages/tune-full.json").write_text(json.dumps(key))
    (run / "contenders/full/training.json").write_text(json.dumps({"for": "k"}))
    (run / "stages/prepare.json").write_text("{}")
    inner = {"outputs": {"folder": {"path": "data/clean/k", "files": {}}}}
    (run / "stages/prepare-clean.json").write_text(json.dumps(inner))
    (run / link).rename(tmp_path / "elsewhere")
    (run / link).symlink_to(tmp_path / "elsewhere")
    before = sorted((tmp_path / "elsewhere").rglob("*"))
    assert main(["runs", "clean", str(run), "--yes", "--begun"]) == 0
    assert sorted((tmp_path / "elsewhere").rglob("*")) == before
    with pytest.raises(StorageFailed) as raised:
        remove(run, [Leaving(f"{link}/kept", 1, "")])
    assert raised.value.identifier == "runs.outside"


@pytest.mark.parametrize("output", [".", "contenders", "data", "data/tune", "data/clean/../.."])
def test_a_forged_record_deletes_nothing(run: Path, output: str) -> None:
    (run / "contenders/full").mkdir(parents=True)
    (run / "data/clean").mkdir(parents=True)
    (run / "stages").mkdir()
    (run / "stages/prepare.json").write_text("{}")
    forged = {"outputs": {"folder": {"path": output, "files": {}}}}
    (run / "stages/prepare-clean.json").write_text(json.dumps(forged))
    assert leavings(run) == []


@pytest.mark.parametrize(
    "name", ["events.jsonl", "run.lock", "verdict.json", "stages/prepare-a.json", "recipe.yaml"]
)
def test_a_pipe_among_a_runs_files_hangs_nobody(run: Path, name: str) -> None:
    (run / "stages").mkdir()
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    assert [each.folder for each in find_runs(run.parent)] == [run]
    glance(run)
    look(run)
    leavings(run)
    main(["runs", "clean", str(run), "--yes"])


@pytest.mark.parametrize("time", ["NaN", "Infinity", "1e300", "1" + "0" * 400, "-5", DEEP])
def test_odd_times_and_deep_lines_break_no_list(
    run: Path, time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (run / "events.jsonl").open("a") as events:
        events.write(f'{{"t": {time}, "kind": "odd"}}\n')
    (run / "stages").mkdir()
    (run / "stages/odd.json").write_text(f'{{"seconds": {time}}}')
    (run / "verdict.json").write_text(DEEP)
    (run / "run.lock").write_text('{"pid": -7, "process_started": NaN}')
    read_events(run)
    for verb in (["list", str(run.parent)], ["show", str(run)]):
        assert main(["runs", *verb]) == 0
        assert main(["runs", *verb, "--json"]) == 0
    assert main(["runs", "verify", str(run)]) == 6
    assert "verdict.json: can't be read" in capsys.readouterr().out


def test_a_run_that_can_not_be_read_is_named_beside_the_others(run: Path) -> None:
    shutil.copytree(run, bad := run.with_name("bad"))
    (bad / "events.jsonl").unlink()
    (bad / "events.jsonl").mkdir()
    states = {each.folder.name: each.state for each in find_runs(run.parent)}
    assert states == {"bad": "unreadable", "one": "unfinished"}


@pytest.mark.parametrize("files", [[], {"n" * 5000: "x"}, {"a\0b": "x"}, None])
def test_a_record_of_odd_files_is_told_and_not_raised(run: Path, files: object) -> None:
    record = {"key": "k", "outputs": {"model": {"path": "data", "files": files}}}
    (run / "stages").mkdir()
    (run / "stages/odd.json").write_text(json.dumps(record))
    assert problems(run)
    assert Run.read(run).stage("odd", "k").damaged


def test_what_a_finished_run_has_lost_or_nobody_has_recorded_is_no_sound_part(done: Path) -> None:
    (done / "contenders/base/model").mkdir()
    assert problems(done) == {"contenders/base/model": "no record of it"}
    verdict = (done / "verdict.json").read_text()
    (done / "verdict.json").write_text(verdict.replace('"base"', '"Base"'))
    assert problems(done)["verdict.json"] == "not what the run has left"
    (done / "verdict.json").write_text(verdict)
    for name in ("manifest.json", "recipe.yaml", "report.html", "verdict.md"):
        (done / name).unlink()
        assert problems(done)[name] == "missing"
    shutil.rmtree(done / "stages")
    told = problems(done)
    assert told["stages/tune-full.json"] == told["stages/evaluate-base.json"] == "missing"
    assert told["contenders/full/model"] == "no record of it"
    (done / "verdict.json").unlink()
    assert problems(done)["verdict.json"] == "missing"


def test_what_the_first_run_has_lost_is_not_the_same(done: Path, tmp_path: Path) -> None:
    shutil.copytree(done, other := tmp_path / "other")
    shutil.rmtree(done / "contenders/full/model")
    (done / "contenders/base/predictions.parquet").unlink()
    (done / "verdict.json").unlink()
    lost = {each.name for each in compare_results(done, other) if each.difference is not None}
    assert {
        "contenders/full/model/model.safetensors",
        "contenders/base/predictions.parquet",
        "verdict.json",
    } <= lost


def test_a_reproduction_is_refused_before_any_work(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(second: Path | None = None) -> str:
        with pytest.raises(LarasError) as raised:
            reproduce(done, second, Silent())
        assert not (done.parent / "done-again").exists()
        return raised.value.identifier

    shutil.copytree(done, tmp_path / "other")
    assert refused(tmp_path / "other") == "reproduce.other-folder"
    assert refused(done / "again") == "reproduce.same-folder"
    events = (done / "events.jsonl").read_text()
    for odd in ('"x"', "0", "-1", "100000", "true"):
        line = f'{{"kind": "training_planned", "contender": "full", "processes": {odd}}}\n'
        (done / "events.jsonl").write_text(events + line)
        assert refused() == "reproduce.processes"
    (done / "events.jsonl").write_text(events)
    monkeypatch.chdir(done / "data")
    (done.parent / "done-again").symlink_to(tmp_path / "other")
    with pytest.raises(UsageError) as raised:  # ".." has a name, too: the folder beside it
        reproduce(Path(".."), None, Silent())
    assert raised.value.identifier == "reproduce.other-folder"
    (done.parent / "done-again").unlink()
    recipe = (done / "recipe.yaml").read_text()
    (done / "recipe.yaml").write_text(recipe + "# edited\n")
    assert refused() == "reproduce.other-recipe"
    (done / "recipe.yaml").write_text(recipe)
    (done / "manifest.json").unlink()
    (done / "manifest.json").mkdir()
    assert refused() == "runs.damaged"


def test_a_folder_that_is_not_there_is_refused_and_names_are_written_out(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "list", str(run / "absent")]) == 2
    assert main(["runs", "list", str(run / "events.jsonl")]) == 2
    shutil.copytree(run, run.with_name("a\nb\u200bc"))
    assert main(["runs", "show", str(run.with_name("a\nb\u200bc"))]) == 0
    assert "a\\x0ab\\u200bc" in capsys.readouterr().out
    assert one_line("\udc80\t") == "\\udc80\\x09"
