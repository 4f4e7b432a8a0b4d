"""A command that trains, broken off and given again, held against the same one left alone.

Processes are real: ``python -m laras``. What two runs are compared by is everything that a training
decides: the bytes of the weights, and of each step its loss, its gradient and the rows it saw, also
of steps that were done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warm_start import Started, WarmStart

PATIENCE_S = 300.0  # for anything a test waits for, on a machine that does other work too
UNPUBLISHED = re.compile(r"\..*\.(tmp|old)")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "LARAS_LANG": "en"}


@dataclass(frozen=True, slots=True)
class Work:
    """``laras VERB RECIPE`` with settings. ``prepared``: a run folder that has the data already and
    is copied for each run; ``before``: what the command is started through; ``warm``: what starts
    it, if not a Python of its own."""

    verb: str
    recipe: Path
    settings: tuple[str, ...]
    prepared: Path | None = None
    before: tuple[str, ...] = ()
    warm: WarmStart | None = None

    def folder(self, path: Path) -> Path:
        """A new run folder at ``path``, with the data in it."""
        if self.prepared is not None:
            shutil.copytree(self.prepared, path)
        return path

    def start(
        self, folder: Path, fault: str = "", terminal: int | None = None
    ) -> subprocess.Popen[bytes] | Started:
        """The command, under way. What it says on stderr goes to a file beside ``folder``, or all
        to a ``terminal``."""
        chosen = [part for setting in self.settings for part in ("--set", setting)]
        arguments = [self.verb, str(self.recipe), "--run", str(folder), *chosen]
        environment = {**ONE_THREAD, "LARAS_FAULT": fault}
        null = os.open(os.devnull, os.O_RDWR)
        told = os.open(stderr_of(folder), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            streams = [null, null, told] if terminal is None else [terminal] * 3
            if self.warm is not None and not self.before:
                return self.warm.start(arguments, self.recipe.parent, environment, streams)
            return subprocess.Popen(
                [*self.before, sys.executable, "-m", "laras", *arguments],
                env={**os.environ, **environment},
                cwd=self.recipe.parent,
                **dict(zip(("stdin", "stdout", "stderr"), streams, strict=True)),  # type: ignore[call-overload]
            )
        finally:
            os.close(null)
            os.close(told)

    def run(self, folder: Path, fault: str = "") -> int:
        """The command, finished: its exit code."""
        with self.start(folder, fault) as process:
            return process.wait(PATIENCE_S)


def stderr_of(folder: Path) -> Path:
    """Where the last command in ``folder`` wrote what it had to say."""
    return folder.with_name(f"{folder.name}.stderr")


def said(folder: Path) -> str:
    """What the last command in ``folder`` had to say."""
    return stderr_of(folder).read_text(encoding="utf-8", errors="replace")


def wait_for(
    true: Callable[[], object],
    process: subprocess.Popen[bytes] | Started,
    folder: Path | None = None,
) -> None:
    """Return when ``true`` is; fails where the process ends before, or nothing comes of it."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        # It may have become true just before the end.
        if process.poll() is not None and not true():
            raise AssertionError(f"ended ({process.returncode}) {said(folder) if folder else ''}")
        assert time.monotonic() < deadline
        time.sleep(0.003)


def _logs(folder: Path) -> list[Path]:
    """The files of events of a run and of those in it."""
    while True:
        # What is saved there at this moment changes its name.
        with suppress(FileNotFoundError):
            return sorted(folder.rglob("events.jsonl"))


def events(folder: Path) -> list[dict[str, Any]]:
    """All whole events of a run and of the trials in it, each with the ``trial`` it belongs to."""
    found = []
    for path in _logs(folder):
        for line in path.read_bytes().split(b"\n"):
            try:
                event = json.loads(line)
            except ValueError:  # torn by the kill
                continue
            found.append({**event, "trial": path.parent.relative_to(folder).as_posix()})
    return found


def count(folder: Path, kind: str) -> int:
    """How many events of ``kind`` there are, as text: quick enough to be asked all the time."""
    mark = f'"kind": "{kind}"'.encode()
    return sum(path.read_bytes().count(mark) for path in _logs(folder))


Steps = dict[tuple[str, str, int], tuple[Any, ...]]


def steps(folder: Path) -> Steps:
    """What each step of each training came to. One that was done again came to the same."""
    found: Steps = {}
    for event in events(folder):
        if event["kind"] == "step_done":
            place = (event["trial"], event["contender"], event["step"])
            facts = ("loss", "gradient_norm", "learning_rate", "tokens", "rows_sha256")
            came_to = tuple(event[fact] for fact in facts)
            assert found.setdefault(place, came_to) == came_to, place
        elif event["kind"] == "validation_done":
            place = (event["trial"], f"validation {event['contender']}", event["step"])
            assert found.setdefault(place, (event["loss"],)) == (event["loss"],), place
    return found


def weights(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of weights that was delivered."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("model/*.safetensors"))
    }


def trials(folder: Path) -> list[dict[str, Any]]:
    """What a search wrote of its trials, but for the time that they took."""
    path = folder / "search" / "search.json"
    if not path.exists():
        return []
    told = json.loads(path.read_text(encoding="utf-8"))["trials"]
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in told]


def assert_same(broken: Path, unbroken: Path) -> None:
    """The outcome of both runs is the same to the bit, and nothing half done is left."""
    assert weights(unbroken), "nothing was trained"
    assert weights(broken) == weights(unbroken)
    assert steps(broken) == steps(unbroken)
    assert trials(broken) == trials(unbroken)
    assert left_over(broken) == []


def left_over(folder: Path) -> list[str]:
    """What a finished run should not hold: things that were never published, checkpoints."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if UNPUBLISHED.fullmatch(path.name) or re.fullmatch(r"checkpoints|step-\d+", path.name)
    ]


def checkpoints(folder: Path) -> list[int]:
    """Steps of the published checkpoints, every one of which is whole by its own manifest."""
    found = []
    for path in folder.rglob("step-*"):
        if re.fullmatch(r"step-\d+", path.name):
            manifest = json.loads((path / "MANIFEST.json").read_text(encoding="utf-8"))
            assert {"weights.safetensors", "optimizer.safetensors"} <= set(manifest["files"])
            for name, facts in manifest["files"].items():
                content = (path / name).read_bytes()
                assert hashlib.sha256(content).hexdigest() == facts["sha256"], path / name
            found.append(int(path.name.removeprefix("step-")))
    return sorted(found)


def published(folder: Path) -> list[int]:
    """Steps of the published checkpoints, without a look inside."""
    names = (path.name for path in folder.glob("**/checkpoints/step-*"))
    return sorted(int(name.removeprefix("step-")) for name in names if name[5:].isdigit())
