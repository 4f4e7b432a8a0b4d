"""Answers that are the same alone and in a batch, and that end where they should."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers import GenerationConfig, MistralConfig, MistralForCausalLM, PreTrainedModel
from transformers.cache_utils import DynamicLayer

from laras.engine.route import Way
from laras.evaluation import padded_rows
from laras.evaluation.cached_rows import CachedRows
from laras.evaluation.generation import Answer, greedy_answers
from laras.evaluation.reader import Reader

generator = np.random.default_rng(5)
PROMPTS = [
    generator.integers(2, 96, size=length).tolist() for length in (3, 17, 1, 9, 9, 30, 4, 12)
]
# Two beginnings, one of them long enough for a product of matrices, and rows without any.
BEGINNINGS = [generator.integers(2, 96, size=length).tolist() for length in (60, 20)]
ALIKE = [
    *([*BEGINNINGS[0], *prompt] for prompt in PROMPTS[:6]),
    *([*BEGINNINGS[1], *prompt] for prompt in PROMPTS[3:8]),
    *PROMPTS[:2],
]
NO_STOP: frozenset[int] = frozenset()
WAYS: list[Way] = ["fast", "packed"]  # the latter: transformers' own forward


def answers(
    model: PreTrainedModel,
    prompts: list[list[int]],
    *,
    stop_ids: frozenset[int] = NO_STOP,
    max_new_tokens: int = 20,
    context: int = 256,
    batch_tokens: int = 8192,
    way: Way = "fast",
) -> list[Answer]:
    return greedy_answers(
        model,
        prompts,
        stop_ids=stop_ids,
        max_new_tokens=max_new_tokens,
        context=context,
        batch_tokens=batch_tokens,
        reader=Reader(model, way),
    )


def without_cache(model: PreTrainedModel, prompt: list[int], count: int) -> list[int]:
    """The plainest greedy decoding there is: the whole text again for each token."""
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(count):
            ids.append(int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[len(prompt) :]


@pytest.mark.parametrize("prompts", [PROMPTS, ALIKE], ids=["apart", "alike"])
def test_batched_answers_equal_answers_given_alone(
    model: PreTrainedModel, prompts: list[list[int]]
) -> None:
    expected = [without_cache(model, prompt, 12) for prompt in prompts]
    for way in WAYS:
        for batch_tokens in (1, 200, 8192):
            found = answers(model, prompts, batch_tokens=batch_tokens, max_new_tokens=12, way=way)
            assert [answer.token_ids for answer in found] == expected


def test_our_own_decoder_is_taken_for_the_families_that_it_knows(
    family: str, model: PreTrainedModel
) -> None:
    assert (Reader(model).cached is None) is (family == "falcon-alibi")


def windowed(window: int) -> PreTrainedModel:
    torch.manual_seed(7)
    return MistralForCausalLM(
        MistralConfig(
            vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, initializer_range=0.2,
            sliding_window=window,
        )
    ).eval()  # fmt: skip


@pytest.mark.parametrize("window", [8, 64, 200])
def test_a_shared_beginning_beyond_the_attention_window_changes_no_answer(window: int) -> None:
    model = windowed(window)
    expected = [without_cache(model, prompt, 6) for prompt in ALIKE]
    for way in WAYS:
        found = answers(model, ALIKE, max_new_tokens=6, way=way)
        assert [answer.token_ids for answer in found] == expected


def test_a_cache_that_can_not_be_repeated_is_not_shared(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: DynamicLayer, repeats: int) -> None:
        raise AttributeError("this layer has a state of its own")

    def wrong(self: DynamicLayer, repeats: int) -> None:
        self.keys = self.keys.repeat_interleave(repeats, dim=0) * 0.9
        self.values = self.values.repeat_interleave(repeats, dim=0)

    expected = [answer.token_ids for answer in answers(tiny_llama, ALIKE)]
    for broken in (refused, wrong):
        monkeypatch.setattr(DynamicLayer, "batch_repeat_interleave", broken)
        found = answers(tiny_llama, ALIKE, way="packed")
        assert [answer.token_ids for answer in found] == expected


def test_what_prompts_share_is_read_once_by_the_model_s_own_forward(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    own = tiny_llama.forward

    def counted(*given: object, **named: torch.Tensor) -> object:
        read.append(named["input_ids"].numel())
        return own(*given, **named)

    reader = Reader(tiny_llama, "packed")
    monkeypatch.setattr(tiny_llama, "forward", counted)
    prompts = [[*BEGINNINGS[0], number] for number in range(2, 50)]
    greedy_answers(
        tiny_llama, prompts, stop_ids=NO_STOP, max_new_tokens=1, context=256, batch_tokens=8192,
        reader=reader,
    )  # fmt: skip
    # The probe reads two rows both ways.
    assert sum(read) == (2 * 61 + 60 + 2) + (60 + 48)


@pytest.mark.parametrize("compacted", [0.0, 0.75, 1.0])
def test_rows_that_ended_leave_no_trace_in_a_padded_batch(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch, compacted: float
) -> None:
    monkeypatch.setattr(padded_rows, "_COMPACTED_BELOW", compacted)
    free = [answer.token_ids for answer in answers(tiny_llama, ALIKE)]
    stops = frozenset({row[at] for at, row in enumerate(free)})
    found = answers(tiny_llama, ALIKE, stop_ids=stops, way="packed")
    again = answers(tiny_llama, ALIKE, stop_ids=stops)
    assert [answer.token_ids for answer in found] == [answer.token_ids for answer in again]
    assert {answer.finished for answer in found} == {True}


def test_the_model_s_weights_are_its_own_again_afterwards(tiny_llama: PreTrainedModel) -> None:
    greedy_answers(
        tiny_llama, PROMPTS, stop_ids=NO_STOP, max_new_tokens=1, context=256, batch_tokens=8192
    )
    storages = [part.untyped_storage().data_ptr() for part in tiny_llama.parameters()]
    assert len(set(storages)) == len(storages)


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_ends_at_the_stop_and_leaves_the_others_as_they_were(
    model: PreTrainedModel, way: Way
) -> None:
    free = [answer.token_ids for answer in answers(model, PROMPTS, way=way)]
    stops = frozenset({free[1][3], free[5][7]})
    for found, whole in zip(answers(model, PROMPTS, stop_ids=stops, way=way), free, strict=True):
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


@pytest.mark.parametrize("way", WAYS)
def test_probabilities_that_are_not_finite_are_told_apart_by_row(
    tiny_llama: PreTrainedModel, way: Way
) -> None:
    with torch.no_grad():
        tiny_llama.get_input_embeddings().weight[95] = float("nan")
    prompts = [[2, 3], [2, 95], [2, 4]]
    found = answers(tiny_llama, prompts, max_new_tokens=1, way=way)
    assert [answer.finite for answer in found] == [True, False, True]


def test_no_prompts_no_answers(tiny_llama: PreTrainedModel) -> None:
    assert answers(tiny_llama, []) == []


@pytest.mark.parametrize("limit", [1, 5])
def test_the_limit_of_new_tokens_holds(tiny_llama: PreTrainedModel, limit: int) -> None:
    found = answers(tiny_llama, PROMPTS, max_new_tokens=limit)
    assert {len(answer.token_ids) for answer in found} == {limit}


def test_waiting_prompts_are_let_in_as_soon_as_others_have_ended(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [[*BEGINNINGS[1], *prompt] for prompt in PROMPTS * 3]
    free = [answer.token_ids for answer in answers(tiny_llama, prompts)]
    stops = frozenset({row[2] for row in free[:4]})
    steps: list[int] = []
    own = CachedRows.step

    def counted(self: CachedRows, tokens: torch.Tensor) -> torch.Tensor:
        steps.append(len(self))
        return own(self, tokens)

    monkeypatch.setattr(CachedRows, "step", counted)
    found = answers(tiny_llama, prompts, stop_ids=stops, batch_tokens=200)
    for answer, whole in zip(found, free, strict=True):
        ends = [at for at, token in enumerate(whole) if token in stops]
        assert answer.token_ids == (whole[: ends[0]] if ends else whole)
    assert any(later > before for before, later in pairwise(steps))
