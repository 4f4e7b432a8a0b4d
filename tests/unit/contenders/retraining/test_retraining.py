"""Training once more for real, on a tiny model: what is done, kept, dropped, and taken up again."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from laras import workflow
from laras.runs.folder import Run
from laras.runs.hashing import file_sha256
from laras.runs.progress import Silent
from laras.translation import set_language
from small_project import small_project

PLAIN = (
    "comparison.contenders=[base, full]",
    "evaluation.checks=[]",
    "evaluation.metrics=[perplexity]",
    "tuning.batch_tokens=128",
    "tuning.learning_rate=0.003",
    "tuning.checkpoint_every_steps=1",
)
SETTINGS = (*PLAIN, "comparison.seeds=2", "comparison.learning_curve=[0.5]")
SEED, SHARE = "contenders/full/seeds/1", "contenders/full/shares/0.5"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A recipe that trains in a moment, and beside it its run without any of this."""
    set_language("en")
    recipe = small_project(tmp_path_factory.mktemp("project"))
    workflow.evaluate(recipe, run_folder=recipe.parent / "plain", overrides=PLAIN)
    yield recipe
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _quick_collections(project: Path) -> None:
    """Each training collects garbage: what the libraries hold need not be looked through."""
    set_language("en")
    gc.freeze()


class Looks(Silent):
    """Notes whether the verdict was there when a further training began, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun: list[tuple[str, bool]] = []
        self.notes: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        if "Tuning" in name and ", " in name:
            self.begun.append((name, (self.folder / "verdict.json").exists()))

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(scope="module")
def looked(project: Path) -> Looks:
    """A run with one more seed and half of the data."""
    folder = project.parent / "run"
    (project.parent / "plain/verdict.json").rename(project.parent / "plain.json")
    shutil.copytree(project.parent / "plain", folder)
    looks = Looks(folder)
    workflow.evaluate(project, run_folder=folder, overrides=SETTINGS, progress=looks)
    return looks


def verdict_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return found


def told(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    """What training once more told, without what it took."""
    entries = [*verdict["seeds"], *verdict["learning_curve"]]
    return [{name: value for name, value in entry.items() if name != "cost"} for entry in entries]


def test_the_contender_and_the_verdict_are_those_of_the_recipes_own_seed(
    looked: Looks, project: Path
) -> None:
    own = json.loads((project.parent / "plain.json").read_text(encoding="utf-8"))
    found = verdict_of(looked.folder)
    assert (own["seeds"], own["learning_curve"]) == (None, None)
    for part in ("recommendation", "outcome", "contenders", "pairs", "cost", "rows_needed"):
        assert found[part] == own[part], part
    assert found["sentence"].startswith(own["sentence"])
    assert sorted(path.name for path in (looked.folder / "contenders").iterdir()) == [
        "base",
        "full",
    ]


def test_other_seeds_and_less_data_are_judged_after_the_verdict_stands(looked: Looks) -> None:
    assert looked.begun == [
        ("full, seed 1: Tuning full", True),
        ("full, 50% of the data: Tuning full", True),
    ]
    assert any("2 more trainings follow" in note for note in looked.notes)
    events = Run.read(looked.folder).events()
    done = [event for event in events if event["kind"] == "retraining_finished"]
    assert [(each["seed"], each["share"]) for each in done] == [(1, None), (None, 0.5)]


def test_another_seed_is_another_training_on_the_same_rows(looked: Looks) -> None:
    (entry,) = verdict_of(looked.folder)["seeds"]
    own, other = entry["values"]
    assert (own["seed"], other["seed"]) == (0, 1)
    assert own["value"] != other["value"]
    assert own["value"] == pytest.approx(other["value"], rel=0.5)
    planned = [
        event
        for event in Run.read(looked.folder / SEED).events()
        if event["kind"] == "training_planned"
    ]
    mine = [e for e in Run.read(looked.folder).events() if e["kind"] == "training_planned"]
    assert planned[0]["settings"] == {**mine[-1]["settings"], "seed": 1}
    assert planned[0]["steps"] == mine[-1]["steps"]


def test_half_of_the_data_is_half_of_the_rows(looked: Looks) -> None:
    (entry,) = verdict_of(looked.folder)["learning_curve"]
    half, whole = entry["points"]
    train = pq.read_metadata(looked.folder / "data/train.parquet").num_rows
    assert (half["share"], whole["share"], whole["rows"]) == (0.5, 1.0, train)
    assert 0.3 * train < half["rows"] < 0.7 * train
    assert half["value"] != whole["value"]


def test_answers_stay_and_models_are_dropped(looked: Looks) -> None:
    test = pq.read_metadata(looked.folder / "data/test.parquet").num_rows
    for place in (SEED, SHARE):
        left = {path.name for path in (looked.folder / place).iterdir()}
        assert "predictions.parquet" in left
        assert not left & {"contenders", "data"}
        assert pq.read_metadata(looked.folder / place / "predictions.parquet").num_rows == test
    kept = [path.relative_to(looked.folder) for path in looked.folder.rglob("*.safetensors")]
    assert {path.parts[:2] for path in kept} == {("contenders", "full")}


def test_what_they_took_is_in_nobodys_own_cost(looked: Looks, project: Path) -> None:
    found = verdict_of(looked.folder)
    for entry in (*found["seeds"], *found["learning_curve"]):
        assert entry["cost"]["seconds"] > 0
    assert {cost["contender"] for cost in found["cost"]} == {"base", "full"}
    text = (looked.folder / "verdict.md").read_text(encoding="utf-8")
    assert "in no contender's own cost" in text
    assert "## Seeds" in text
    assert "## Would more training data help?" in text


def test_what_is_done_is_not_done_again_and_what_is_damaged_is(
    looked: Looks, project: Path
) -> None:
    folder = looked.folder
    before = told(verdict_of(folder))
    again = Looks(folder)
    workflow.evaluate(project, run_folder=folder, overrides=SETTINGS, progress=again)
    assert again.begun == []
    assert told(verdict_of(folder)) == before
    # Intervals at another level are of the same answers.
    workflow.evaluate(
        project,
        run_folder=folder,
        overrides=(*SETTINGS, "evaluation.confidence=0.8"),
        progress=again,
    )
    assert again.begun == []
    path = folder / SEED / "predictions.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    workflow.evaluate(project, run_folder=folder, overrides=SETTINGS, progress=again)
    assert [name for name, _there in again.begun] == ["full, seed 1: Tuning full"]
    assert told(verdict_of(folder)) == before


class Stops(Silent):
    """Ctrl-C in the second step of a further training, once the checkpoint of the first is there:
    it is written while the training goes on."""

    def __init__(self, title: str, folder: Path) -> None:
        self.title = title
        self.folder = folder
        self.begun: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.begun.append(name)

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        is_here = self.begun[-1].startswith(self.title) and "gradient_norm" in facts
        if is_here and done == 2:
            while not (self.folder / "contenders/full/checkpoints/step-1").exists():
                time.sleep(0.001)
            raise KeyboardInterrupt


def test_what_was_interrupted_goes_on_and_ends_as_if_it_had_not_been(
    looked: Looks, project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(project.parent / "plain", folder)
    stops = Stops("full, 50% of the data", folder / SHARE)
    with pytest.raises(KeyboardInterrupt):
        workflow.evaluate(project, run_folder=folder, overrides=SETTINGS, progress=stops)
    assert verdict_of(folder)["seeds"] is None, "the verdict stands by itself until all is done"
    assert (folder / SHARE / "contenders/full/checkpoints").is_dir()
    done = file_sha256(folder / SEED / "predictions.parquet")
    again = Looks(folder)
    workflow.evaluate(project, run_folder=folder, overrides=SETTINGS, progress=again)
    assert [name for name, _there in again.begun] == ["full, 50% of the data: Tuning full"]
    assert file_sha256(folder / SEED / "predictions.parquet") == done
    resumed = [e for e in Run.read(folder / SHARE).events() if e["kind"] == "training_resumed"]
    assert len(resumed) == 1
    assert told(verdict_of(folder)) == told(verdict_of(looked.folder))
