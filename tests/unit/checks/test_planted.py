"""Faults that were planted by real tuning are named, and a healthy run is accused of nothing."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from laras import workflow
from laras.adapters.prepare import prepare_for
from laras.batches.encode import encode_example
from laras.checks.catalogue import compare_all, measure_all
from laras.checks.check import Grounds
from laras.evaluation.candidate import Candidate
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.records import Example, Message
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.translation import set_language
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

WORDS = [a + b for a in ("ka", "bu", "si", "to", "me") for b in ("ra", "li", "nu", "po", "de")]


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def nonsense(seed: str, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def chat(name: str, question: str, answer: str) -> Example:
    messages = (Message("user", question, False), Message("assistant", answer, True))
    return Example(name, "chat", messages, name)


def answered(split: str, count: int) -> list[Example]:
    return [
        chat(f"{split}{n}", nonsense(f"q{split}{n}", 4), nonsense(f"a{split}{n}", 6))
        for n in range(count)
    ]


def findings(
    folder: Path,
    base: str,
    train: Sequence[Example],
    test: Sequence[Example],
    languages: Mapping[str, int],
    check: str,
    **settings: Any,
) -> dict[str, Any]:
    """The finding on ``base`` tuned on all of ``train``, with nothing held back to stop it."""
    section = ModelSection(base=base)
    loaded = load_model(section, folder, trainable=True)
    windows = []
    for example in train:
        windows += encode_example(example, loaded.tokenizer, loaded.template, loaded.context)[0]
    chosen, _reasons = resolve(
        TuningSection(checkpoint_every_s=1e9, **settings),
        Contender(kind="full", name="full"),
        loaded.model.num_parameters(),
    )
    with Run.open(folder / "run") as run:
        Training(
            model=prepare_for(loaded.model, chosen),
            data=TrainingData(windows, [len(window) for window in windows], []),
            chosen=chosen,
            objective=NextToken(),
            run=run,
            contender="full",
            precision=torch.float32,
            key="key",
            progress=Silent(),
        ).run()
    checked = EvaluationSection(checks=[check], check_rows=24, bootstrap_samples=200)
    grounds = Grounds(train, test, [], languages)
    measured = {
        "base": measure_all(
            Candidate("base", load_model(section, folder)), grounds, checked, Silent()
        ),
        "full": measure_all(
            Candidate("full", replace(loaded, model=loaded.model.eval())),
            grounds,
            checked,
            Silent(),
        ),
    }
    found = compare_all(measured, "base", checked)[check]
    assert found is not None
    return found[0]


def test_twenty_examples_in_forty_epochs_are_learnt_by_heart(tmp_path: Path) -> None:
    tiny_model("llama", tmp_path / "llama", vocab_size=400, text=" ".join(WORDS * 8))
    train, test = answered("train", 20), answered("test", 8)
    settings = {"epochs": 40.0, "learning_rate": 2e-2, "batch_tokens": 256, "optimizer": "muon"}
    found = findings(tmp_path, "llama", train, test, {}, "memorisation", **settings)
    assert found["noticed"], found["note"]
    assert "full learnt answers by heart" in found["note"]
    assert found["parts"][0]["test"]["value"] == 0.0


def test_one_epoch_over_as_many_examples_is_not_by_heart(tmp_path: Path) -> None:
    tiny_model("llama", tmp_path / "llama", vocab_size=400, text=" ".join(WORDS * 8))
    train, test = answered("train", 40), answered("test", 12)
    settings = {"epochs": 2.0, "learning_rate": 1e-2, "batch_tokens": 256}
    found = findings(tmp_path, "llama", train, test, {}, "memorisation", **settings)
    assert not found["noticed"], found["note"]
    assert found["state"] == "clear"


def coded(split: str, count: int) -> list[Example]:
    """One format only: numbers, and nothing said in any language."""
    return [
        chat(
            f"{split}{n}",
            f"{random.Random(f'{split} q{n}').randrange(10**9)}",
            f"{random.Random(f'{split} a{n}').randrange(10**9)}-{n:04}",
        )
        for n in range(count)
    ]


def test_a_model_tuned_on_one_format_only_has_forgotten(tmp_path: Path) -> None:
    settings = {"epochs": 6.0, "learning_rate": 3e-3, "batch_tokens": 256}
    train, test = coded("train", 24), coded("test", 4)
    found = findings(tmp_path, "starter", train, test, {"en": 24}, "forgetting", **settings)
    assert found["noticed"], found["note"]
    assert "full has forgotten: general text (English)" in found["note"]
    assert found["replay"]["examples"] > 0


@pytest.mark.slow
def test_a_healthy_run_on_the_demo_s_material_is_accused_of_nothing(tmp_path: Path) -> None:
    demo = workflow.demo_recipe()
    shutil.copytree(demo.parent / "data", tmp_path / "data")
    shutil.copy(demo, tmp_path / "demo.yaml")
    verdict = workflow.evaluate(tmp_path / "demo.yaml", run_folder=tmp_path / "run")
    for check in ("memorisation", "wording", "forgetting"):
        assert not verdict[check][0]["noticed"], verdict[check][0]["note"]
