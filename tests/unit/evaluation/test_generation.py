"""Answers that are the same alone and in a batch, and that end where they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import GenerationConfig, PreTrainedModel

from laras.evaluation.generation import Answer, greedy_answers

generator = np.random.default_rng(5)
PROMPTS = [
    generator.integers(2, 96, size=length).tolist() for length in (3, 17, 1, 9, 9, 30, 4, 12)
]
NO_STOP: frozenset[int] = frozenset()


def answers(
    model: PreTrainedModel,
    prompts: list[list[int]],
    *,
    stop_ids: frozenset[int] = NO_STOP,
    max_new_tokens: int = 20,
    context: int = 256,
    batch_tokens: int = 8192,
) -> list[Answer]:
    return greedy_answers(
        model,
        prompts,
        stop_ids=stop_ids,
        max_new_tokens=max_new_tokens,
        context=context,
        batch_tokens=batch_tokens,
    )


def without_cache(model: PreTrainedModel, prompt: list[int], count: int) -> list[int]:
    """The plainest greedy decoding there is: the whole text again for each token."""
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(count):
            ids.append(int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[len(prompt) :]


def test_batched_answers_equal_answers_given_alone(model: PreTrainedModel) -> None:
    expected = [without_cache(model, prompt, 20) for prompt in PROMPTS]
    for batch_tokens in (1, 100, 8192):
        found = answers(model, PROMPTS, batch_tokens=batch_tokens)
        assert [answer.token_ids for answer in found] == expected


def test_an_answer_ends_at_the_stop_and_leaves_the_others_as_they_were(
    model: PreTrainedModel,
) -> None:
    free = [answer.token_ids for answer in answers(model, PROMPTS)]
    stops = frozenset({free[1][3], free[5][7]})
    for found, whole in zip(answers(model, PROMPTS, stop_ids=stops), free, strict=True):
        ends = [at for at, token in enumerate(whole) if token in stops]
        assert found.finished is bool(ends)
        assert found.token_ids == (whole[: ends[0]] if ends else whole)


def test_prompt_and_answer_never_exceed_the_context(tiny_llama: PreTrainedModel) -> None:
    for found, prompt in zip(answers(tiny_llama, PROMPTS, context=30), PROMPTS, strict=True):
        assert len(prompt) + len(found.token_ids) <= 30
        assert not found.finished


def test_a_models_own_generation_settings_are_not_obeyed(tiny_llama: PreTrainedModel) -> None:
    expected = [answer.token_ids for answer in answers(tiny_llama, PROMPTS)]
    tiny_llama.generation_config = GenerationConfig(
        do_sample=True, temperature=5.0, repetition_penalty=3.0, max_new_tokens=2
    )
    assert [answer.token_ids for answer in answers(tiny_llama, PROMPTS)] == expected


def test_probabilities_that_are_not_finite_are_told_apart_by_row(
    tiny_llama: PreTrainedModel,
) -> None:
    with torch.no_grad():
        tiny_llama.get_input_embeddings().weight[95] = float("nan")
    prompts = [[2, 3], [2, 95], [2, 4]]
    found = answers(tiny_llama, prompts, max_new_tokens=1)
    assert [answer.finite for answer in found] == [True, False, True]


def test_no_prompts_no_answers(tiny_llama: PreTrainedModel) -> None:
    assert answers(tiny_llama, []) == []


@pytest.mark.parametrize("limit", [1, 5])
def test_the_limit_of_new_tokens_holds(tiny_llama: PreTrainedModel, limit: int) -> None:
    found = answers(tiny_llama, PROMPTS, max_new_tokens=limit)
    assert {len(answer.token_ids) for answer in found} == {limit}
