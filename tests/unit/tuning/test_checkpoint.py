"""Checkpoints: there in full or passed over by name, whatever happened to them."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path

import pytest
import torch

from laras.errors import StorageFailed
from laras.models.tensors import write_tensors
from laras.tuning.checkpoint import Checkpoints, TrainingState

FILES = (
    "weights.safetensors",
    "best.safetensors",
    "optimizer.safetensors",
    "random.safetensors",
    "state.json",
)


def save(checkpoints: Checkpoints, step: int, key: str = "key") -> None:
    weights = {"a": torch.full((64,), float(step))}
    optimizer = {"a//exp_avg": torch.ones(64)}
    best = checkpoints.folder.parent / "best.safetensors"
    write_tensors(best, {"a": torch.full((64,), float(step) / 2)})
    checkpoints.save(TrainingState(key=key, step=step), weights, optimizer, best)
    best.unlink()


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    made = Checkpoints(tmp_path / "checkpoints", keep=2)
    for step in (10, 20):
        save(made, step)
    return made


def test_newest_is_found_and_restored(checkpoints: Checkpoints) -> None:
    folder, state, skipped = checkpoints.newest("key")
    assert state is not None
    assert folder is not None
    assert (state.step, skipped) == (20, [])
    weights, optimizer, random_states = checkpoints.restore(folder)
    assert weights["a"].tolist() == [20.0] * 64
    assert "a//exp_avg" in optimizer
    assert torch.equal(random_states["cpu"], torch.get_rng_state())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_checkpoint_is_passed_over_by_name(
    checkpoints: Checkpoints, name: str, damage: str
) -> None:
    path = checkpoints.folder / "step-20" / name
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[-3] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    _folder, state, skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 10
    assert [entry.name for entry in skipped] == ["step-20"]
    assert name in skipped[0].reason


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"format": 99, "files": {}}'])
def test_a_manifest_that_makes_no_sense_passes_the_checkpoint_over(
    checkpoints: Checkpoints, content: str
) -> None:
    (checkpoints.folder / "step-20" / "MANIFEST.json").write_text(content)
    _folder, state, skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 10
    assert len(skipped) == 1


def test_an_empty_folder_with_the_highest_number_is_passed_over(checkpoints: Checkpoints) -> None:
    (checkpoints.folder / "step-30").mkdir()
    _folder, state, _skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 20


def test_rotation_goes_by_number_not_by_the_clock(checkpoints: Checkpoints) -> None:
    for step, age in ((10, 0), (20, 1000)):  # the newer one looks older
        os.utime(checkpoints.folder / f"step-{step}", (age, age))
    save(checkpoints, 30)
    names = sorted(path.name for path in checkpoints.folder.iterdir())
    assert names == ["step-20", "step-30"]


def test_checkpoints_of_other_settings_never_push_out_the_one_just_saved(
    checkpoints: Checkpoints,
) -> None:
    save(checkpoints, 5, key="new")
    _folder, state, _skipped = checkpoints.newest("new")
    assert state is not None
    assert state.step == 5


def test_a_file_size_limit_ends_as_a_storage_failure(checkpoints: Checkpoints) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        with pytest.raises(StorageFailed):
            save(checkpoints, 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    _folder, state, _skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 20


def test_another_runs_checkpoint_is_not_used(checkpoints: Checkpoints) -> None:
    folder, state, skipped = checkpoints.newest("another key")
    assert (folder, state) == (None, None)
    assert len(skipped) == 2


def test_what_a_kill_left_half_written_is_swept_away(checkpoints: Checkpoints) -> None:
    half = checkpoints.folder / ".step-30.abc.tmp"
    half.mkdir()
    (half / "weights.safetensors").write_bytes(b"half")
    _folder, state, _skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 20
    assert not half.exists()


def test_without_room_the_old_checkpoint_stays(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(checkpoints.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100))
    with pytest.raises(StorageFailed) as error:
        save(checkpoints, 30)
    assert error.value.exit_code == 6
    monkeypatch.undo()
    _folder, state, _skipped = checkpoints.newest("key")
    assert state is not None
    assert state.step == 20


def test_no_file_of_a_checkpoint_is_a_pickle(checkpoints: Checkpoints) -> None:
    folder = checkpoints.folder / "step-20"
    assert {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}
    json.loads((folder / "state.json").read_text())
