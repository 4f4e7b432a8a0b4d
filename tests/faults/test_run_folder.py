"""A run folder that is not to be written, is gone, or leads somewhere else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from broken_off import count, said, wait_for
from broken_projects import Projects
from laras import workflow
from laras.errors import MemoryExhausted, StorageFailed
from laras.runs.faults import armed
from laras.runs.lock import LOCK_NAME, boot_id, holder
from laras.tuning import stepper
from small_project import small_project

SETTINGS = ("tuning.batch_tokens=128", "tuning.checkpoint_every_steps=1")


@pytest.mark.slow
@pytest.mark.fault(24)
def test_a_second_run_in_the_same_folder_is_refused_and_harms_nothing(
    projects: Projects, tmp_path: Path
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with work.start(folder, "backward@5:wait") as first:
        wait_for(lambda: count(folder, "step_done") >= 4, first, folder)
        assert holder(folder) == first.pid
        assert work.run(folder) == 6
        assert str(first.pid) in said(folder)
        assert first.wait() == 0
    assert holder(folder) is None


@pytest.mark.slow
@pytest.mark.fault(25)
def test_the_lock_of_a_killed_process_or_of_before_a_reboot_is_taken_over(
    projects: Projects, tmp_path: Path
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    assert work.run(folder, "step@9:kill") == -signal.SIGKILL
    owner = json.loads((folder / LOCK_NAME).read_text())
    assert owner["boot_id"] == boot_id()
    assert holder(folder) is None, "its process is dead"
    # Its pid was given to another process; the machine was started anew.
    for changes in ({"pid": os.getpid()}, {"pid": os.getpid(), "boot_id": "another"}):
        (folder / LOCK_NAME).write_text(json.dumps(owner | changes))
        assert holder(folder) is None
    assert work.run(folder) == 0, said(folder)


@pytest.mark.slow
@pytest.mark.fault(27)
def test_a_run_folder_that_is_deleted_meanwhile_ends_the_run_and_stays_away(
    projects: Projects, tmp_path: Path
) -> None:
    work = projects.work("full")
    folder = work.folder(tmp_path / "run")
    with work.start(folder, "backward@6:wait") as process:
        wait_for(lambda: count(folder, "step_done") >= 5, process, folder)
        # Moved first: what is being written there would else hinder the deletion itself.
        shutil.rmtree(folder.rename(tmp_path / "going"), ignore_errors=True)
        assert process.wait() == 6
    assert "gone" in said(folder)
    assert "Traceback" not in said(folder)
    assert not folder.exists()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = small_project(tmp_path_factory.mktemp("project"))
    workflow.prepare(recipe, run_folder=recipe.parent / "prepared")
    return recipe


@pytest.fixture(scope="module")
def stopped_run(recipe: Path) -> Path:
    """A run whose training ended after three steps."""
    folder = recipe.parent / "stopped"
    shutil.copytree(recipe.parent / "prepared", folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stepper, "fault_point", armed("backward@4:oom"))
        with pytest.raises(MemoryExhausted):
            workflow.tune(recipe, run_folder=folder, overrides=SETTINGS)
    return folder


@pytest.fixture
def stopped(stopped_run: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(stopped_run, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.fault(28)
@pytest.mark.parametrize("link", ["checkpoints", "checkpoints/step-3", "best.safetensors"])
def test_a_checkpoint_that_is_a_link_is_refused_and_nothing_behind_it_changes(
    recipe: Path, stopped: Path, tmp_path: Path, link: str
) -> None:
    path = stopped / "contenders/full" / link
    elsewhere = tmp_path / "elsewhere"
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.write_bytes(b"not yours")
    path.symlink_to(elsewhere)
    files = [each for each in (elsewhere, *elsewhere.rglob("*")) if each.is_file()]
    before = {each: each.read_bytes() for each in files}
    with pytest.raises(StorageFailed) as refused:
        workflow.tune(recipe, run_folder=stopped, overrides=SETTINGS)
    assert refused.value.identifier == "runs.outside"
    assert str(path) in str(refused.value)
    assert {each: each.read_bytes() for each in before} == before


@pytest.mark.slow
@pytest.mark.fault(26)
def test_a_read_only_disk_is_refused_before_anything_is_done(
    projects: Projects, tmp_path: Path
) -> None:
    if not shutil.which("unshare"):
        pytest.skip("no unshare here")
    folder = tmp_path / "disk" / "run"
    shutil.copytree(projects.work("full").folder(tmp_path / "prepared"), folder)
    read_only = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    before = ("unshare", "-rm", "sh", "-c", read_only, "sh", str(folder.parent))
    probe = subprocess.run([*before, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("no mounts are allowed here")
    work = replace(projects.work("full"), before=before)
    assert work.run(folder) == 6
    assert "runs.not-writable" in said(folder)
    assert count(folder, "training_planned") == 0
