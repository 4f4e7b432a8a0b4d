"""lm-evaluation-harness on a contender: what it is refused, and that figures are the harness's."""

from __future__ import annotations

import json
import random
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from laras.adapters.prefix_tuning import add_prefix
from laras.batches.encoded import EncodedExample
from laras.cli.main import main
from laras.delivery import harness
from laras.delivery.harness import run_benchmarks
from laras.errors import UsageError
from laras.evaluation.losses import example_losses
from laras.models.load import load_model
from laras.models.tiny import tiny_model
from laras.recipe.load import recipe_from_mapping, resolved_yaml
from laras.recipe.schema import ModelSection
from laras.runs.folder import Run
from laras.runs.progress import Silent

installed = pytest.mark.skipif(find_spec("lm_eval") is None, reason="needs laras[harness]")

CHOICES = """\
task: laras_choices
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/choices.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{answers}}}}"
doc_to_target: right
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
"""
TEXTS = """\
task: laras_texts
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/texts.jsonl}}}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{text}}}}"
metric_list: [{{metric: word_perplexity}}, {{metric: byte_perplexity}}, {{metric: bits_per_byte}}]
"""
ANSWERS = """\
task: laras_answers
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/choices.jsonl}}}}
test_split: test
output_type: generate_until
generation_kwargs: {{until: ["."], max_gen_toks: 12, do_sample: false}}
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{said}}}}"
metric_list: [{{metric: exact_match}}]
"""
TASKS = ["laras_choices", "laras_texts", "laras_answers"]
WORDS = ("the", "little", "girl", "saw", "a", "big", "red", "ball", "and", "was", "happy", "mom")


def task_folder(folder: Path) -> Path:
    """Three tasks on local files."""
    folder.mkdir()
    chance = random.Random(1)

    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    choices = [
        {
            "question": f"Once upon a time {words(5)}",
            "answers": [f" {words(2)}", f" {words(3)}", f" {words(1)}"],
            "right": chance.randrange(3),
            "said": words(3),
        }
        for _ in range(12)
    ]
    texts = [{"text": words(count)} for count in (3, 60, 900)]  # one longer than the context
    for name, rows in (("choices", choices), ("texts", texts)):
        lines = "\n".join(map(json.dumps, rows))
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    for name, task in (("choices", CHOICES), ("texts", TEXTS), ("answers", ANSWERS)):
        (folder / f"{name}.yaml").write_text(task.format(folder=folder), encoding="utf-8")
    return folder


def make_run(folder: Path, base: str, contenders: list[Any]) -> Path:
    recipe = {
        "model": {"base": base},
        "data": {"sources": [{"documents": "handbook"}]},
        "comparison": {"contenders": contenders},
    }
    with Run.open(folder / "run") as run:
        run.write_text("recipe.yaml", resolved_yaml(recipe_from_mapping(recipe, folder)))
        run.write_json("origin.json", {"recipe_folder": str(folder)})
    return folder / "run"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run in which only the base model is there."""
    tiny_model("llama", tmp_path / "base")
    return make_run(tmp_path, "base", ["base", "lora", "prompt"])


def test_without_the_harness_it_is_said_how_to_get_it(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"laras\[harness\]"):
        run_benchmarks(run_folder, "base", ["any"], Silent())


@installed
def test_likelihoods_are_read_behind_what_was_learnt(run_folder: Path) -> None:
    from laras.delivery.harness_model import ContenderModel

    loaded = load_model(ModelSection(base="base"), run_folder.parent)
    pairs = [([7, 8, 9], [10, 11]), ([12], [13, 14, 15])]
    alone = ContenderModel(loaded, "base", Silent())._scores(pairs)
    torch.manual_seed(0)
    add_prefix(loaded.model, 4)
    behind = ContenderModel(loaded, "prefix", Silent())._scores(pairs)
    for (before, wanted), (score, _greedy), (without, _other) in zip(
        pairs, behind, alone, strict=True
    ):
        ids = np.array([*before, *wanted], np.int32)
        row = EncodedExample("", ids, np.arange(len(ids)) >= len(before))
        (loss,) = example_losses(loaded.model, [row], batch_tokens=64)
        assert score == pytest.approx(-loss, rel=1e-5)
        assert score != pytest.approx(without, rel=1e-3)


@installed
@pytest.mark.slow
@pytest.mark.material
def test_answers_are_those_of_the_harness_with_its_own_model(material: Path) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from laras.delivery.harness_model import ContenderModel

    folder = material / "models" / "stories260K"
    ours = ContenderModel(
        load_model(ModelSection(base=str(folder)), folder), "base", Silent(), batch_tokens=700
    )
    settings = {"pretrained": str(folder), "device": "cpu", "dtype": "float32"}
    theirs = HFLM(**settings)
    chance = random.Random(3)

    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    def requests(kind: str, arguments: list[tuple[Any, ...]]) -> list[Instance]:
        return [Instance(kind, {}, each, place) for place, each in enumerate(arguments)]

    pairs = [(f"Once upon a time {words(count)}", f" {words(3)}") for count in (0, 1, 5, 40, 400)]
    pairs += [
        ("", "Once upon a time"),
        ("Lily saw a ", "cat."),
        ("Once upon", " a"),
        ("a", words(40)),
    ]
    asked = requests("loglikelihood", pairs)
    for found, expected in zip(ours.loglikelihood(asked), theirs.loglikelihood(asked), strict=True):
        assert found[0] == pytest.approx(expected[0], rel=1e-5, abs=1e-4)
        assert found[1] is expected[1]

    stops = {"until": [".", "\n\n"], "max_gen_toks": 40, "do_sample": False}
    asked = requests("generate_until", [(context, stops) for context, _said in pairs if context])
    assert ours.generate_until(asked) == theirs.generate_until(asked)

    # By default the harness reads two beginning tokens where the tokenizer gives one itself.
    theirs = HFLM(**settings, add_bos_token=False)
    asked = requests("loglikelihood_rolling", [(words(count),) for count in (1, 60, 200, 900)])
    assert ours.loglikelihood_rolling(asked) == pytest.approx(
        theirs.loglikelihood_rolling(asked), rel=1e-5
    )


@installed
@pytest.mark.slow
def test_the_verb_shows_the_figures_and_keeps_those_of_each_task(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = task_folder(tmp_path / "tasks")
    given = ["benchmark", str(run_folder), "--contender", "base", "--include", str(tasks)]
    assert main([*given, "--tasks", ",".join(TASKS), "--limit", "3", "--lang", "en"]) == 0
    shown = capsys.readouterr()
    assert "laras_choices" in shown.out
    assert "acc ↑" in shown.out
    assert "it/s" not in shown.err
    assert "WARNING" not in shown.err
    assert main([*given, "--tasks", "laras_choices", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    rows = {entry["metric"]: entry["rows"] for entry in figures}
    assert rows == {"acc": 12, "acc_norm": 12}
    kept = json.loads((run_folder / "contenders/base/benchmarks.json").read_text("utf-8"))
    limits = {(entry["task"], entry["limit"]) for entry in kept["figures"]}
    assert limits == {("laras_choices", None), ("laras_texts", 3), ("laras_answers", 3)}


@installed
@pytest.mark.slow
def test_what_can_not_be_benchmarked_is_refused_with_a_way_out(
    run_folder: Path, tmp_path: Path
) -> None:
    tasks = task_folder(tmp_path / "tasks")

    def refusal(contender: str = "base", task: str = "laras_choices", **options: Any) -> str:
        with pytest.raises(UsageError) as raised:
            run_benchmarks(run_folder, contender, [task], Silent(), **options)
        assert raised.value.hint
        return raised.value.identifier

    assert refusal("prompt", include=tasks) == "benchmark.no-weights"
    assert refusal("lora", include=tasks) == "contender.not-trained"
    assert refusal(task="laras_choice", include=tasks) == "benchmark.unknown-task"
    assert refusal(include=tmp_path / "none") == "benchmark.no-folder"
    (tasks / "choices.jsonl").unlink()
    assert refusal(include=tasks) == "benchmark.failed"


@installed
@pytest.mark.slow
def test_nothing_is_fetched_unasked(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = []

    def refuse(host: str, *_arguments: Any, **_named: Any) -> Any:
        reached.append(host)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    tasks = task_folder(tmp_path / "tasks")
    elsewhere = CHOICES.replace("dataset_path: json", "dataset_path: owner/nothing-such")
    (tasks / "choices.yaml").write_text(elsewhere.format(folder=tasks), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        run_benchmarks(run_folder, "base", ["laras_choices"], Silent(), include=tasks)
    assert raised.value.identifier == "benchmark.failed"
    assert "--download" in (raised.value.hint or "")
    assert reached == []


@installed
@pytest.mark.slow
def test_a_task_that_draws_its_answers_by_chance_is_refused(
    run_folder: Path, tmp_path: Path
) -> None:
    tasks = task_folder(tmp_path / "tasks")
    drawn = ANSWERS.replace("do_sample: false", "do_sample: true, temperature: 0.7")
    (tasks / "answers.yaml").write_text(drawn.format(folder=tasks), encoding="utf-8")
    with pytest.raises(UsageError, match="greedy"):
        run_benchmarks(run_folder, "base", ["laras_answers"], Silent(), include=tasks)
