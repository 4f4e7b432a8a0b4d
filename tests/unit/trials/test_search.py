"""A search for real, on a tiny model: what is tried, what is kept, what it may look at."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laras import workflow
from laras.cli.main import main
from laras.errors import DataRefused, UsageError
from laras.recipe.load import load_recipe
from laras.runs.folder import Run
from laras.runs.losses import losses
from laras.runs.progress import Silent
from laras.trials.record import Trial
from laras.trials.search import Found
from small_project import small_project

SPACE = "search.space={tuning.learning_rate: {low: 1e-4, high: 1e-1, log: true}}"
SETTINGS = ("search.trials=4", "tuning.batch_tokens=128", "tuning.validations_per_epoch=3", SPACE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A recipe that trains in a moment, and beside it a run folder where its data is prepared."""
    recipe = small_project(tmp_path_factory.mktemp("project"))
    workflow.prepare(recipe, run_folder=recipe.parent / "prepared")
    yield recipe
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _quick_collections(project: Path) -> None:
    """Each trial collects garbage: what the libraries hold need not be looked through."""
    gc.freeze()


@pytest.fixture(scope="module")
def found(project: Path) -> Found:
    """A search of four trials."""
    return search(project, project.parent / "run")


@pytest.fixture
def folder(project: Path, tmp_path: Path) -> Path:
    """A run folder with the data prepared."""
    shutil.copytree(project.parent / "prepared", tmp_path / "run")
    return tmp_path / "run"


def search(recipe: Path, folder: Path, *settings: str, progress: Any = None) -> Found:
    return workflow.search(
        recipe, run_folder=folder, overrides=[*SETTINGS, *settings], progress=progress
    )


def told(found: Found) -> dict[str, Any]:
    return json.loads((found.folder / "search/search.json").read_text(encoding="utf-8"))


def without_times(trials: Iterable[Trial]) -> list[Trial]:
    return [replace(trial, seconds=0.0) for trial in trials]


def test_the_first_trial_is_the_recipe_as_it_stands(found: Found, project: Path) -> None:
    folder = project.parent / "tuned"
    workflow.tune(project, run_folder=folder, overrides=SETTINGS)
    measured = losses(Run.read(folder).events(), "full", "validation_done")
    first = found.record.trials[0]
    assert first.validations == tuple(loss for _step, loss in measured)
    assert first.loss == min(first.validations)
    assert first.values == {"tuning.learning_rate": 5e-4}


def test_every_trial_trains_by_its_values(found: Found) -> None:
    for trial in found.record.trials:
        events = Run.read(found.folder / trial.folder).events()
        planned = [event for event in events if event["kind"] == "training_planned"]
        rates = [event["settings"]["learning_rate"] for event in planned]
        assert rates == [trial.values["tuning.learning_rate"]]
    values = [trial.values["tuning.learning_rate"] for trial in found.record.trials]
    assert len(set(values)) == 4


def test_the_outcome_is_the_least_loss_and_says_by_how_much(found: Found) -> None:
    complete = [trial for trial in found.record.trials if trial.state == "complete"]
    best = min(complete, key=lambda trial: trial.loss or 9e9)
    assert found.record.best == best
    assert found.outcome.gain == (complete[0].loss or 0.0) - (best.loss or 0.0)
    assert best.number > 0, "the recipe's own rate is far too low for one epoch"
    assert f"{found.outcome.gain:.4f}" in found.outcome.sentence
    facts = told(found)
    assert facts["best"] == best.number
    assert facts["sentence"] == found.outcome.sentence
    assert facts["unit"] == "nats per token"
    assert facts["validation_rows"] > 0


def test_the_data_is_prepared_and_encoded_once(found: Found) -> None:
    assert [path.name for path in found.folder.rglob("train.parquet")] == ["train.parquet"]
    assert len(list(found.folder.rglob("train-*.arrow"))) == 1
    stages = [e["stage"] for e in Run.read(found.folder).events() if e["kind"] == "stage_started"]
    assert stages == ["prepare"]


def test_only_the_best_trial_keeps_its_model(found: Found) -> None:
    assert found.record.best is not None
    kept = [path.parents[2].name for path in found.folder.glob("search/*/contenders/full/model")]
    assert kept == [Path(found.record.best.folder).name]
    assert not list(found.folder.rglob("checkpoints/*"))


def test_the_best_recipe_is_written_out_and_equals_the_recipe_with_what_was_found(
    found: Found, project: Path
) -> None:
    assert found.recipe is not None
    copied = project.parent / "best.yaml"
    shutil.copyfile(found.recipe, copied)
    by_hand = load_recipe(project, [*SETTINGS, *found.settings])
    assert load_recipe(copied).recipe == by_hand.recipe
    assert "# search" in found.recipe.read_text(encoding="utf-8")


def test_the_same_command_again_finds_all_done(found: Found, project: Path) -> None:
    before = told(found)
    again = search(project, found.folder)
    assert told(again) == before
    assert again.settings == found.settings


def test_a_finished_search_goes_on_where_more_trials_are_wanted(
    found: Found, project: Path, folder: Path
) -> None:
    few = search(project, folder, "search.trials=2")
    more = search(project, folder)
    assert more.record.trials[:2] == few.record.trials
    assert without_times(more.record.trials) == without_times(found.record.trials)


class Stops(Silent):
    """Ctrl-C in a certain step of a training, once the checkpoint of the step before is there: it
    is written while the training goes on."""

    def __init__(self, step: int, folder: Path) -> None:
        self.step = step
        self.folder = folder

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        if done == self.step and "gradient_norm" in facts:
            while not list(self.folder.rglob(f"checkpoints/step-{done - 1}")):
                time.sleep(0.001)
            raise KeyboardInterrupt


def test_an_interrupted_search_ends_as_an_unbroken_one(
    found: Found, project: Path, folder: Path
) -> None:
    saved = "tuning.checkpoint_every_steps=1"
    for trial in (0, 2):
        with pytest.raises(KeyboardInterrupt):
            search(project, folder, saved, progress=Stops(3, folder))
        done = json.loads((folder / "search/search.json").read_text(encoding="utf-8"))["trials"]
        assert [each["state"] for each in done][trial:] == ["running"]
        if not trial:
            search(project, folder, saved, "search.trials=2")
    again = search(project, folder, saved)
    for trial in (0, 2):
        events = Run.read(folder / again.record.trials[trial].folder).events()
        assert [e["step"] for e in events if e["kind"] == "training_resumed"] == [2]
    assert without_times(again.record.trials) == without_times(found.record.trials)
    assert again.settings == found.settings


class TakesTheTestAway(Silent):
    """Once the data is prepared, the test set is no longer there."""

    def __init__(self, folder: Path) -> None:
        self.test = folder / "data/test.parquet"

    def stage(self, name: str, total: int | None = None) -> None:
        if "Tuning" in name:
            self.test.unlink(missing_ok=True)


def test_no_trial_looks_at_the_test_set(found: Found, project: Path, folder: Path) -> None:
    progress = TakesTheTestAway(folder)
    blind = search(project, folder, progress=progress)
    assert not progress.test.exists()
    assert without_times(blind.record.trials) == without_times(found.record.trials)


def test_a_value_that_breaks_the_training_fails_its_trial_alone(
    project: Path, folder: Path
) -> None:
    space = "search.space={tuning.learning_rate: [1e-3, 1e30]}"
    broken = search(project, folder, space, "tuning.non_finite_limit=1", "tuning.warmup_share=0")
    states = {trial.values["tuning.learning_rate"]: trial for trial in broken.record.trials}
    assert len(states) == 3, "all there is to try was tried"
    assert states[1e30].state == "failed"
    assert states[1e30].reason
    assert states[1e-3].state == "complete"
    assert broken.record.best in (states[1e-3], broken.record.trials[0])


def test_a_search_without_a_space_looks_around_the_contenders_own_settings(
    project: Path, folder: Path
) -> None:
    lora = "comparison.contenders=[base, {kind: lora, name: thin, rank: 4}]"
    around = search(project, folder, lora, "search.space={}", "search.trials=2")
    space = {path.rpartition(".")[2]: each for path, each in (around.record.space or {}).items()}
    assert all(path.startswith("comparison.contenders.thin.") for path in around.record.space or {})
    assert (space["learning_rate"].low, space["learning_rate"].high) == (5e-4, 8e-3)
    assert space["rank"].choices == [2, 4, 8]
    assert space["epochs"].choices == [0.5, 1.0, 2.0]
    assert space["weight_decay"].choices == [0.0, 0.01, 0.1]
    first, second = around.record.trials
    assert first.values["comparison.contenders.thin.rank"] == 4
    assert set(second.values) == set(around.record.space or {})


def test_another_space_begins_again(found: Found, project: Path, tmp_path: Path) -> None:
    shutil.copytree(found.folder, tmp_path / "run")
    other = "search.space={tuning.weight_decay: [0.0, 0.5]}"
    begun = search(project, tmp_path / "run", other, "search.trials=2")
    assert [set(trial.values) for trial in begun.record.trials] == [{"tuning.weight_decay"}] * 2
    assert sorted(path.name for path in (tmp_path / "run/search").glob("trial-*")) == [
        "trial-000",
        "trial-001",
    ]


def test_no_trial_is_begun_after_the_time_is_up(project: Path, folder: Path) -> None:
    short = search(project, folder, "search.timeout_s=1e-9")
    assert [trial.number for trial in short.record.trials] == [0]
    assert "Only the recipe's own settings were tried" in short.outcome.sentence
    assert short.settings == []


@pytest.mark.parametrize(
    ("settings", "identifier"),
    [
        (["search.contender=absent"], "search.no-contender"),
        (["comparison.contenders=[base]"], "search.no-contender"),
        (["search.space={evaluation.max_rows: [1, 2]}"], "search.without-effect"),
        (["search.space={tuning.micro_batch_tokens: [64, 128]}"], "search.without-effect"),
        (["comparison.contenders.0.learning_rate=0.1"], "search.without-effect"),
        (["search.space={tuning.learning_rat: [1, 2]}"], "recipe.unknown-key"),
        (["search.space={tuning.epochs: [1, -2]}"], "recipe.wrong-value"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_can_not_be_searched_is_refused_before_anything_is_prepared(
    project: Path, tmp_path: Path, settings: list[str], identifier: str
) -> None:
    with pytest.raises(UsageError) as caught:
        search(project, tmp_path, *settings)
    assert caught.value.identifier == identifier
    assert "search" in str(caught.value.where) or "contenders" in str(caught.value.where)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "space",
    [
        "{model.context: [16, 256]}",
        "{preparation.seed: [0, 1]}",
        "{tuning.objective: [next_token, continued]}",
    ],
)
def test_trials_that_would_be_measured_on_other_tokens_are_refused(
    project: Path, folder: Path, space: str
) -> None:
    with pytest.raises(UsageError) as caught:
        search(project, folder, f"search.space={space}", "search.trials=4")
    assert caught.value.identifier == "search.other-validation"


def test_data_may_be_searched_where_the_validation_rows_stay(project: Path, tmp_path: Path) -> None:
    found = search(
        project,
        tmp_path,
        "data.validation=other.jsonl",
        "search.space={data.sources.1.weight: [1.0, 9.0]}",
        "tuning.batch_tokens=1024",  # so that a step has examples of both sources
        "search.trials=2",
    )
    assert [trial.state for trial in found.record.trials] == ["complete"] * 2
    assert len({trial.loss for trial in found.record.trials}) == 2
    own = sorted(path.parents[1].name for path in tmp_path.glob("search/*/data/train.parquet"))
    best = found.record.best
    assert best is not None
    assert own in ([Path(best.folder).name], []), "only the best keeps data of its own"


def command(recipe: Path, folder: Path, *settings: str) -> list[str]:
    given = [part for each in (*SETTINGS, *settings) for part in ("--set", each)]
    return ["search", str(recipe), "--run", str(folder), "--quiet", "--lang", "en", *given]


def test_what_is_printed_leads_to_the_run_of_what_was_found(
    found: Found, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(project, found.folder)) == 0
    shown = capsys.readouterr().out
    assert main([*command(project, found.folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["best"] == found.outcome.best
    assert facts["settings"] == found.settings
    begin = f"laras run {project} --run {found.folder} --set tuning.batch_tokens=128 "
    assert facts["command"].startswith(begin)
    assert facts["command"].endswith(f"--set {found.settings[0]}")
    for text in (facts["command"], found.outcome.sentence, "the recipe's own", "learning_rate"):
        assert text in shown


def test_a_space_that_makes_no_sense_is_a_usage_error(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "search.space={evaluation.max_rows: [1, 2]}"
    assert main(command(project, tmp_path / "run", wrong)) == 2
    assert "evaluation.max_rows changes nothing" in capsys.readouterr().err


def test_without_validation_rows_there_is_nothing_to_search_by(
    project: Path, tmp_path: Path
) -> None:
    """Texts are learnt, and only answers could be validated on."""
    with pytest.raises(DataRefused) as caught:
        search(project, tmp_path, "data.validation=other.jsonl", "tuning.objective=continued")
    assert caught.value.identifier == "search.no-validation"
