"""Which examples each objective learns from, and how another package brings one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from laras.batches.tokens import Wanted, split_tokens
from laras.contenders.learning import check_data, objectives_of
from laras.errors import DataRefused, ModelRefused, UsageError
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.objectives.objective import objectives
from laras.recipe.schema import ModelSection, Recipe
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table

TEXT = Message("text", "The gamelan is tuned by ear. " * 30, True)
ASKED, SAID = Message("user", "Which one?", False), Message("assistant", "gong", True)
EXAMPLES = [
    Example("t", "text", (TEXT,), "g0"),
    Example("c", "chat", (ASKED, SAID), "g1"),
    Example("l", "classification", (ASKED, SAID), "g2", label="gong"),
    Example("m", "classification", (ASKED, SAID), "g3", label="saron"),
]
OUTSIDE = """
class Doubled:
    tasks = frozenset({"chat"})
    has_head = False

    def weight(self, batch):
        return float(batch.weights.double().sum())

    def loss(self, forward, batch):
        return 2.0 * forward.loss_sum(batch)

doubled = Doubled()
"""


def recipe(*contenders: object, **tuning: object) -> Recipe:
    return Recipe.model_validate(
        {
            "data": {"sources": [{"examples": "rows.jsonl"}]},
            "tuning": tuning,
            "comparison": {"contenders": list(contenders)},
        }
    )


def audit(*, train: dict[str, int], test: dict[str, int], labels: int = 2) -> dict[str, object]:
    names = {f"label {number}": 1 for number in range(labels)}
    return {
        "splits": {
            "train": {"tasks": train, "labels": names},
            "test": {"tasks": test, "labels": names},
        }
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [("next_token", "tclm"), ("supervised", "clm"), ("continued", "t"), ("classification", "lm")],
)
def test_an_objective_learns_from_its_own_examples(
    name: str, expected: str, tmp_path: Path
) -> None:
    loaded = load_model(ModelSection(base=str(tiny_model("llama", tmp_path / "m"))), tmp_path)
    path = tmp_path / "train.parquet"
    pq.write_table(to_table(EXAMPLES, EXAMPLE_SCHEMA), path)
    objective = objectives.get(name)
    classes = ("gong", "saron") if objective.has_head else None
    found = split_tokens(path, loaded, tmp_path / "tokens", Wanted(objective.tasks, classes))
    assert found.examples == len(expected)
    names = [found.tokens[place].example_id for place in range(len(found.tokens))]
    assert "".join(dict.fromkeys(names)) == expected
    # What was encoded for one objective is not taken for another one.
    everything = split_tokens(path, loaded, tmp_path / "tokens")
    assert everything.examples == len(EXAMPLES)


def test_each_token_of_a_whole_text_is_learnt_once_and_its_end_too(tmp_path: Path) -> None:
    section = ModelSection(base=str(tiny_model("llama", tmp_path / "m")), context=32)
    loaded = load_model(section, tmp_path)
    path = tmp_path / "train.parquet"
    pq.write_table(to_table(EXAMPLES[:1], EXAMPLE_SCHEMA), path)
    wanted = Wanted(objectives.get("continued").tasks)
    tokens = split_tokens(path, loaded, tmp_path / "tokens", wanted).tokens
    windows = [tokens[place] for place in range(len(tokens))]
    assert len(windows) > 2
    ids = [*loaded.tokenizer.encode(TEXT.content), loaded.tokenizer.eos_id]
    learnt = np.concatenate([window.input_ids[window.trained] for window in windows])
    assert learnt.tolist() == ids
    begins = [int(window.input_ids[0]) for window in windows]
    assert begins[0] == loaded.tokenizer.bos_id
    assert begins[1:] == [int(window.input_ids[-1]) for window in windows[:-1]]


def test_a_contender_may_learn_other_than_the_rest() -> None:
    one = recipe("base", "lora", {"full": {"objective": "classification"}}, objective="supervised")
    found = objectives_of(one, "llama")
    assert {name: found[name] for name in found} == {
        "lora": objectives.get("supervised"),
        "full": objectives.get("classification"),
    }


def test_an_unknown_objective_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError) as refused:
        objectives_of(recipe("lora", objective="clasification"), "llama")
    assert refused.value.identifier == "objective.unknown"
    assert "'classification'" in str(refused.value.hint)


def test_a_head_is_refused_for_a_family_that_transformers_has_no_classifier_of() -> None:
    with pytest.raises(ModelRefused):
        objectives_of(recipe("lora", objective="classification"), "granite")
    assert objectives_of(recipe("lora"), "granite")


def test_an_objective_without_its_examples_is_refused_before_training() -> None:
    one = recipe({"lora": {"objective": "continued"}})
    with pytest.raises(DataRefused) as refused:
        check_data(one, objectives_of(one, "llama"), audit(train={"chat": 9}, test={"chat": 1}))
    assert refused.value.identifier == "tuning.nothing-for-objective"
    assert refused.value.where == "comparison.contenders.0.objective"


@pytest.mark.parametrize(
    ("test", "metrics"), [({"chat": 3}, ["f1"]), ({"classification": 3}, ["perplexity"])]
)
def test_a_head_that_nothing_judges_is_refused(test: dict[str, int], metrics: list[str]) -> None:
    one = recipe("lora", objective="classification")
    evaluation = one.evaluation.model_copy(update={"metrics": metrics})
    one = one.model_copy(update={"evaluation": evaluation})
    with pytest.raises(UsageError) as refused:
        check_data(one, objectives_of(one, "llama"), audit(train={"classification": 9}, test=test))
    assert refused.value.identifier == "comparison.head-not-judged"
    assert refused.value.where == "tuning.objective"


def test_another_package_brings_an_objective(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "doubled-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: doubled\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[laras.objective]\ndoubled = doubled:doubled\n")
    (tmp_path / "doubled.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(objectives, "_things", dict(objectives._things))
    found = objectives_of(recipe("lora", objective="doubled"), "llama")["lora"]
    assert found.tasks == {"chat"}
    del sys.modules["doubled"]
