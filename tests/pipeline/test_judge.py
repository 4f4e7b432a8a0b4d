"""A judge in a whole run: said beside the verdict, lost without loss, and asked once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge_server import JudgeServer, judge_server, longer
from laras.cli.main import main
from small_project import small_project


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        running.plays = longer
        yield running


def test_a_run_stands_without_its_judge_and_goes_on_with_it(
    tmp_path: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    changes = [
        "comparison.contenders=[base, full]",
        *("tuning.learning_rate=0.3", "evaluation.checks=[]"),
        f"evaluation.judge={{endpoint: '{server.address}', model: referee, parallel: 1}}",
    ]
    recipe = small_project(tmp_path)
    command = ["run", str(recipe), "--run", str(folder), "--lang", "en"]
    for change in changes:
        command += ["--set", change]
    server.fails_after = 3

    assert main(command) == 0
    assert "HTTP 401" in capsys.readouterr().out
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["judge"]["trouble"]
    assert verdict["judge"]["cost"]["calls"] == 3
    assert (folder / "report.html").exists()
    names = ("model/model.safetensors", "predictions.parquet")
    made = [folder / "contenders/full" / name for name in names]
    before = [path.stat().st_mtime_ns for path in made]

    server.fails_after = None
    assert main([*command, "--set", "evaluation.judge.timeout_s=60.0"]) == 0
    known = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    judged = known["judge"]
    (only,) = judged["comparisons"]
    assert judged["trouble"] is None
    assert (only["first"], only["second"], only["unusable"]) == ("base", "full", 0)
    assert only["rows"] == judged["rows"] > 2
    # Asked once for each order of what differs, the failure apart. Whatever is asked of a judge,
    # nobody is trained or evaluated again for it.
    assert len(server.requests) == 1 + 2 * (only["rows"] - only["identical"])
    assert [path.stat().st_mtime_ns for path in made] == before
    # The verdict is what it was without the judge.
    assert {**known, "judge": None} == {**verdict, "judge": None}
    page = (folder / "verdict.md").read_text(encoding="utf-8")
    assert "## A language model as judge" in page
    assert "referee" in page
    assert '"full"' not in json.dumps(server.requests)
