"""Losses that are no numbers, trainings that diverge or learn by heart, memory that runs out."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from broken_off import events, published, weights
from laras import workflow
from laras.cli.main import main
from laras.errors import GuardStopped, MemoryExhausted
from laras.report.facts import read_facts
from laras.report.sections.guards import guards
from laras.runs.faults import armed
from laras.tuning import divergence, loop, stepper
from small_project import small_project

SETTINGS = ("tuning.batch_tokens=128", "tuning.checkpoint_every_steps=1")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that trains in a moment, and beside it a run folder where its data is prepared."""
    recipe = small_project(tmp_path_factory.mktemp("project"))
    workflow.prepare(recipe, run_folder=recipe.parent / "prepared")
    return recipe


def tune(recipe: Path, folder: Path, *settings: str) -> None:
    if not folder.exists():
        shutil.copytree(recipe.parent / "prepared", folder)
    workflow.tune(recipe, run_folder=folder, overrides=[*SETTINGS, *settings])


def happened(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in events(folder) if event["kind"] == kind]


def in_the_report(folder: Path) -> str:
    """All words of the report's section on guards."""
    section = guards(read_facts(folder))
    assert section is not None
    return repr(section.blocks)


@pytest.mark.fault(29)
def test_a_loss_that_is_no_number_is_not_applied_and_is_named_with_its_rows(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepper, "fault_point", armed("loss@3:nan"))
    tune(recipe, tmp_path / "run")
    (skipped,) = happened(tmp_path / "run", "step_skipped")
    assert skipped["step"] == 3
    assert skipped["rows"]
    told = in_the_report(tmp_path / "run")
    assert "Steps not applied: the loss" in told
    assert skipped["rows"][0] in told
    assert happened(tmp_path / "run", "step_done")[2]["loss"] is None, "never another figure"


@pytest.mark.fault(29)
def test_several_in_a_row_end_the_training_with_the_last_good_weights_kept(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.setattr(stepper, "fault_point", armed("loss@3+:nan"))
    with pytest.raises(GuardStopped) as stopped:
        tune(recipe, folder, "tuning.keep_checkpoints=9")
    assert stopped.value.exit_code == 4
    assert stopped.value.identifier == "tuning.not-finite"
    assert len(happened(folder, "step_skipped")) == 3
    kept = [
        load_file(folder / f"contenders/full/checkpoints/step-{step}/weights.safetensors")
        for step in (2, published(folder)[-1])
    ]
    assert all((kept[0][name] == kept[1][name]).all() for name in kept[0])
    assert "Steps not applied" in in_the_report(folder)
    # Without the fault the same command goes on to the end.
    monkeypatch.undo()
    tune(recipe, folder, "tuning.keep_checkpoints=9")
    assert weights(folder)


@pytest.mark.fault(29)
def test_what_was_done_until_then_is_saved_however_seldom_that_is(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.setattr(stepper, "fault_point", armed("loss@3+:nan"))
    with pytest.raises(GuardStopped):
        tune(recipe, folder, "tuning.checkpoint_every_steps=null")
    (last,) = published(folder)
    assert last == happened(folder, "step_skipped")[-1]["step"]
    monkeypatch.undo()
    tune(recipe, folder, "tuning.checkpoint_every_steps=null")
    (resumed,) = happened(folder, "training_resumed")
    assert resumed["step"] == last


@pytest.mark.fault(29)
def test_a_validation_loss_that_is_never_a_number_is_no_result(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.setattr(loop, "mean_loss", lambda *_given: math.inf)
    with pytest.raises(GuardStopped) as stopped:
        tune(recipe, folder, "tuning.patience=2")
    assert stopped.value.identifier == "tuning.validation-not-finite"
    assert published(folder), "nothing is lost"
    assert not (folder / "contenders/full/model").exists()


DIVERGING = (
    *("tuning.learning_rate=3.0", "tuning.epochs=12", "tuning.warmup_share=0.5"),
    *("tuning.patience=999", "tuning.max_gradient_norm=1000", "tuning.keep_checkpoints=99"),
)


@pytest.mark.slow
@pytest.mark.fault(30)
def test_a_training_that_diverges_is_stopped_and_keeps_what_is_from_before(
    recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(GuardStopped) as stopped:
        tune(recipe, folder, *DIVERGING)
    assert (stopped.value.identifier, stopped.value.exit_code) == ("tuning.diverged", 4)
    (told,) = happened(folder, "training_diverged")
    losses = {event["step"]: event["loss"] for event in happened(folder, "step_done")}
    high = [losses[step] for step in range(told["step"] - divergence.STEPS + 1, told["step"] + 1)]
    lowest = min(losses.values())
    assert min(high) > divergence.TIMES * lowest or min(high) > lowest + divergence.NATS
    assert published(folder)[-1] == told["step"] - divergence.STEPS, "none since the loss rose"
    assert (folder / "contenders/full/best.safetensors").is_file()
    assert "The loss diverged" in in_the_report(folder)
    # As the message says: a lower rate, from that checkpoint.
    command = ["tune", str(recipe), "--run", str(folder), "--quiet", "--allow-change"]
    lower = [*DIVERGING[1:], "tuning.learning_rate=0.001", *SETTINGS]
    assert main([*command, *(part for each in lower for part in ("--set", each))]) == 0
    assert weights(folder)
    assert "Settings changed on the way" in in_the_report(folder)


@pytest.mark.slow
@pytest.mark.fault(30)
def test_where_the_recipe_says_so_a_divergence_is_told_and_goes_on(
    recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    tune(recipe, folder, *DIVERGING, "tuning.divergence=warn")
    assert happened(folder, "training_diverged")
    assert weights(folder)
    assert "tuning.divergence" in in_the_report(folder)


@pytest.mark.slow
@pytest.mark.fault(30)
def test_eight_rows_learnt_by_heart_end_early_with_the_best_weights(tmp_path: Path) -> None:
    recipe = small_project(tmp_path / "project")
    workflow.prepare(recipe, run_folder=tmp_path / "project/prepared")
    rows = (tmp_path / "project/questions.jsonl").read_text().splitlines()[:8]
    (tmp_path / "project/eight.jsonl").write_text("\n".join(rows) + "\n")
    folder = tmp_path / "run"
    data = "data.sources=[{examples: eight.jsonl}]"
    many = ("tuning.epochs=60", "tuning.patience=3", "tuning.learning_rate=0.02")
    tune(recipe, folder, data, "data.validation=other.jsonl", *many)
    (planned,), (finished,) = (
        happened(folder, kind) for kind in ("training_planned", "contender_finished")
    )
    validations = happened(folder, "validation_done")
    best = min(validations, key=lambda event: event["loss"])
    assert finished["steps"] < planned["steps"]
    assert finished["best_step"] == best["step"] < finished["steps"]
    assert [event["best"] for event in validations[-3:]] == [False] * 3
    assert "Stopped early" in in_the_report(folder)


@pytest.mark.fault(31)
def test_out_of_memory_says_sizes_and_advice_and_leaves_the_checkpoint(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.setattr(stepper, "fault_point", armed("step@4:oom"))
    with pytest.raises(MemoryExhausted) as raised:
        tune(recipe, folder)
    error = raised.value
    assert (error.identifier, error.exit_code) == ("tuning.out-of-memory", 7)
    assert "GiB were held" in error.what
    assert "The forecast was" in error.what
    assert "Set tuning.micro_batch_tokens to 192 (it is 384)" in str(error.hint)
    assert published(folder)
    monkeypatch.undo()
    tune(recipe, folder, "tuning.micro_batch_tokens=192")  # as was advised, and nobody objects
    assert happened(folder, "training_resumed")


@pytest.mark.fault(31)
def test_where_the_recipe_says_so_training_goes_on_with_smaller_micro_batches(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, folder = tmp_path / "unbroken", tmp_path / "run"
    larger = ("tuning.batch_tokens=384", "tuning.on_out_of_memory=halve", "tuning.epochs=3")
    tune(recipe, unbroken, *larger)
    monkeypatch.setattr(stepper, "fault_point", armed("step@4:oom"))
    tune(recipe, folder, *larger)
    (told,) = happened(folder, "memory_exhausted")
    assert (told["micro_batch_tokens"], told["next"]) == (384, 192)
    assert [event["step"] for event in happened(folder, "training_resumed")] == [3]
    before, after = (
        {event["step"]: event["loss"] for event in happened(each, "step_done")}
        for each in (unbroken, folder)
    )
    assert after == pytest.approx(before, rel=1e-5)
    assert "went on with micro-batches of 192 tokens" in in_the_report(folder)


@pytest.mark.slow
@pytest.mark.fault(31)
def test_micro_batches_that_can_be_no_smaller_end_the_training(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepper, "fault_point", armed("step@1+:oom"))
    with pytest.raises(MemoryExhausted):
        tune(recipe, tmp_path / "run", "tuning.on_out_of_memory=halve")
    tried = [event["next"] for event in happened(tmp_path / "run", "memory_exhausted")]
    assert tried == [192, 96]


@pytest.mark.slow
@pytest.mark.fault(31)
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS binds on Linux only")
def test_a_limit_on_the_address_space_is_met_with_exit_code_7(recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code = """
import json, resource, sys
from pathlib import Path
from laras.cli.main import main
from laras.tuning.loop import Training

step = Training._step

def limited(self, now):
    if self.state.step == 3:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, resource.RLIM_INFINITY))
        import torch
        torch.empty(2**35)  # more than what the allocator holds in reserve
    step(self, now)

Training._step = limited
sys.exit(main(json.loads(sys.argv[1])))
"""
    settings = [part for each in SETTINGS for part in ("--set", each)]
    command = ["tune", str(recipe), "--run", str(folder), "--quiet", *settings]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 7, done.stderr
    assert "GiB were held" in done.stderr
    assert published(folder)[-1] == 3


@pytest.mark.slow
@pytest.mark.fault(31, 32)
def test_a_trial_without_memory_fails_by_name_and_the_search_goes_on(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(recipe.parent / "prepared", folder)
    monkeypatch.setattr(stepper, "fault_point", armed("backward@3:oom"))  # each trial has two steps
    settings = (
        *("search.trials=3", "tuning.max_steps=2"),
        "search.space={tuning.learning_rate: [1e-3, 1e-2]}",
    )
    found = workflow.search(recipe, run_folder=folder, overrides=settings)
    states = [trial.state for trial in found.record.trials]
    assert states == ["complete", "failed", "complete"]
    assert "Not enough memory" in str(found.record.trials[1].reason)
