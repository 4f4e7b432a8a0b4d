"""The lock where the kernel has none to give: pid, boot id and start time decide."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from laras.errors import StorageFailed
from laras.runs import lock
from laras.runs.lock import LOCK_NAME, RunLock


@pytest.fixture
def _without_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "fcntl", None)


def left_behind(folder: Path, **changes: object) -> None:
    """A lock file as this very process would have written it, with changes."""
    taken = RunLock(folder)
    owner = json.loads((folder / LOCK_NAME).read_text())
    taken.release()
    (folder / LOCK_NAME).write_text(json.dumps(owner | changes))


@pytest.mark.usefixtures("_without_flock")
def test_a_living_owner_keeps_the_lock(tmp_path: Path) -> None:
    left_behind(tmp_path)
    with pytest.raises(StorageFailed, match=str(os.getpid())):
        RunLock(tmp_path)


@pytest.mark.usefixtures("_without_flock")
def test_a_process_of_another_machine_counts_as_alive(tmp_path: Path) -> None:
    left_behind(tmp_path, host="another", boot_id="of-another")
    with pytest.raises(StorageFailed, match=str(os.getpid())):
        RunLock(tmp_path)


@pytest.mark.fault(25)
@pytest.mark.usefixtures("_without_flock")
@pytest.mark.parametrize(
    "changes",
    [
        {"boot_id": "before-the-reboot"},
        {"process_started": 1.0},  # the pid was given to another process
        {"pid": 2**22 + 1},
        {"pid": "nonsense"},
    ],
)
def test_a_stale_lock_is_taken_over(tmp_path: Path, changes: dict[str, object]) -> None:
    left_behind(tmp_path, **changes)
    taken = RunLock(tmp_path)
    assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()
    taken.release()


@pytest.mark.fault(25)
def test_with_flock_a_lock_file_left_behind_means_nothing(tmp_path: Path) -> None:
    left_behind(tmp_path)
    RunLock(tmp_path).release()


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("keep me")
    (tmp_path / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed):
        RunLock(tmp_path)
    assert (tmp_path / "elsewhere").read_text() == "keep me"
