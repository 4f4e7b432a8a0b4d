"""``laras chat``: the conversation's own rules, whoever answers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from laras.cli.chat import choose_contender, command, talk
from laras.errors import UsageError
from laras.runs.folder import Run


class Echo:
    """Answers with what it was told, in two pieces; remembers resets."""

    def __init__(self) -> None:
        self.resets = 0

    def answer(self, text: str) -> Iterator[str]:
        yield from ("you said ", f"{text}\x1b[31m")

    def reset(self) -> None:
        self.resets += 1


def test_lines_from_a_pipe_are_answered_until_quit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n\n/reset\nagain\n/quit\nnever\n"))
    echo = Echo()
    talk(echo, "lora")  # type: ignore[arg-type]
    assert capsys.readouterr().out == "you said hello[31m\nyou said again[31m\n"
    assert echo.resets == 1


def run_with(folder: Path, *names: str, recommended: str | None = None) -> Path:
    with Run.open(folder / "run") as run:
        for name in names:
            run.contender(name)
        if recommended:
            run.write_json("verdict.json", {"recommendation": recommended})
    return folder / "run"


def test_the_recommended_contender_talks(tmp_path: Path) -> None:
    assert (
        choose_contender(run_with(tmp_path, "base", "lora", "full", recommended="full"), None)
        == "full"
    )


def test_before_a_verdict_a_tuned_one_talks(tmp_path: Path) -> None:
    assert choose_contender(run_with(tmp_path, "base", "lora"), None) == "lora"


def test_a_mistyped_contender_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        choose_contender(run_with(tmp_path, "base", "lora"), "lara")
    assert caught.value.hint == "Did you mean 'lora'?"


@pytest.mark.parametrize("verdict", [5, [1], {"recommendation": [1]}])
def test_a_verdict_of_another_kind_counts_as_missing(tmp_path: Path, verdict: object) -> None:
    folder = run_with(tmp_path, "base", "lora")
    (folder / "verdict.json").write_text(json.dumps(verdict))
    assert choose_contender(folder, None) == "lora"


def test_bytes_that_are_no_text_are_replaced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for errors in ("strict", "surrogateescape"):
        stdin = io.TextIOWrapper(io.BytesIO(b"caf\xe9?\n"), encoding="utf-8", errors=errors)
        monkeypatch.setattr("sys.stdin", stdin)
        talk(Echo(), "lora")  # type: ignore[arg-type]
        assert capsys.readouterr().out == "you said caf\ufffd?[31m\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("caf\udce9?\n"))
    talk(Echo(), "lora")  # type: ignore[arg-type]
    assert capsys.readouterr().out == "you said caf\ufffd?[31m\n"


@pytest.mark.parametrize("temperature", ["nan", "inf", "-1"])
def test_a_temperature_that_is_no_finite_number_is_refused(
    tmp_path: Path, temperature: str
) -> None:
    result = CliRunner().invoke(command(), [str(tmp_path), "--temperature", temperature])
    assert result.exit_code == 2
    assert "temperature" in result.output
