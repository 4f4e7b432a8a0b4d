"""A classifier is judged by the labels that plain transformers gives, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from laras.contenders.primary import tokens_agree
from laras.errors import DataRefused, GuardStopped
from laras.evaluation.candidate import Candidate
from laras.evaluation.evaluate import evaluate
from laras.evaluation.head import head_log_probabilities
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import EvaluationSection, ModelSection
from laras.records import Example, Message

LABELS = ("gong", "saron", "suling")
SECTION = EvaluationSection(bootstrap_samples=100, max_new_tokens=4)


def labelled(number: int, label: str) -> Example:
    messages = (
        Message("user", "Which one? " * (number + 1), False),
        Message("assistant", label, True),
    )
    return Example(f"e{number}", "classification", messages, f"g{number}", label=label)


ROWS = [labelled(number, LABELS[number % 3]) for number in range(7)]
CHAT = replace(labelled(9, "gong"), task="chat", label=None)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model(request.param, tmp_path_factory.mktemp("model") / request.param)
    loaded = load_model(ModelSection(base=str(folder)), folder.parent, labels=LABELS)
    torch.nn.init.normal_(
        loaded.model.get_submodule("score").weight, generator=torch.Generator().manual_seed(0)
    )
    return loaded


def test_only_labelled_rows_are_judged_and_nothing_is_written(model: LoadedModel) -> None:
    found = evaluate(Candidate("head", model, LABELS), [*ROWS, CHAT], SECTION)
    assert set(found.scores) == {"macro_f1", "micro_f1", "accuracy", "calibration_error"}
    assert found.predictions["example_id"].to_pylist() == [row.example_id for row in ROWS]
    assert found.predictions["nll"].null_count == found.predictions["prediction"].null_count == 7
    assert found.cost["tokens_out"] == 0
    with pytest.raises(DataRefused):
        evaluate(Candidate("head", model, LABELS), [CHAT], SECTION)


def test_what_shares_a_batch_changes_no_figure(model: LoadedModel) -> None:
    prompts = [model.template.encode_prompt(row.messages[:1]) for row in ROWS]
    names = [row.example_id for row in ROWS]
    alone = [
        head_log_probabilities(model.model, [prompt], names=[name], batch_tokens=64)
        for prompt, name in zip(prompts, names, strict=True)
    ]
    together = head_log_probabilities(model.model, prompts, names=names, batch_tokens=4096)
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)
    np.testing.assert_allclose(np.exp(together).sum(axis=1), 1.0, atol=1e-6)


def test_rows_count_the_same_tokens_as_for_one_that_writes(
    model: LoadedModel, tmp_path: Path
) -> None:
    """Else no perplexity of the others could be compared in the same run."""
    base = load_model(ModelSection(base=str(model.folder)), tmp_path)
    found = [
        evaluate(candidate, ROWS, SECTION, LABELS).predictions
        for candidate in (Candidate("base", base), Candidate("head", model, LABELS))
    ]
    assert tokens_agree(found)


def test_a_label_that_the_head_does_not_know_is_said(model: LoadedModel) -> None:
    found = evaluate(Candidate("head", model, LABELS), [*ROWS, labelled(8, "rebab")], SECTION)
    assert any("'rebab'" in warning for warning in found.warnings)
    assert found.scores["accuracy"].n == 8


def test_a_head_that_gives_no_numbers_is_named_with_the_row(model: LoadedModel) -> None:
    score = model.model.get_submodule("score")
    kept = score.weight.detach().clone()
    try:
        with torch.no_grad():
            score.weight[0] = torch.nan
        with pytest.raises(GuardStopped) as stopped:
            evaluate(Candidate("head", model, LABELS), ROWS, SECTION)
        assert stopped.value.where == "e0"
    finally:
        with torch.no_grad():
            score.weight.copy_(kept)
