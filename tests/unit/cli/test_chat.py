"""``laras chat``: the conversation's own rules, whoever answers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from laras.cli.chat import choose_contender, talk
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
