"""Checkpoints that were cut, flipped, emptied or lost: the newest sound one is used, to the bit,
and where there is none, nobody pretends that nothing was there."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from laras.adapters.prepare import prepare_for, trainable
from laras.errors import Interrupted, StorageFailed
from laras.models.tiny import tiny_model
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

LENGTHS = [int(n) for n in np.random.default_rng(5).integers(4, 60, 40)]
DEFAULTS, _ = resolve(TuningSection(), Contender(kind="lora", name="tuned"), 0)
CHOSEN = replace(
    DEFAULTS, epochs=2.0, learning_rate=1e-3, batch_tokens=256, micro_batch_tokens=128, rank=4,
    dropout=0.1, patience=100, checkpoint_every_s=1e9, checkpoint_every_steps=3,
)  # fmt: skip
STOPPED, BEFORE = 7, 6  # steps of the newest checkpoint and of the one before it
CHECKPOINT_FILES = ("weights.safetensors", "optimizer.safetensors")
Content = dict[str, Any]


def training(model: Path, run: Run) -> Training:
    rows = examples(LENGTHS)
    return Training(
        model=prepare_for(AutoModelForCausalLM.from_pretrained(model).float(), CHOSEN),
        data=TrainingData(rows, LENGTHS, examples([20, 9], seed=9)),
        chosen=CHOSEN,
        objective=NextToken(),
        run=run,
        contender="tuned",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


def outcome(made: Training, run: Run) -> Content:
    """What a training came to: weights, and the loss and the rows of each step."""
    steps = {e["step"]: e for e in run.events() if e["kind"] == "step_done"}
    return {
        "weights": {name: part.detach().clone() for name, part in trainable(made.model).items()},
        "losses": {step: event["loss"] for step, event in steps.items()},
        "rows": {step: event["rows_sha256"] for step, event in steps.items()},
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture(scope="module")
def unbroken(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    with Run.open(tmp_path_factory.mktemp("unbroken")) as run:
        made = training(model, run)
        made.run()
        return outcome(made, run)


@pytest.fixture(scope="module")
def begun(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder whose training was stopped by a signal after so many steps."""
    folder = tmp_path_factory.mktemp("begun")
    with Run.open(folder) as run:
        made = training(model, run)
        original = made._step

        def counted(now: Any) -> None:
            original(now)
            if made.state.step == STOPPED:
                os.kill(os.getpid(), signal.SIGTERM)

        made._step = counted  # type: ignore[method-assign]
        with pytest.raises(Interrupted):
            made.run()
    return folder


@pytest.fixture
def stopped(begun: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    return Path(shutil.copytree(begun, tmp_path / "run"))


@pytest.fixture
def goes_on(model: Path, unbroken: Content) -> Callable[[Path, int], list[Content]]:
    """``goes_on(folder, step)``: the training there goes on from ``step`` and ends as the unbroken
    one, to the bit; events that tell of what it passed over."""

    def check(folder: Path, step: int) -> list[Content]:
        with Run.open(folder) as run:
            again = training(model, run)
            again.run()
            found, events = outcome(again, run), run.events()
        resumed = [event["step"] for event in events if event["kind"] == "training_resumed"]
        assert resumed == [step]
        assert found["losses"] == unbroken["losses"]
        assert found["rows"] == unbroken["rows"]
        for name, part in unbroken["weights"].items():
            assert torch.equal(found["weights"][name], part), name
        return [event for event in events if event["kind"] == "checkpoint_skipped"]

    return check


def newest(folder: Path) -> Path:
    return folder / f"contenders/tuned/checkpoints/step-{STOPPED}"


@pytest.mark.fault(16)
@pytest.mark.parametrize("name", CHECKPOINT_FILES)
@pytest.mark.parametrize("left", ["nothing", "half of the header", "the header", "all but a byte"])
def test_a_file_that_was_cut_costs_the_steps_since_the_checkpoint_before(
    stopped: Path, goes_on: Callable[[Path, int], list[Content]], name: str, left: str
) -> None:
    path = newest(stopped) / name
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    sizes = {
        "nothing": 0,
        "half of the header": header // 2,
        "the header": header,
        "all but a byte": len(content) - 1,
    }
    path.write_bytes(content[: sizes[left]])
    (skipped,) = goes_on(stopped, BEFORE)
    assert skipped["name"] == f"step-{STOPPED}"
    assert name in skipped["reason"]


@pytest.mark.fault(17)
@pytest.mark.parametrize("name", [*CHECKPOINT_FILES, "best.safetensors", "random.safetensors"])
def test_one_flipped_bit_in_a_tensor_is_found_by_its_hash(
    stopped: Path, goes_on: Callable[[Path, int], list[Content]], name: str
) -> None:
    path = newest(stopped) / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)  # in its place: no other checkpoint may share it
    (skipped,) = goes_on(stopped, BEFORE)
    assert name in skipped["reason"]
    assert "damaged" in skipped["reason"]


@pytest.mark.fault(18)
@pytest.mark.parametrize("content", [None, "", "{}"], ids=["missing", "empty", "without a word"])
def test_without_its_manifest_a_checkpoint_is_passed_over(
    stopped: Path, goes_on: Callable[[Path, int], list[Content]], content: str | None
) -> None:
    path = newest(stopped) / "MANIFEST.json"
    path.unlink() if content is None else path.write_text(content)
    (skipped,) = goes_on(stopped, BEFORE)
    assert "manifest" in skipped["reason"].lower()


@pytest.mark.fault(18)
def test_a_manifest_of_another_version_is_a_clear_error_and_nothing_is_done(
    stopped: Path, model: Path
) -> None:
    path = newest(stopped) / "MANIFEST.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format": 0}))
    with Run.open(stopped) as run:
        before = len(run.events())
        with pytest.raises(StorageFailed, match="format 0") as raised:
            training(model, run).run()
        assert len(run.events()) == before
    assert raised.value.exit_code == 6
    assert "version of Laras" in str(raised.value.hint)


@pytest.mark.fault(19)
def test_an_empty_folder_with_the_highest_number_is_passed_over(
    stopped: Path, goes_on: Callable[[Path, int], list[Content]]
) -> None:
    newest(stopped).with_name("step-999").mkdir()
    (skipped,) = goes_on(stopped, STOPPED)
    assert skipped["name"] == "step-999"


@pytest.mark.fault(20)
def test_where_all_checkpoints_are_bad_each_is_named_and_nothing_begins_again(
    stopped: Path, model: Path
) -> None:
    folders = sorted(newest(stopped).parent.iterdir())
    assert len(folders) == 2
    (folders[0] / "weights.safetensors").write_bytes(b"")
    (folders[1] / "MANIFEST.json").unlink()
    with Run.open(stopped) as run:
        before = sum(event["kind"] == "step_done" for event in run.events())
        with pytest.raises(StorageFailed) as raised:
            training(model, run).run()
        events = run.events()
    assert raised.value.identifier == "tuning.no-sound-checkpoint"
    assert raised.value.exit_code == 6
    for folder in folders:
        assert folder.name in raised.value.what
        assert folder.is_dir(), "what is left of them is for a person to look at"
    assert "weights.safetensors" in raised.value.what
    assert "MANIFEST.json" in raised.value.what
    assert sum(event["kind"] == "step_done" for event in events) == before
    assert [e["name"] for e in events if e["kind"] == "checkpoint_skipped"] == [
        folder.name for folder in reversed(folders)
    ]


@pytest.mark.fault(20)
def test_deleting_the_bad_checkpoints_is_how_one_begins_again(
    stopped: Path, model: Path, unbroken: Content
) -> None:
    shutil.rmtree(newest(stopped).parent)
    with Run.open(stopped) as run:
        made = training(model, run)
        made.run()
        found = outcome(made, run)
    assert found["losses"] == unbroken["losses"]
