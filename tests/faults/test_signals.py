"""SIGTERM and Ctrl-C: what was trained is saved, or what was saved before stays whole."""

from __future__ import annotations

import os
import pty
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broken_off import (
    PATIENCE_S,
    UNPUBLISHED,
    Work,
    assert_same,
    checkpoints,
    published,
    said,
    steps,
    wait_for,
)
from broken_projects import Projects

pytestmark = pytest.mark.slow
INTERRUPTED = 5
CTRL_C = b"\x03"


def last_step(folder: Path) -> int:
    return max(step for _trial, name, step in steps(folder) if name in ("full", "lora"))


@pytest.mark.fault(10)
@pytest.mark.parametrize("kind", ["full", "lora"])
def test_sigterm_saves_the_step_under_way_and_the_same_command_goes_on(
    projects: Projects, tmp_path: Path, kind: str
) -> None:
    work = projects.work(kind)
    folder = work.folder(tmp_path / "run")
    assert work.run(folder, "step@32:term") == INTERRUPTED, said(folder)
    reached = last_step(folder)
    assert checkpoints(folder)[-1] == reached
    assert work.run(folder) == 0, said(folder)
    assert f"Continuing from step {reached}" in said(folder)
    assert_same(folder, projects.unbroken(kind))


SAVING = ("saving", "weights-file", "before-manifest", "before-rename", "after-rename", "rotation")


@pytest.mark.fault(12)
@pytest.mark.parametrize("point", SAVING)
def test_sigterm_during_a_save_leaves_whole_checkpoints_only(
    projects: Projects, tmp_path: Path, point: str
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    assert work.run(folder, f"{point}@2:term") == INTERRUPTED, said(folder)
    assert checkpoints(folder)[-1] == last_step(folder)
    assert not [path for path in folder.rglob("*") if UNPUBLISHED.fullmatch(path.name)]
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, projects.unbroken("full"))


class Terminal:
    """A terminal that a command runs in: keys go in, and all it shows is kept."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.shown = b""

    def press(self, key: bytes) -> None:
        os.write(self._master, key)

    def read(self) -> None:
        while True:
            try:
                block = os.read(self._master, 4096)
            except OSError:  # how Linux tells that nobody has the terminal open any more
                return
            if not block:
                return
            self.shown += block


@contextmanager
def typing(work: Work, folder: Path, fault: str) -> Iterator[tuple[Terminal, list[int]]]:
    """A terminal with the command in it, which has come to ``fault``; its exit code afterwards."""
    master, slave = pty.openpty()
    terminal, code = Terminal(master), []
    reader = threading.Thread(target=terminal.read)
    process = work.start(folder, fault, slave)
    os.close(slave)
    reader.start()
    try:
        wait_for(lambda: b"LARAS_FAULT" in terminal.shown, process)
        yield terminal, code
        code.append(process.wait(PATIENCE_S))
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(master)


@pytest.mark.fault(11)
@pytest.mark.parametrize("point", ["step@32", "weights-file@2"])
def test_ctrl_c_saves_and_stops(projects: Projects, tmp_path: Path, point: str) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with typing(work, folder, f"{point}:wait") as (terminal, code):
        terminal.press(CTRL_C)
    assert code == [INTERRUPTED], terminal.shown
    assert b"everything is saved" in terminal.shown
    assert checkpoints(folder)[-1] == last_step(folder)
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, projects.unbroken("full"))


@pytest.mark.fault(11)
@pytest.mark.parametrize("point", ["step@32", "saving@3", "weights-file@3", "before-rename@3"])
def test_a_second_ctrl_c_stops_at_once_and_the_old_checkpoint_is_whole(
    projects: Projects, tmp_path: Path, point: str
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with typing(work, folder, f"{point}:wait") as (terminal, code):
        before, reached = published(folder), last_step(folder)
        terminal.press(CTRL_C)
        time.sleep(0.3)  # two that come as one are one
        terminal.press(CTRL_C)
    assert code == [INTERRUPTED], terminal.shown
    assert before
    if point.startswith("step"):
        assert last_step(folder) == reached, "it went on with the step"
        assert checkpoints(folder)[-1] >= before[-1]  # a save under way may have come to its end
    else:
        assert checkpoints(folder) == before, "it went on with the save"
    assert work.run(folder) == 0, said(folder)
    assert_same(folder, projects.unbroken("full"))
