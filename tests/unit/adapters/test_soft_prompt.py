"""Soft prompts: peft's format, nothing else trained, and read like any other tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedModel

from laras.adapters.prepare import prepare_for, trainable
from laras.adapters.soft_prompt import (
    PromptedEmbedding,
    begun_with,
    load_soft_prompt,
    save_soft_prompt,
)
from laras.batches.token_batch import collate
from laras.engine.forward import PackedForward
from laras.errors import StorageFailed
from laras.evaluation.generation import greedy_answers
from laras.evaluation.labels import label_log_probabilities
from laras.evaluation.losses import example_losses
from laras.models.virtual_tokens import virtual_ids
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe.schema import Contender, TuningSection
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
COUNT = 5
FAMILIES = ["llama", "gpt2", "qwen2", "falcon"]


def chosen() -> Hyperparameters:
    contender = Contender(kind="soft-prompt", name="soft", virtual_tokens=COUNT)
    return resolve(TuningSection(), contender, 1_000_000)[0]


def prompted(model: PreTrainedModel) -> PreTrainedModel:
    """With a prompt that is no longer made of words."""
    ready = prepare_for(model, chosen())
    assert isinstance(ready, PreTrainedModel)
    embedding = ready.get_input_embeddings()
    assert isinstance(embedding, PromptedEmbedding)
    torch.manual_seed(2)
    with torch.no_grad():
        embedding.prompt.normal_(std=0.5)
    return ready


def by_embeddings(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """Logits (L, V) of ``ids`` behind the prompt, without the ids of virtual tokens."""
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PromptedEmbedding)
    words = embedding.words(torch.tensor([ids]))
    rows = torch.cat([embedding.prompt[None].to(words.dtype), words], dim=1)
    logits = model(inputs_embeds=rows).logits[0, len(embedding.prompt) :]
    assert isinstance(logits, torch.Tensor)
    return logits


@pytest.mark.parametrize("family", FAMILIES)
def test_plain_peft_puts_the_saved_prompt_before_the_base(
    fresh: Fresh, tiny: Callable[[str], Path], tmp_path: Path, family: str
) -> None:
    model = prompted(fresh(family)).eval()
    ids = list(range(5, 25))
    expected = model(input_ids=torch.tensor([[*virtual_ids(model), *ids]])).logits[0, COUNT:]
    save_soft_prompt(model, tmp_path / "prompt", "base")

    base = AutoModelForCausalLM.from_pretrained(tiny(family)).float().eval()
    loaded = PeftModel.from_pretrained(base, str(tmp_path / "prompt")).eval()
    found = loaded(input_ids=torch.tensor([ids])).logits[0, COUNT:]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)

    again = fresh(family)
    assert load_soft_prompt(again, tmp_path / "prompt") == COUNT
    assert torch.equal(
        again(input_ids=torch.tensor([[*virtual_ids(again), *ids]])).logits[0, COUNT:], expected
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["fast", "packed", "padded"])
def test_loss_and_gradient_are_those_of_embedded_rows(fresh: Fresh, family: str, way: str) -> None:
    model = prompted(fresh(family)).eval()  # without the dropout of some
    rows = examples([12, 30, 7])
    batch = collate([begun_with(virtual_ids(model), row) for row in rows])
    forward = PackedForward(model, torch.float32, way)  # type: ignore[arg-type]
    loss = forward.loss_sum(batch)
    loss.backward()
    (name, prompt), *others = trainable(model).items()
    assert not others
    assert name.endswith("prompt")
    found = prompt.grad
    assert found is not None
    found = found.clone()
    forward.release()

    model.zero_grad()
    expected = torch.zeros(())
    for row in rows:
        logits = by_embeddings(model, row.input_ids.tolist())
        each = F.cross_entropy(
            logits[:-1].float(), torch.from_numpy(row.input_ids[1:]).long(), reduction="none"
        )
        expected = expected + each[torch.from_numpy(row.trained[1:])].sum()
    expected.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)
    assert prompt.grad is not None
    largest = prompt.grad.abs().max()
    assert (found - prompt.grad).abs().max() <= 1e-5 * max(1.0, float(largest))


@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_judging_reads_everything_behind_the_prompt(fresh: Fresh, family: str) -> None:
    model = prompted(fresh(family)).eval().requires_grad_(False)
    rows = examples([9, 14])
    losses = example_losses(model, rows, batch_tokens=64)
    for row, found in zip(rows, losses, strict=True):
        logits = by_embeddings(model, row.input_ids.tolist())[:-1].log_softmax(-1)
        each = -logits[torch.arange(len(row) - 1), torch.from_numpy(row.input_ids[1:]).long()]
        assert found == pytest.approx(
            float(each[torch.from_numpy(row.trained[1:])].sum()), rel=1e-4
        )

    prompts = [row.input_ids.tolist() for row in rows]
    labels = [[7, 8], [9], [7, 11, 12]]
    scores = label_log_probabilities(model, prompts, labels, names=["a", "b"], batch_tokens=256)
    for prompt, found_scores in zip(prompts, scores, strict=True):
        for label, found in zip(labels, found_scores, strict=True):
            logits = by_embeddings(model, [*prompt, *label]).log_softmax(-1)
            places = torch.arange(len(prompt) - 1, len(prompt) + len(label) - 1)
            expected = float(logits[places, torch.tensor(label)].sum())
            assert found == pytest.approx(expected, rel=1e-4)

    answers = greedy_answers(
        model, prompts, stop_ids=frozenset(), max_new_tokens=4, context=64, batch_tokens=64
    )
    for prompt, answer in zip(prompts, answers, strict=True):
        expected_ids: list[int] = []
        for _step in range(4):
            logits = by_embeddings(model, [*prompt, *expected_ids])
            expected_ids.append(int(logits[-1].argmax()))
        assert answer.token_ids == expected_ids


def test_the_untrained_prompt_is_made_of_words_and_follows_the_seed(fresh: Fresh) -> None:
    def rows(seed: int) -> np.ndarray:
        model = prepare_for(fresh("llama"), replace(chosen(), seed=seed))
        assert isinstance(model, PreTrainedModel)
        embedding = model.get_input_embeddings()
        assert isinstance(embedding, PromptedEmbedding)
        words = embedding.weight.detach().numpy()
        prompt = embedding.prompt.detach().numpy()
        assert all((words == row).all(axis=1).any() for row in prompt)
        return np.array(prompt)

    assert np.array_equal(rows(0), rows(0))
    assert not np.array_equal(rows(0), rows(1))


def test_a_prompt_for_another_model_is_refused(fresh: Fresh, tmp_path: Path) -> None:
    model = prompted(fresh("llama"))
    save_soft_prompt(model, tmp_path / "prompt", "base")
    other = fresh("llama")
    narrow = torch.nn.Embedding(10, 8)
    other.set_input_embeddings(narrow)
    with pytest.raises(StorageFailed):
        load_soft_prompt(other, tmp_path / "prompt")
