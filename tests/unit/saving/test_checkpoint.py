"""Checkpoints: there in full or passed over by name, whatever happened to them."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from laras.errors import StorageFailed
from laras.models.tensors import write_tensors
from laras.saving import checkpoint
from laras.saving.checkpoint import Best, Checkpoints, Contents
from laras.saving.state import TrainingState
from laras.saving.verified import Verified, read

FILES = (
    "weights.safetensors",
    "best.safetensors",
    "optimizer.safetensors",
    "random.safetensors",
    "state.json",
)


def save(checkpoints: Checkpoints, step: int, key: str = "key") -> None:
    contents = Contents(
        TrainingState(key=key, step=step, best_loss=1.5),
        {"a": torch.full((64,), float(step))},
        {"a//exp_avg": torch.ones(64)},
        {"cpu": torch.get_rng_state()},
    )
    best = checkpoints.folder.parent / "best.safetensors"
    facts = write_tensors(best, {"a": torch.full((64,), float(step) / 2)})
    checkpoints.save(contents, Best(best, facts))
    best.unlink()


def newest_step(checkpoints: Checkpoints, key: str = "key") -> int | None:
    found, _skipped = checkpoints.newest(key)
    return None if found is None else found.state.step


def names(checkpoints: Checkpoints) -> list[str]:
    return sorted(path.name for path in checkpoints.folder.iterdir())


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    made = Checkpoints(tmp_path / "checkpoints", keep=2)
    for step in (10, 20):
        save(made, step)
    return made


def test_the_newest_is_found_with_all_that_was_saved(checkpoints: Checkpoints) -> None:
    found, skipped = checkpoints.newest("key")
    assert found is not None
    assert skipped == []
    assert found.state == TrainingState(key="key", step=20, best_loss=1.5)
    assert load_file(found.folder / "weights.safetensors")["a"].tolist() == [20.0] * 64
    assert load_file(found.folder / "best.safetensors")["a"].tolist() == [10.0] * 64
    assert "a//exp_avg" in load_file(found.folder / "optimizer.safetensors")


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
    found, skipped = checkpoints.newest("key")
    assert found is not None
    assert found.state.step == 10
    assert [entry.name for entry in skipped] == ["step-20"]
    assert name in skipped[0].reason


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", "[]", "not json", "1e999", "[" * 100_000),
        *('{"format": null, "files": {}}', '{"format": 1, "files": {}}'),
        '{"format": 1, "files": 7}',
        '{"format": 1, "files": {"../step-10/state.json": {"bytes": 1, "sha256": ""}}}',
    ],
)
def test_a_manifest_that_makes_no_sense_passes_the_checkpoint_over(
    checkpoints: Checkpoints, content: str
) -> None:
    (checkpoints.folder / "step-20" / "MANIFEST.json").write_text(content)
    found, skipped = checkpoints.newest("key")
    assert found is not None
    assert found.state.step == 10
    assert [(entry.name, entry.damaged) for entry in skipped] == [("step-20", True)]


def test_a_checkpoint_in_the_format_of_another_version_is_an_error_that_says_so(
    checkpoints: Checkpoints,
) -> None:
    """To pass it over would be to do the work since the one before it again, unasked."""
    manifest = checkpoints.folder / "step-20" / "MANIFEST.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(StorageFailed, match="format 99") as raised:
        checkpoints.newest("key")
    assert raised.value.identifier == "tuning.checkpoint-version"
    assert "step-20" in str(raised.value.where)


@pytest.mark.parametrize(
    "state",
    [
        *("", "{}", "null", "[" * 100_000),
        *('{"key": "key", "step": "x"}', '{"key": "key", "another": 1}'),
    ],
)
def test_a_state_that_makes_no_sense_passes_the_checkpoint_over_also_with_its_right_hash(
    checkpoints: Checkpoints, state: str
) -> None:
    folder = checkpoints.folder / "step-20"
    (folder / "state.json").write_text(state)
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    digest = hashlib.sha256(state.encode()).hexdigest()
    manifest["files"]["state.json"] = {"bytes": len(state), "sha256": digest}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    found, (skipped,) = checkpoints.newest("key")
    assert found is not None
    assert found.state.step == 10
    assert skipped.damaged


def test_a_link_in_the_place_of_a_checkpoint_or_of_a_file_is_not_followed(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (checkpoints.folder / "step-20").rename(outside)
    (checkpoints.folder / "step-20").symlink_to(outside)
    weights = checkpoints.folder / "step-10" / "weights.safetensors"
    weights.rename(tmp_path / "weights")
    weights.symlink_to(tmp_path / "weights")
    found, skipped = checkpoints.newest("key")
    assert found is None
    assert [entry.name for entry in skipped] == ["step-20", "step-10"]
    assert isinstance(read(outside), Verified), "it is the link that is refused"


def test_an_empty_folder_with_the_highest_number_is_passed_over(checkpoints: Checkpoints) -> None:
    (checkpoints.folder / "step-30").mkdir()
    assert newest_step(checkpoints) == 20


@pytest.mark.fault(23)
def test_rotation_goes_by_number_not_by_the_clock(checkpoints: Checkpoints) -> None:
    for step, age in ((10, 0), (20, 1000)):  # the newer one looks older
        os.utime(checkpoints.folder / f"step-{step}", (age, age))
    save(checkpoints, 30)
    assert names(checkpoints) == ["step-20", "step-30"]


def test_checkpoints_of_other_settings_never_push_out_the_one_just_saved(
    checkpoints: Checkpoints,
) -> None:
    save(checkpoints, 5, key="new")
    assert newest_step(checkpoints, "new") == 5


def flip_a_bit_of(folder: Path) -> None:
    content = bytearray((folder / "weights.safetensors").read_bytes())
    content[-3] ^= 1
    (folder / "weights.safetensors").write_bytes(content)


def test_a_damaged_checkpoint_never_pushes_out_a_sound_one(checkpoints: Checkpoints) -> None:
    flip_a_bit_of(checkpoints.folder / "step-20")
    assert newest_step(checkpoints) == 10
    save(checkpoints, 25)
    assert names(checkpoints) == ["step-10", "step-25"]


def test_where_room_is_made_the_newest_sound_checkpoint_stays(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip_a_bit_of(checkpoints.folder / "step-20")
    assert newest_step(checkpoints) == 10
    monkeypatch.setattr(checkpoint.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=0))
    with pytest.raises(StorageFailed):
        save(checkpoints, 25)
    assert newest_step(checkpoints) == 10


def test_while_the_loss_rises_nothing_is_rotated_and_what_came_later_can_go(
    checkpoints: Checkpoints,
) -> None:
    contents = Contents(TrainingState(key="key", step=30), {}, {}, {"cpu": torch.get_rng_state()})
    checkpoints.save(contents, None, rotate=False)
    assert names(checkpoints) == ["step-10", "step-20", "step-30"]
    checkpoints.drop_after(20)
    assert names(checkpoints) == ["step-10", "step-20"]
    checkpoints.drop_after(5)
    assert names(checkpoints) == ["step-10", "step-20"], "there is none before"


def test_best_weights_share_their_blocks_with_one_checkpoint_at_most(tmp_path: Path) -> None:
    made = Checkpoints(tmp_path / "checkpoints", keep=3)
    best = tmp_path / "best.safetensors"
    facts = write_tensors(best, {"a": torch.ones(64)})
    for step in (10, 20, 30):
        state = TrainingState(key="key", step=step, best_loss=1.5)
        random = {"cpu": torch.get_rng_state()}
        made.save(Contents(state, {"a": torch.ones(64)}, {}, random), Best(best, facts))
    places = {(made.folder / f"step-{step}/{best.name}").stat().st_ino for step in (10, 20, 30)}
    assert len(places) == 3
    best.write_bytes(best.read_bytes()[:-1] + b"!")  # goes bad
    with pytest.raises(StorageFailed, match="no longer what was written"):
        made.save(
            Contents(TrainingState(key="key", step=40, best_loss=1.5), {}, {}, random),
            Best(best, facts),
        )
    assert newest_step(made) == 30


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
    assert newest_step(checkpoints) == 20


def test_another_runs_checkpoint_is_not_used(checkpoints: Checkpoints) -> None:
    found, skipped = checkpoints.newest("another key")
    assert found is None
    assert [entry.damaged for entry in skipped] == [False, False]


def test_what_a_kill_left_half_written_is_swept_away(checkpoints: Checkpoints) -> None:
    half = checkpoints.folder / f".step-30.{'0' * 32}.tmp"
    half.mkdir()
    (half / "weights.safetensors").write_bytes(b"half")
    assert newest_step(checkpoints) == 20
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
    assert newest_step(checkpoints) == 20


def test_what_is_replaced_by_nothing_comes_back(checkpoints: Checkpoints) -> None:
    """Killed between the two renames of a checkpoint that takes the place of another."""
    folder = checkpoints.folder / "step-20"
    folder.rename(checkpoints.folder / f".step-20.{'0' * 32}.old")
    assert newest_step(checkpoints) == 20


class Full:
    """A disk without room for the first ``times`` checkpoints."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, name: str) -> bool:
        if name == "before-manifest" and self.times:
            self.times -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return False


@pytest.mark.parametrize(("keep", "left"), [(1, [20, 30]), (2, [20, 30]), (3, [10, 20, 30])])
def test_without_room_it_is_tried_once_more_without_what_would_have_gone_anyway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int, left: list[int]
) -> None:
    made = Checkpoints(tmp_path / "checkpoints", keep=3)
    for step in (10, 20, 30):
        save(made, step)
    made.keep = keep
    monkeypatch.setattr(checkpoint, "fault_point", Full(times=2))
    with pytest.raises(StorageFailed) as raised:
        save(made, 40)
    assert raised.value.identifier == "runs.disk-full"
    assert names(made) == [f"step-{step}" for step in left[-max(1, keep - 1) :]]
    assert newest_step(made) == 30
    monkeypatch.setattr(checkpoint, "fault_point", Full(times=1))
    save(made, 40)
    assert newest_step(made) == 40


class Stopped(Exception):
    """Nobody wants the checkpoint any more."""


@pytest.mark.parametrize("calls", [0, 1, 3, 5])
def test_a_save_that_is_called_off_leaves_what_there_was(
    checkpoints: Checkpoints, calls: int
) -> None:
    count = itertools.count()

    def going_on() -> None:
        if next(count) == calls:
            raise Stopped

    many = {str(number): torch.ones(8) for number in range(4)}
    contents = Contents(TrainingState(key="key", step=30), many, {}, {})
    with pytest.raises(Stopped):
        checkpoints.save(contents, None, going_on)
    assert names(checkpoints) == ["step-10", "step-20"]


def test_no_file_of_a_checkpoint_is_a_pickle(checkpoints: Checkpoints) -> None:
    folder = checkpoints.folder / "step-20"
    assert {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}
    json.loads((folder / "state.json").read_text())


def test_looking_whether_a_checkpoint_is_sound_needs_no_torch(checkpoints: Checkpoints) -> None:
    folder = str(checkpoints.folder / "step-20")
    code = (
        "import sys\nfrom pathlib import Path\nfrom laras.saving.verified import read\n"
        f"print(read(Path({folder!r})).state.step, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["20", "False"]
