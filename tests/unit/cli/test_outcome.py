"""What verbs print: the table, the verdict, the data, the training."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laras.cli.outcome import show_data, show_scores, show_training
from laras.cli.progress import TerminalProgress, duration, status_line
from laras.cli.session import Session
from laras.cli.table import score_text
from laras.records import REJECTION_SCHEMA, Rejection, to_table
from laras.report.measures import measure
from laras.runs.folder import Run


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run folder as a finished run leaves it."""
    with Run.open(tmp_path / "run") as run:
        for name, value in (("lora", 12.34), ("base", 123.456)):
            perplexity = {"value": value, "low": value * 0.9, "high": value * 1.1, "n": 90}
            metrics = {"perplexity": perplexity, "macro_f1": {"value": None, "n": 0}}
            run.contender(name)
            run.write_json(f"contenders/{name}/scores.json", {"metrics": metrics})
        run.write_json(
            "verdict.json",
            {
                "recommendation": "lora",
                "sentence": "Use lora [bold].",
                "contenders": [{"name": "base"}, {"name": "lora"}],
            },
        )
        funnel = {"stage": "clean", "rows_in": 1200, "rows_out": 1100, "rejected": 100}
        run.write_json("data/audit.json", {"funnel": [funnel]})
        run.event("validation_done", contender="lora", step=1, loss=2.5)
        run.event("validation_done", contender="lora", step=2, loss=2.25)
        run.event("contender_finished", contender="lora", seconds=75.0, tokens=12345)
    return tmp_path / "run"


def test_the_table_has_the_base_first_and_each_interval(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_scores(finished, Session())
    lines = capsys.readouterr().out.splitlines()
    (header,) = [line for line in lines if "base" in line]
    assert header.split() == ["base", "lora"]
    (row,) = [line for line in lines if "Perplexity" in line]
    assert "123.46 (111.11–135.80)" in row
    assert "12.34 (11.11–13.57)" in row
    assert "Use lora [bold]." in lines
    assert "\x1b" not in "".join(lines)


def test_scores_are_json_for_programs(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_scores(finished, Session(json=True))
    printed = json.loads(capsys.readouterr().out)
    assert list(printed["scores"]) == ["base", "lora"]
    assert printed["verdict"]["recommendation"] == "lora"


def test_the_funnel_of_the_data_is_shown(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_data(finished, Session())
    assert "1,200" in capsys.readouterr().out


def test_training_is_summed_up_with_its_best_validation_loss(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_training(finished, Session())
    out = capsys.readouterr().out
    assert "1 min 15 s" in out
    assert "2.2500" in out


def test_a_training_that_was_given_up_gives_no_best_loss(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Run.open(finished) as run:
        run.event("training_planned", contender="lora")
        run.event("validation_done", contender="lora", step=1, loss=2.75)
        run.event("contender_finished", contender="lora", seconds=75.0, tokens=12345)
    show_training(finished, Session(json=True))
    (trained,) = json.loads(capsys.readouterr().out)["contenders"]
    assert trained["best_validation_loss"] == 2.75


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (12.4, "12 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")]
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_was_not_measured_is_a_dash() -> None:
    perplexity = measure("perplexity")
    assert score_text(None, perplexity) == score_text({"value": None}, perplexity) == "–"


def test_progress_without_a_terminal_is_one_line_a_stage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = TerminalProgress()
    progress.stage("prepare [data]", 10)
    for done in range(10):
        progress.advance(done + 1)
    progress.note("a note")
    progress.stage("tune", 3)
    progress.advance(3, loss=2.5, tokens_per_s=5400.0, eta_s=0.0)
    progress.finish()
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("✓ prepare [data]")
    assert "loss 2.500" in lines[2]


def test_the_status_tells_what_is_known() -> None:
    facts = {"loss": 2.3456, "tokens_per_s": 5400.4, "eta_s": 61.0, "epoch": 0.5}
    assert status_line(120, 300, facts) == "120/300  loss 2.346  5,400 tokens/s  1 min 1 s left"
    assert status_line(7, None, {"loss": None}) == "7"


@pytest.mark.fault(55)
def test_names_and_sentences_from_files_steer_no_terminal(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\x1b]0;title\x07\u202e"
    with Run.open(finished) as run:
        run.write_json("verdict.json", {"sentence": hostile, "contenders": []})
        row = {"stage": hostile, "rows_in": 1, "rows_out": 1, "rejected": 0}
        run.write_json("data/audit.json", {"funnel": [row]})
    show_scores(finished, Session())
    show_data(finished, Session())
    progress = TerminalProgress()
    progress.stage(hostile)
    progress.note(hostile)
    progress.finish()
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert text.count("\\x1b]0;title\\x07\\u202e") == 2
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_a_guessed_assistant_is_told_with_its_line_and_the_next_steps(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = 'assistant: ["' + "Layanan Anggota Koperasi Simpan Pinjam Telaga " * 5 + '"]'
    guess = Rejection("read", "guessed-assistant", "a.txt", detail=f"{line} (a clue)", rows=0)
    ledger = finished / "data" / "ledger.parquet"
    pq.write_table(to_table([guess], REJECTION_SCHEMA), ledger)
    show_data(finished, Session(), "laras run recipe.yaml")
    shown = capsys.readouterr().out
    assert line in shown
    assert f"laras inspect {finished}" in shown
    assert f"laras report {finished}" in shown
    assert "laras run recipe.yaml" in shown


def test_luck_and_what_more_data_would_bring_are_told_below_the_verdict(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Run.open(finished) as run:
        verdict = run.read_json("verdict.json")
        seeds, curve = [{"note": "lora with 3 seeds."}], [{"note": "The curve is flat."}]
        run.write_json("verdict.json", {**verdict, "seeds": seeds, "learning_curve": curve})
    show_scores(finished, Session())
    lines = capsys.readouterr().out.splitlines()
    assert lines.index("lora with 3 seeds.") > lines.index("Use lora [bold].")
    assert "The curve is flat." in lines
