"""A candidate is judged end to end: real model files, real tokenizer, real template."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from laras.batches.encode import encode_example
from laras.batches.token_batch import EncodedExample
from laras.errors import DataRefused, GuardStopped
from laras.evaluation.candidate import Candidate
from laras.evaluation.evaluate import evaluate
from laras.evaluation.generation import greedy_answers
from laras.evaluation.losses import example_losses, overlapping, trained_tokens
from laras.evaluation.result import PREDICTION_SCHEMA, scores_from_json
from laras.evaluation.rows import sampled
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import EvaluationSection, ModelSection
from laras.records import Example, Message, Task

SECTION = EvaluationSection(bootstrap_samples=100, max_new_tokens=8)
LABELS = ["tuning", "small model", "model"]


def example(name: str, task: Task, *contents: str, label: str | None = None) -> Example:
    roles = ["text"] if task == "text" else ["user", "assistant"] * (len(contents) // 2)
    messages = tuple(
        Message(role, content, role != "user")
        for role, content in zip(roles, contents, strict=True)
    )
    return Example(name, task, messages, group=name, label=label, source="made")


def mixed() -> list[Example]:
    texts = [example(f"t{at}", "text", "The gamelan is tuned by ear. " * (at + 1)) for at in (0, 1)]
    chats = [
        example(f"c{at}", "chat", f"Which instrument leads? {at}", "Bonang memimpin")
        for at in range(3)
    ]
    asked = [
        example(f"l{at}", "classification", "again " * (at + 1), label, label=label)
        for at, label in enumerate(LABELS)
    ]
    return [*texts, *chats, *asked]


@pytest.fixture(scope="module", params=["llama", "gpt2", "falcon"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model(request.param, tmp_path_factory.mktemp("models") / request.param)
    return load_model(ModelSection(base=str(folder)), folder)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("models") / "llama")
    return load_model(ModelSection(base=str(folder)), folder)


def test_every_figure_that_the_rows_allow_is_there_with_its_interval(loaded: LoadedModel) -> None:
    found = evaluate(Candidate("base", loaded), mixed(), SECTION, LABELS)
    # A model that is not trained may write no word at all, which has no variety either.
    assert set(found.scores) - {"distinct1", "distinct2"} == {
        "perplexity",
        "bits_per_byte",
        "macro_f1",
        "micro_f1",
        "accuracy",
        "macro_f1_generated",
        "micro_f1_generated",
        "calibration_error",
        "bleu",
        "chrf",
        "rouge1",
        "rouge2",
        "rougeL",
        "rougeLsum",
        "token_f1",
        "exact_match",
        "refusal_rate",
        "repetition_rate",
        "length_ratio",
    }
    for score in found.scores.values():
        assert math.isfinite(score.value)
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.high
    assert found.scores["perplexity"].n == 8
    assert found.scores["macro_f1"].n == found.scores["rougeL"].n == 3
    assert "tok:13a" in (found.scores["bleu"].signature or "")
    assert found.test["rows"] == 8
    assert found.test["groups"] == 8
    assert found.cost["tokens_in"] > found.test["tokens"]
    assert found.cost["tokens_out"] > 0
    assert found.cost["peak_memory_bytes"] > 1_000_000


def test_perplexity_equals_a_row_by_row_sum(loaded: LoadedModel) -> None:
    found = evaluate(Candidate("base", loaded), mixed(), SECTION, LABELS)
    nll, tokens = 0.0, 0
    for each in mixed():
        for window in encode_example(each, loaded.tokenizer, loaded.template, loaded.context)[0]:
            nll += float(example_losses(loaded.model, [window], batch_tokens=10_000)[0])
            tokens += trained_tokens(window)
    assert found.scores["perplexity"].value == pytest.approx(math.exp(nll / tokens), rel=1e-6)


def test_a_labels_own_likelihood_is_the_loss_of_its_row(loaded: LoadedModel) -> None:
    found = evaluate(Candidate("base", loaded), mixed(), SECTION, LABELS)
    compared = 0
    for row in found.predictions.to_pylist():
        for top in row["top_labels"] or []:
            if top["label"] == row["label"]:
                assert -top["log_probability"] == pytest.approx(row["nll"], abs=1e-4)
                compared += 1
    assert compared == len(LABELS)


def test_equal_inputs_give_equal_results_in_any_order_of_rows(llama: LoadedModel) -> None:
    first = evaluate(Candidate("base", llama), mixed(), SECTION, LABELS)
    again = evaluate(Candidate("base", llama), mixed(), SECTION, LABELS)
    assert first.predictions.equals(again.predictions)
    assert first.scores == again.scores
    assert first.test == again.test
    turned = evaluate(Candidate("base", llama), mixed()[::-1], SECTION, LABELS)
    for name, score in first.scores.items():
        assert turned.scores[name].value == pytest.approx(score.value, rel=1e-6)


def test_the_token_budget_changes_no_figure(llama: LoadedModel) -> None:
    small = SECTION.model_copy(update={"batch_tokens": 64})
    one = evaluate(Candidate("base", llama), mixed(), SECTION, LABELS)
    other = evaluate(Candidate("base", llama), mixed(), small, LABELS)
    assert one.predictions["prediction"] == other.predictions["prediction"]
    for name, score in one.scores.items():
        assert other.scores[name].value == pytest.approx(score.value, rel=1e-6)


def test_results_can_be_saved_and_read_back(llama: LoadedModel, tmp_path: Path) -> None:
    found = evaluate(Candidate("lora", llama), mixed(), SECTION, LABELS)
    pq.write_table(found.predictions, tmp_path / "predictions.parquet")
    table = pq.read_table(tmp_path / "predictions.parquet")
    assert table.schema.equals(PREDICTION_SCHEMA)
    facts = json.loads(json.dumps(found.as_json("lora", "tiny"), allow_nan=False))
    assert scores_from_json(facts) == found.scores
    assert {"contender", "model", "test", "metrics", "cost"} <= set(facts)


def test_only_the_metrics_that_were_asked_for_are_computed(llama: LoadedModel) -> None:
    for family, names in {
        "exact_match": {"exact_match"},
        "chrf": {"chrf"},
        "ter": {"ter"},
        "refusal": {"refusal_rate"},
        "calibration": {"calibration_error"},
        "perplexity": {"perplexity", "bits_per_byte"},
    }.items():
        section = SECTION.model_copy(update={"metrics": [family]})
        found = evaluate(Candidate("base", llama), mixed(), section, LABELS)
        assert set(found.scores) == names
    assert found.predictions["predicted_label"].null_count == 8


def test_the_longest_answer_is_bounded(llama: LoadedModel) -> None:
    section = SECTION.model_copy(update={"max_new_tokens": 1, "metrics": ["bleu"]})
    found = evaluate(Candidate("base", llama), mixed(), section)
    assert found.cost["tokens_out"] == 3


def test_a_fixed_sample_of_each_task_is_taken_whatever_the_order() -> None:
    examples = mixed()
    some = sampled(examples, 2, seed=0)
    assert sorted(each.task for each in some) == sorted(["text", "chat", "classification"] * 2)
    assert {each.example_id for each in sampled(examples[::-1], 2, seed=0)} == {
        each.example_id for each in some
    }
    assert sampled(examples, None, seed=0) == examples
    seeds = {tuple(each.example_id for each in sampled(examples, 1, seed)) for seed in range(9)}
    assert len(seeds) > 1


def test_an_example_that_can_not_be_encoded_comes_back_as_a_rejection(llama: LoadedModel) -> None:
    too_long = example("x0", "chat", "why?", "because " * 2000)
    found = evaluate(Candidate("base", llama), [*mixed(), too_long], SECTION, LABELS)
    assert [each.record_id for each in found.rejections] == ["x0"]
    assert found.test["rows"] == 8
    with pytest.raises(DataRefused):
        evaluate(Candidate("base", llama), [too_long], SECTION, LABELS)


def test_a_label_unknown_to_training_is_flagged_and_counts_as_wrong(llama: LoadedModel) -> None:
    stranger = example("l9", "classification", "again", "stranger", label="stranger")
    section = SECTION.model_copy(update={"metrics": ["f1"]})
    found = evaluate(Candidate("base", llama), [*mixed(), stranger], section, LABELS)
    assert any("stranger" in warning for warning in found.warnings)
    assert next(each for each in found.per_class if each.label == "stranger").f1 == 0.0


def test_a_row_that_is_not_finite_stops_the_evaluation_by_name(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "m")
    broken = load_model(ModelSection(base=str(folder)), folder)
    (only,) = {*broken.tokenizer.encode("9")}
    with torch.no_grad():
        broken.model.get_input_embeddings().weight[only] = float("nan")
    examples = [*mixed(), example("n0", "text", "a 9 b")]
    with pytest.raises(GuardStopped) as raised:
        evaluate(Candidate("base", broken), examples, SECTION, LABELS)
    assert raised.value.exit_code == 4
    # The embedding is tied: its NaN reaches every logit, so the first row scored is named.
    assert raised.value.where in {each.example_id for each in examples}


def test_progress_hears_of_each_stage(llama: LoadedModel) -> None:
    class Heard:
        stages: list[str]

        def __init__(self) -> None:
            self.stages = []
            self.done: list[int] = []

        def stage(self, name: str, total: int | None = None) -> None:
            self.stages.append(name)

        def advance(self, done: int, **facts: float | int | str | None) -> None:
            self.done.append(done)

        def note(self, message: str) -> None: ...

        def finish(self) -> None: ...

    heard = Heard()
    evaluate(Candidate("base", llama), mixed(), SECTION, LABELS, heard)
    assert len(heard.stages) == 4
    assert heard.done[-1] == 3


def test_every_token_of_a_long_text_is_counted_once_with_half_a_context_before_it(
    llama: LoadedModel,
) -> None:
    text = example("t0", "text", "The gamelan is tuned by ear, again and again. " * 6)
    (whole,) = encode_example(text, llama.tokenizer, llama.template, 256)[0]
    for context in (16, 33, 64):
        windows = encode_example(text, llama.tokenizer, llama.template, context)[0]
        assert len(windows) > 1
        strided = overlapping(windows, context)
        assert sum(map(trained_tokens, strided)) == trained_tokens(whole)
        assert sum(each.text_bytes for each in strided) == whole.text_bytes
        assert max(map(len, strided)) <= context
        assert all(np.flatnonzero(each.trained)[0] >= context // 2 for each in strided[1:])
    assert overlapping([whole], 256) == [whole]


@pytest.mark.material
def test_losses_of_a_long_text_are_near_those_with_all_its_context(material: Path) -> None:
    folder = material / "models" / "stories260K"
    stories = load_model(ModelSection(base=str(folder)), folder)
    facts = json.loads((folder / "expected.json").read_text("utf-8"))
    text = example("t0", "text", facts["greedy_from_bos_256"])
    (whole,) = encode_example(text, stories.tokenizer, stories.template, 512)[0]

    def loss(encoded: list[EncodedExample]) -> float:
        return float(example_losses(stories.model, encoded, batch_tokens=10_000).sum())

    reference = loss([whole])
    for context in (64, 100):
        windows = encode_example(text, stories.tokenizer, stories.template, context)[0]
        apart = abs(loss(windows) - reference)
        assert abs(loss(overlapping(windows, context)) - reference) < 0.5 * apart


@pytest.mark.material
def test_greedy_text_of_a_pretrained_model_is_the_published_one(material: Path) -> None:
    folder = material / "models" / "stories260K"
    stories = load_model(ModelSection(base=str(folder)), folder)
    facts = json.loads((folder / "expected.json").read_text("utf-8"))
    (answer,) = greedy_answers(
        stories.model,
        [[1]],
        stop_ids=frozenset({1}),
        max_new_tokens=256,
        context=512,
        batch_tokens=1000,
    )
    assert stories.tokenizer.decode(answer.token_ids).strip() == facts["greedy_from_bos_256"]
