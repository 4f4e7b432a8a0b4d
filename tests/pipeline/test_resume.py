"""SIGKILL in the middle of tuning, then the same command: the same weights, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_line import laras


def steps_of(folder: Path) -> list[dict[str, object]]:
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:  # the line being written right now
            continue
    return [event for event in events if event["kind"] == "step_done"]


def run_and_kill(command: list[str], folder: Path, cwd: Path, step: int) -> None:
    """Start the command and SIGKILL it once it told of ``step`` steps."""
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while len(steps_of(folder)) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.fault(9)
@pytest.mark.parametrize("method", ["full", "lora"])
def test_killed_and_started_again_equals_never_killed(
    recipe: Path, tmp_path: Path, method: str
) -> None:
    contender = "{lora: {dropout: 0.1}}" if method == "lora" else method
    settings = ["--set", f"comparison.contenders=[{contender}]"]
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    assert laras("tune", recipe, "--run", unbroken, *settings, cwd=tmp_path).returncode == 0

    command = [sys.executable, "-m", "laras", "tune", str(recipe), "--run", str(broken), *settings]
    run_and_kill(command, broken, tmp_path, step=7)
    assert not (broken / "contenders" / method / "model").exists(), "it was killed too late"
    done = laras("tune", recipe, "--run", broken, *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Continuing from step" in done.stderr

    name = "adapter_model.safetensors" if method == "lora" else "model.safetensors"
    file = Path("contenders") / method / "model" / name
    assert (broken / file).read_bytes() == (unbroken / file).read_bytes()
    losses = [
        {step["step"]: step["loss"] for step in steps_of(folder)} for folder in (unbroken, broken)
    ]
    assert losses[0] == losses[1]
    assert not list(broken.rglob("*.tmp"))


@pytest.mark.fault(10)
def test_sigterm_saves_and_exits_with_the_code_for_continue(recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "laras", "tune", str(recipe), "--run", str(folder)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while len(steps_of(folder)) < 4:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _out, error = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "continues" in error
    assert list((folder / "contenders/full/checkpoints").glob("step-*"))


@pytest.mark.fault(24)
def test_a_second_run_in_the_same_folder_is_refused_with_the_process_named(
    recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "laras", "tune", str(recipe), "--run", str(folder)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    while not steps_of(folder):
        assert process.poll() is None
        time.sleep(0.005)
    second = laras("tune", recipe, "--run", folder, cwd=tmp_path)
    process.kill()
    process.wait()
    assert second.returncode == 6
    assert str(process.pid) in second.stderr
