"""A classification head from a table of labels to a verdict, beside contenders that write."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from huggingface_hub import ModelCard
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification

from command_line import laras
from laras.batches.encode import prompt_ids
from laras.models.load import load_model
from laras.models.quiet import quiet
from laras.preparation.pipeline import load_examples
from laras.recipe.schema import ModelSection

THINGS = ["gong", "bonang", "saron", "kendang", "suling", "rebab", "gender", "slenthem"]
PLACES = ["the hall", "the store", "the school", "the garden", "the stage"]
WHERE, MEND = "place: _where_", 'repair "now", {{x}}'
TEXTS = ("base", "lora")
HEADS = ("head", "whole")


def rows_of(place: str) -> list[tuple[str, str]]:
    found = [(f"Where in {place} do I find the {thing}, please?", WHERE) for thing in THINGS]
    return [
        *found,
        *((f"Our {each} from {place} is broken, who mends it?", MEND) for each in THINGS),
    ]


def write_rows(path: Path, rows: list[tuple[str, str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


@pytest.fixture(scope="module")
def recipe(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    write_rows(folder / "labels.csv", [row for place in PLACES[:3] for row in rows_of(place)])
    write_rows(
        folder / "test.csv",
        [
            *(row for place in PLACES[3:] for row in rows_of(place)),
            ("How much is the rent of a hall for an evening?", "price"),
        ],
    )
    path = folder / "recipe.yaml"
    path.write_text(
        f"""\
model: {{base: {tiny_folder}, precision: float32}}
data:
  sources:
    - examples: labels.csv
  test: test.csv
preparation: {{near_duplicates: false}}
tuning: {{epochs: 8, batch_tokens: 512, checkpoint_every_steps: 9}}
evaluation: {{max_new_tokens: 8, bootstrap_samples: 100}}
comparison:
  contenders:
    - base
    - lora: {{epochs: 1}}
    - {{kind: lora, name: head, objective: classification}}
    - {{kind: full, name: whole, objective: classification}}
"""
    )
    return path


@pytest.fixture(scope="module")
def finished(recipe: Path) -> Path:
    folder = recipe.parent / "run"
    done = laras("run", recipe, "--run", folder, cwd=recipe.parent)
    assert done.returncode == 0, done.stderr
    return folder


def scores(finished: Path, name: str) -> dict[str, Any]:
    return json.loads((finished / "contenders" / name / "scores.json").read_text())  # type: ignore[no-any-return]


def predictions(finished: Path, name: str) -> list[dict[str, Any]]:
    path = finished / "contenders" / name / "predictions.parquet"
    return pq.read_table(path).to_pylist()  # type: ignore[no-any-return]


def test_the_head_learns_what_the_base_does_not_know(finished: Path) -> None:
    value = {
        name: scores(finished, name)["metrics"]["macro_f1"]["value"] for name in (*TEXTS, *HEADS)
    }
    assert value["head"] > value["base"] + 0.2
    assert value["whole"] > value["base"] + 0.2


def test_a_head_is_judged_by_labels_alone(finished: Path) -> None:
    for name in HEADS:
        found = scores(finished, name)
        assert set(found["metrics"]) == {*("macro_f1", "micro_f1", "accuracy", "calibration_error")}
        assert found["cost"]["tokens_out"] == 0
        assert found["test"]["sha256"] == scores(finished, "base")["test"]["sha256"]
        for row in predictions(finished, name):
            assert (row["nll"], row["prediction"], row["generated_label"]) == (None, None, None)
            assert row["predicted_label"] in (WHERE, MEND)
            chances = [label["log_probability"] for label in row["top_labels"]]
            assert torch.tensor(chances).exp().sum().item() == pytest.approx(1.0, abs=1e-6)
    assert "perplexity" in scores(finished, "base")["metrics"]


def test_a_label_that_is_only_tested_is_said_and_counts_against_the_head(finished: Path) -> None:
    for name in HEADS:
        found = scores(finished, name)
        assert any("'price'" in warning for warning in found["warnings"])
        price = next(row for row in found["per_class"] if row["label"] == "price")
        assert (price["rows"], price["recall"]) == (1, 0.0)


def test_the_verdict_compares_heads_with_those_that_write(finished: Path) -> None:
    verdict = json.loads((finished / "verdict.json").read_text())
    assert verdict["primary"]["metric"] == "macro_f1"
    assert verdict["recommendation"] in HEADS
    pairs = {(p["a"], p["b"]) for p in verdict["pairs"] if p["metric"] == "macro_f1"}
    assert len(pairs) == 6
    page = (finished / "report.html").read_text()
    assert "head, whole: a classification head, which names labels and writes nothing." in page
    assert "For head, whole it is that of a row" in page


def test_plain_libraries_give_what_was_judged(
    finished: Path, recipe: Path, tiny_folder: Path
) -> None:
    text = load_model(ModelSection(base=str(tiny_folder)), recipe.parent)
    prompts = {
        example.example_id: prompt_ids(example, text.tokenizer, text.template, text.context, 1)
        for example in load_examples(finished / "data/test.parquet")
    }
    folders = {name: finished / "contenders" / name / "model" for name in HEADS}
    with quiet():
        whole = AutoModelForSequenceClassification.from_pretrained(folders["whole"])
        config = AutoConfig.from_pretrained(folders["head"])
        base = AutoModelForSequenceClassification.from_pretrained(tiny_folder, config=config)
        head = PeftModel.from_pretrained(base, str(folders["head"]))
    for name, model in (("whole", whole), ("head", head)):
        model.eval()
        assert model.config.id2label == {0: WHERE, 1: MEND}
        for row in predictions(finished, name):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompts[row["example_id"]]])).logits[0]
            assert model.config.id2label[int(logits.argmax())] == row["predicted_label"]
            best = float(logits.log_softmax(-1).max())
            assert row["top_labels"][0]["log_probability"] == pytest.approx(best, abs=1e-4)


def test_chat_refuses_a_head_and_names_who_can_talk(finished: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "laras", "chat", str(finished), "--contender", "head"],
        input="Where is the gong?\n", capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "chat.only-labels" in done.stderr
    assert "base, lora" in done.stderr


def test_a_merged_head_is_a_classifier_for_plain_transformers(finished: Path) -> None:
    target = finished.parent / "merged"
    done = laras("merge", finished, target, "--contender", "head", cwd=finished.parent)
    assert done.returncode == 0, done.stderr
    config = AutoConfig.from_pretrained(target)
    assert config.id2label == {0: WHERE, 1: MEND}
    assert AutoModelForSequenceClassification.from_pretrained(target).config.num_labels == 2
    card = ModelCard((target / "README.md").read_text(encoding="utf-8")).data
    assert (card.library_name, card.pipeline_tag) == ("transformers", "text-classification")


def test_the_same_command_again_does_nothing_again(recipe: Path, finished: Path) -> None:
    before = len((finished / "events.jsonl").read_text().splitlines())
    again = laras("run", recipe, "--run", finished, cwd=recipe.parent)
    assert again.returncode == 0, again.stderr
    events = (finished / "events.jsonl").read_text().splitlines()[before:]
    assert not any('"step_done"' in event for event in events)


def test_an_objective_that_does_not_exist_is_refused_before_anything_is_read(
    recipe: Path, tmp_path: Path
) -> None:
    change = "comparison.contenders=[{full: {objective: preferences}}]"
    done = laras("run", recipe, "--run", tmp_path / "run", "--set", change, cwd=recipe.parent)
    assert done.returncode != 0
    assert "objective.unknown" in done.stderr
    assert "Reading" not in done.stderr
