"""A run done again: the same to the byte, or what is not the same; and what can't be done again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from laras.cli.main import main
from laras.errors import UsageError
from laras.keeping.comparison import compare_data, compare_results, other_versions
from laras.keeping.reproduction import reproduce
from laras.runs.progress import Silent


def flip(path: Path) -> None:
    """One bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_same_run_again_is_the_same_to_the_byte(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", str(project / "runs/done"), "--quiet", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    again = project / "runs/done-again"
    assert told["run"] == str(again)
    names = {part["name"] for part in told["parts"]}
    assert {
        "full: training losses",
        "contenders/full/model/model.safetensors",
        "contenders/base/predictions.parquet",
        "contenders/full/scores.json",
        "data/train.parquet",
        "verdict.json",
    } <= names
    assert told["versions"] == []
    assert json.loads((again / "reproduction.json").read_text())["same"] is True


def test_what_is_not_the_same_is_named(done: Path, project: Path, tmp_path: Path) -> None:
    shutil.copytree(done, other := tmp_path / "other")
    flip(other / "contenders/full/model/model.safetensors")
    (other / "contenders/base/predictions.parquet").unlink()
    scores = json.loads((other / "contenders/full/scores.json").read_text())
    scores["metrics"]["perplexity"]["value"] += 1.0
    scores["cost"]["seconds"] += 1.0
    (other / "contenders/full/scores.json").write_text(json.dumps(scores))
    lines = (other / "events.jsonl").read_text().splitlines()
    changed = [
        line.replace('"loss": ', '"loss": 9') if '"step_done"' in line and '"step": 2' in line
        else line
        for line in lines
    ]  # fmt: skip
    (other / "events.jsonl").write_text("\n".join(changed) + "\n")
    found = {
        part.name: part.difference
        for part in compare_results(done, other)
        if part.difference is not None
    }
    assert found == {
        "full: training losses": "differ from step 2 on",
        "contenders/full/model/model.safetensors": "other bytes",
        "contenders/base/predictions.parquet": "missing",
        "contenders/full/scores.json": "differs in metrics.perplexity.value",
    }
    assert all(part.difference is None for part in compare_data(done, other))


def test_other_versions_and_another_machine_are_named() -> None:
    then = {"laras": "0.1.0", "libraries": {"torch": "2.12.0"}, "machine": {"cores": 4}}
    now = {"laras": "0.1.0", "libraries": {"torch": "2.13.0", "new": "1"}, "machine": {"cores": 2}}
    told = [(each.name, each.then, each.now) for each in other_versions(then, now)]
    assert told == [("torch", "2.12.0", "2.13.0"), ("cores", "4", "2")]


def test_data_or_a_base_that_have_changed_are_found_before_any_training(
    project: Path, done: Path, tmp_path: Path
) -> None:
    def refused(path: Path, content: bytes) -> UsageError:
        before = path.read_bytes()
        path.write_bytes(content)
        try:
            with pytest.raises(UsageError) as raised:
                reproduce(done, tmp_path / "again", Silent())
        finally:
            path.write_bytes(before)
        assert not (tmp_path / "again/contenders/full/model").exists()
        return raised.value

    rows = project / "questions.jsonl"
    error = refused(rows, b"\n".join(rows.read_bytes().splitlines()[:-3]))
    assert error.identifier == "reproduce.other-data"
    assert "These sources are not what they were: questions.jsonl." in str(error.hint)
    config = project / "llama/generation_config.json"
    base = config if config.exists() else project / "llama/config.json"
    assert refused(base, base.read_bytes() + b" ").identifier == "reproduce.other-model"


def test_what_can_not_be_done_again_says_why(done: Path, tmp_path: Path) -> None:
    cases: list[tuple[str, Any]] = [
        ("reproduce.same-folder", lambda: reproduce(done, done, Silent())),
        ("reproduce.no-folder", lambda: (_moved(done), reproduce(done, None, Silent()))),
        ("runs.not-found", lambda: reproduce(tmp_path / "absent", None, Silent())),
    ]
    for identifier, attempt in cases:
        with pytest.raises(UsageError) as raised:
            attempt()
        assert raised.value.identifier == identifier
    (done / "manifest.json").unlink()
    with pytest.raises(UsageError, match="no manifest"):
        reproduce(done, None, Silent())


def _moved(run: Path) -> None:
    origin = json.loads((run / "origin.json").read_text())
    origin["recipe_folder"] = "/nowhere/at/all"
    (run / "origin.json").write_text(json.dumps(origin))
