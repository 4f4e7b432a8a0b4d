"""events.jsonl survives kills and full disks, on the writing and on the reading side."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import textwrap
from pathlib import Path

from laras.runs.folder import Run


def test_each_event_is_one_line_of_json_without_nan(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        run.event("step_done", loss=math.nan, name="zwei\nZeilen", path=tmp_path / "x")
    (line,) = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    event = json.loads(line, parse_constant=lambda word: word)
    assert event["loss"] is None
    assert event["name"] == "zwei\nZeilen"
    assert event["t"] > 1.6e9


def test_a_torn_last_line_is_passed_over_and_never_joined_to_the_next(tmp_path: Path) -> None:
    with Run.open(tmp_path / "run") as run:
        run.event("step_done", step=1)
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b'{"t": 1, "kind": "step_do')
    assert [event["step"] for event in Run.read(tmp_path / "run").events()] == [1]
    with Run.open(tmp_path / "run") as run:
        run.event("step_done", step=2)
        assert [event["step"] for event in run.events()] == [1, 2]


def test_a_full_disk_costs_events_but_not_the_run_and_the_gap_is_marked(tmp_path: Path) -> None:
    # A limit on file sizes fails like a full disk, and can be lifted again.
    code = """
        import resource, sys
        from laras.runs.folder import Run
        with Run.open(sys.argv[1]) as run:
            run.event("step_done", step=1)
            size = (run.folder / "events.jsonl").stat().st_size
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
            run.event("step_done", step=2)
            run.event("step_done", step=3)
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            run.event("step_done", step=4)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("events can't be written") == 1
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    facts = [json.loads(line) for line in lines]
    assert [fact.get("step") for fact in facts] == [1, None, 4]
    assert (facts[1]["kind"], facts[1]["count"]) == ("events_lost", 2)
