"""A recipe or its data that changed while a training was under way: refused by name, never begun
again in silence, and never mixed with what was saved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broken_off import events, published, weights
from laras import workflow
from laras.cli.main import main
from laras.errors import MemoryExhausted, UsageError
from laras.runs.faults import armed
from laras.tuning import stepper
from small_project import small_project

SETTINGS = ("tuning.batch_tokens=128", "tuning.checkpoint_every_steps=1")
Tune = Callable[..., None]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that trains in a moment."""
    return small_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def unbroken(recipe: Path) -> dict[str, str]:
    """The weights when nobody changes anything."""
    folder = recipe.parent / "unbroken"
    workflow.tune(recipe, run_folder=folder, overrides=SETTINGS)
    return weights(folder)


@pytest.fixture(scope="module")
def stopped(recipe: Path) -> Path:
    """A run whose training ended after three steps, with its checkpoints."""
    folder = recipe.parent / "stopped"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stepper, "fault_point", armed("backward@4:oom"))
        with pytest.raises(MemoryExhausted):
            workflow.tune(recipe, run_folder=folder, overrides=SETTINGS)
    assert published(folder) == [2, 3]
    return folder


@pytest.fixture
def folder(stopped: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def tune(recipe: Path, folder: Path) -> Tune:
    def tune_with(*settings: str, allow_change: bool = False) -> None:
        workflow.tune(
            recipe,
            run_folder=folder,
            overrides=[*SETTINGS, *settings],
            allow_change=allow_change,
        )

    return tune_with


def happened(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in events(folder) if event["kind"] == kind]


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("tuning.learning_rate=0.01", "tuning.learning_rate (was null, is 0.01)"),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in (
                ("preparation.seed=3", "preparation.seed (was 0, is 3)"),
                ("tuning.seed=7", "tuning.seed (was 0, is 7)"),
                ("model.context=64", "model.context"),
                ("comparison.contenders=[{full: {weight_decay: 0.5}}]", "full.weight_decay"),
                ("model.base=qwen2", "model.base"),
            )
        ),
    ],
)
def test_another_setting_is_refused_by_name_and_the_old_one_goes_on_to_the_bit(
    tune: Tune, folder: Path, unbroken: dict[str, str], setting: str, named: str
) -> None:
    before = published(folder)
    with pytest.raises(UsageError, match="begun with something else") as refused:
        tune(setting)
    assert refused.value.identifier == "tuning.changed"
    assert named in refused.value.what
    assert published(folder) == before
    tune()
    assert [event["step"] for event in happened(folder, "training_resumed")] == [3]
    assert weights(folder) == unbroken


@pytest.mark.fault(21)
def test_a_harmless_setting_may_change_on_the_way_and_that_is_kept(
    recipe: Path, folder: Path, unbroken: dict[str, str]
) -> None:
    settings = [part for each in SETTINGS for part in ("--set", each)]
    command = ["tune", str(recipe), "--run", str(folder), "--quiet", *settings]
    changed = ["--set", "tuning.learning_rate=0.02"]
    assert main([*command, *changed]) == 2
    assert main([*command, *changed, "--allow-change"]) == 0
    assert [event["step"] for event in happened(folder, "training_resumed")] == [3]
    (told,) = happened(folder, "training_changed")
    assert told["fields"] == ["tuning.learning_rate"]
    record = json.loads((folder / "contenders/full/training.json").read_text())
    assert [each["field"] for each in record["changed"]] == ["tuning.learning_rate"]
    assert weights(folder) != unbroken
    assert main([*command, *changed]) == 0  # it is done, for these settings
    assert len(happened(folder, "training_planned")) == 2


@pytest.mark.slow
@pytest.mark.fault(21)
def test_a_change_that_was_allowed_is_the_training_s_own_from_then_on(
    tune: Tune, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepper, "fault_point", armed("backward@2:oom"))
    with pytest.raises(MemoryExhausted):
        tune("tuning.patience=9", allow_change=True)
    monkeypatch.setattr(stepper, "fault_point", armed(None))
    with pytest.raises(UsageError, match=r"tuning\.patience \(was 9, is null\)"):
        tune()
    tune("tuning.patience=9")
    assert [event["step"] for event in happened(folder, "training_resumed")] == [3, 4]


@pytest.mark.fault(21)
def test_what_a_checkpoint_cannot_go_on_with_is_refused_also_when_changes_are_allowed(
    tune: Tune, folder: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        tune("tuning.learning_rate=0.02", "tuning.batch_tokens=256", allow_change=True)
    assert "can't go on with: tuning.batch_tokens" in str(refused.value.hint)
    assert published(folder) == [2, 3]


@pytest.mark.fault(22)
def test_other_data_is_refused_by_the_name_of_its_source_and_put_back_it_goes_on(
    recipe: Path, tune: Tune, folder: Path, unbroken: dict[str, str]
) -> None:
    rows = recipe.parent / "questions.jsonl"
    content = rows.read_bytes()
    rows.write_bytes(content + b'{"question": "Yang baru?", "answer": "Ya, ini yang baru."}\n')
    try:
        for allowed in (False, True):
            with pytest.raises(UsageError) as refused:
                tune(allow_change=allowed)
            assert refused.value.identifier == "tuning.changed"
            assert refused.value.what.endswith("content of questions.jsonl.")
    finally:
        rows.write_bytes(content)
    tune()
    assert weights(folder) == unbroken


@pytest.mark.fault(21)
def test_what_was_begun_can_be_given_up(tune: Tune, folder: Path) -> None:
    clean = ["runs", "clean", str(folder), "--begun"]
    assert main(clean) == 0
    assert published(folder) == [2, 3], "it only shows"
    assert main([*clean, "--yes"]) == 0
    assert published(folder) == []
    tune("tuning.seed=7")
    assert happened(folder, "training_resumed") == []


@pytest.mark.slow
@pytest.mark.fault(21)
def test_a_retraining_that_nobody_asked_for_by_name_begins_again_and_says_so(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    again: dict[str, Any] = {"run_folder": folder}
    settings = [*SETTINGS, "comparison.seeds=2", "evaluation.checks=[]"]
    own, other = folder / "contenders/full", folder / "contenders/full/seeds/1"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stepper, "fault_point", armed("backward@10:oom"))
        with pytest.raises(MemoryExhausted):
            workflow.run(recipe, overrides=settings, **again)
    assert published(own) == published(other) != []
    workflow.run(recipe, overrides=[*settings, "tuning.learning_rate=0.01"], **again)
    assert happened(other, "training_resumed") == []
    assert not (other / "contenders").exists(), "judged, and dropped"
