"""Base models ranked for real, on rows of one's own: tiny ones, and some that can't be loaded."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from laras import workflow
from laras.errors import DataRefused, UsageError
from laras.evaluation.words import UnicodeWords
from laras.models.load import load_model, supported_context
from laras.preparation.held_back import without_test
from laras.preparation.pipeline import Prepared, load_examples
from laras.ranking.measure import Ground, Named, measure
from laras.ranking.ranked import Ranked
from laras.ranking.ranking import Ranking
from laras.recipe.load import load_recipe
from laras.recipe.schema import ModelSection
from laras.records import EXAMPLE_SCHEMA
from laras.runs.folder import Run
from laras.runs.progress import Silent
from small_project import small_project

SETTINGS = ("evaluation.max_new_tokens=4", "tuning.max_steps=4")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its recipe's base is a tiny llama, called by a path that starts from the recipe."""
    recipe = small_project(tmp_path_factory.mktemp("project"))
    folder = recipe.parent
    (folder / "llama/README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    (folder / "pickled").mkdir()
    shutil.copyfile(folder / "llama/config.json", folder / "pickled/config.json")
    (folder / "pickled/pytorch_model.bin").write_bytes(b"\x80\x04.")
    yield recipe
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _quick_collections(project: Path) -> None:
    """Each evaluation collects garbage: what the libraries hold need not be looked through."""
    gc.freeze()


@pytest.fixture(scope="module")
def ranking(project: Path) -> Ranking:
    """The base, another tiny model, one with pickled weights, one that is not there."""
    folder = project.parent
    names = [str(folder / "qwen2"), str(folder / "pickled"), "owner/absent"]
    return rank(project, folder / "run", *names)


def rank(recipe: Path, folder: Path, *models: str, settings: tuple[str, ...] = ()) -> Ranking:
    return workflow.rank_models(recipe, models, run_folder=folder, overrides=[*SETTINGS, *settings])


def test_what_can_not_be_loaded_is_reported_and_the_others_are_ranked(
    ranking: Ranking, project: Path
) -> None:
    errors = {Path(each.model).name: each.error for each in ranking.models}
    assert errors == {
        "llama": None,
        "qwen2": None,
        "pickled": "model.pickle",
        "absent": "model.not-downloaded",
    }
    assert [each.error for each in ranking.models][:2] == [None, None], "they come last"
    assert all(each.reason for each in ranking.models if each.error)
    assert ranking.recommendation.model in ("llama", str(project.parent / "qwen2"))


def test_each_model_has_every_figure(ranking: Ranking, project: Path) -> None:
    for each in ranking.models[:2]:
        folder = project.parent / Path(each.model).name
        loaded = load_model(ModelSection(base=str(folder)), project.parent)
        assert each.parameters == loaded.model.num_parameters()
        assert each.context == 256
        assert each.bits_per_byte is not None
        assert each.bits_per_byte.value > 0
        assert each.metric == "rougeL"
        assert each.zero_shot is not None
        assert each.few_shot is not None
        assert each.shots > 0
        texts = [
            message.content
            for example in load_examples(ranking.folder / "data/validation.parquet")
            for message in example.messages
        ]
        tokens = sum(len(loaded.tokenizer.encode(text)) for text in texts)
        words = sum(len(UnicodeWords().tokenize(text)) for text in texts)
        assert each.tokens_per_word == pytest.approx(tokens / words)
        assert set(each.tuning) == {"lora", "full"}
        for cost in each.tuning.values():
            assert cost.fits
            assert cost.seconds is not None
            assert cost.peak_bytes is not None
            assert 0 < cost.seconds < 60
            assert 2**20 < cost.peak_bytes < 2**34


def test_the_licence_is_that_of_the_folder_and_unknown_is_said_so(ranking: Ranking) -> None:
    licences = {Path(each.model).name: each.licence for each in ranking.models[:2]}
    assert licences["llama"] is not None
    assert licences["llama"].name == "mit"
    assert licences["qwen2"] is None
    if ranking.recommendation.model == "llama":
        assert ranking.recommendation.remarks == ()
    else:
        assert "licence" in ranking.recommendation.remarks[0]


def test_the_file_holds_what_was_returned(ranking: Ranking) -> None:
    path = ranking.folder / "ranking/ranking.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(ranking.as_json()))
    assert not (ranking.folder / "ranking/scratch").exists()


class Counts(Silent):
    """How many stages of judging or rehearsing there were."""

    def __init__(self) -> None:
        self.stages = 0

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages += name.startswith(("Judging", "Rehearsing"))


def test_what_was_measured_is_not_measured_again(ranking: Ranking, project: Path) -> None:
    counts = Counts()
    again = workflow.rank_models(
        project,
        [str(project.parent / "qwen2")],
        run_folder=ranking.folder,
        overrides=SETTINGS,
        progress=counts,
    )
    assert counts.stages == 0
    assert again.models == ranking.models[:2]
    assert again.recommendation == ranking.recommendation


class TakesTheTestAway(Silent):
    """Once the data is prepared, the test set is no longer there."""

    def __init__(self, folder: Path) -> None:
        self.test = folder / "data/test.parquet"

    def stage(self, name: str, total: int | None = None) -> None:
        if name.startswith("Judging"):
            self.test.unlink(missing_ok=True)


def test_models_are_chosen_without_a_look_at_the_test_set(
    ranking: Ranking, project: Path, tmp_path: Path
) -> None:
    progress = TakesTheTestAway(tmp_path)
    blind = workflow.rank_models(
        project, [], run_folder=tmp_path, overrides=SETTINGS, progress=progress
    )
    assert not progress.test.exists()
    own = next(each for each in ranking.models if each.model == "llama")
    assert blind.models[0].bits_per_byte == own.bits_per_byte
    assert blind.models[0].few_shot == own.few_shot


def test_labels_are_scored_by_f1(project: Path, tmp_path: Path) -> None:
    rows = [f"{'baik' if n % 2 else 'buruk'} nomor {n} sekali,{n % 2}" for n in range(60)]
    (project.parent / "labels.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    found = measured(project, tmp_path, "data.sources=[{examples: labels.csv}]")
    assert found.metric == "macro_f1"
    assert found.few_shot is not None
    assert found.bits_per_byte is not None


def test_texts_have_likelihoods_and_no_scores(project: Path, tmp_path: Path) -> None:
    found = measured(project, tmp_path, "data.sources=[{documents: handbook}]")
    assert found.bits_per_byte is not None
    assert (found.metric, found.zero_shot, found.few_shot, found.shots) == (None, None, None, 0)


def measured(recipe: Path, folder: Path, setting: str) -> Ranked:
    """The recipe's base on other data, without a look at what tuning it takes."""
    prepared = workflow.prepare(recipe, run_folder=folder, overrides=[*SETTINGS, setting])
    ground = Ground(load_recipe(recipe, [*SETTINGS, setting]).recipe, without_test(prepared))
    candidate = Named("llama", ModelSection(base="llama"), recipe.parent, recipe.parent / "llama")
    return measure(candidate, ground, Silent())[0]


def test_without_validation_rows_there_is_nothing_to_rank_by(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "validation.parquet"
    pq.write_table(EXAMPLE_SCHEMA.empty_table(), path)
    with pytest.raises(DataRefused) as caught:
        Ground(load_recipe(project).recipe, Prepared(path, path, path, path, {}, "key"))
    assert caught.value.identifier == "ranking.no-validation"


def test_a_model_named_twice_is_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        rank(project, tmp_path, "a/b", "a/b")
    assert caught.value.identifier == "ranking.named-twice"


def test_the_longest_text_is_that_of_the_configuration(tiny: Callable[[str], Path]) -> None:
    config = json.loads((tiny("gpt2") / "config.json").read_text(encoding="utf-8"))
    assert supported_context(SimpleNamespace(**config)) == 256
    assert supported_context(SimpleNamespace(model_type="odd")) is None


def test_a_pretrained_model_is_ranked_before_a_random_one(
    material: Path, project: Path, tmp_path: Path
) -> None:
    stories = material / "models/stories260K"
    (project.parent / "stories").mkdir(exist_ok=True)
    children, things = ("Lily", "Tom", "Mia", "Ben"), ("bird", "dog", "ball", "tree", "boat", "hat")
    for number, (child, thing) in enumerate(product(children, things)):
        (project.parent / f"stories/{number}.md").write_text(
            f"Once upon a time, there was a child named {child}. One day {child} saw a big "
            f"{thing}. {child} was very happy and wanted to play with the {thing}.",
            encoding="utf-8",
        )
    found = rank(
        project,
        tmp_path,
        str(stories),
        settings=(
            "data.sources=[{documents: stories}]",
            "data.validation_share=0.5",
            "preparation.near_duplicates=false",
            "preparation.clean=false",
        ),
    )
    assert found.recommendation.model == str(stories)
    assert [each.model for each in found.models] == [str(stories), "llama"]
    assert "licence" in found.recommendation.remarks[0]
    assert Run.read(tmp_path).read_json("ranking/ranking.json") is not None
