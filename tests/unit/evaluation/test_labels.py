"""All labels in one pass give what each label gives alone, in every model family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import (
    LlamaConfig,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
)

from laras.engine.route import Way
from laras.errors import GuardStopped
from laras.evaluation import labels as labels_module
from laras.evaluation.label_trees import MaskedTree
from laras.evaluation.labels import label_log_probabilities, trie_agrees
from laras.evaluation.reader import Reader, attention_window
from laras.evaluation.trie import LabelTrie

LABELS = [
    [5, 6, 7, 1],
    [5, 6, 8, 1],
    [5, 9, 1],
    [20, 1],
    [5, 6, 7, 30, 31, 1],  # goes on where the first label ends
    [40, 41, 42, 43, 1],
    [1],
]
PROMPTS = [[2, 3, 4, 60, 61], [2, 17], [2, 50, 51, 52, 53, 54, 55, 56, 57], [2, 3, 4, 60, 62]]

BEGINNINGS = [[at * 7 % 90 + 3 for at in range(length)] for length in (50, 20)]
ALIKE = [
    *([*BEGINNINGS[0], *prompt] for prompt in PROMPTS),
    *([*BEGINNINGS[1], *prompt] for prompt in [*PROMPTS, [5]]),
    *PROMPTS,
]
WAYS: list[Way] = ["fast", "packed"]  # the latter: transformers' own forward


def reference(model: PreTrainedModel, prompts: list[list[int]] = PROMPTS) -> np.ndarray:
    scores = np.zeros((len(prompts), len(LABELS)))
    with torch.no_grad():
        for row, prompt in enumerate(prompts):
            for column, label in enumerate(LABELS):
                logits = model(torch.tensor([prompt + label])).logits[0].double()
                log_probabilities = logits.log_softmax(dim=-1)
                scores[row, column] = sum(
                    float(log_probabilities[len(prompt) + at - 1, token])
                    for at, token in enumerate(label)
                )
    return scores


def scored(
    model: PreTrainedModel,
    labels: list[list[int]] = LABELS,
    *,
    prompts: list[list[int]] = PROMPTS,
    batch_tokens: int = 8192,
    best: int | None = None,
    advance: Callable[[int], None] | None = None,
    way: Way = "fast",
) -> np.ndarray:
    return label_log_probabilities(
        model,
        prompts,
        labels,
        names=[f"e{at}" for at in range(len(prompts))],
        batch_tokens=batch_tokens,
        best=best,
        advance=advance,
        reader=Reader(model, way),
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("prompts", [PROMPTS, ALIKE], ids=["apart", "alike"])
def test_label_scores_equal_scoring_each_label_separately(
    model: PreTrainedModel, prompts: list[list[int]], way: Way
) -> None:
    expected = reference(model, prompts)
    for batch_tokens in (1, 120, 8192):
        found = scored(model, prompts=prompts, batch_tokens=batch_tokens, way=way)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_quick_way_is_taken_where_the_model_honours_the_mask(
    family: str, model: PreTrainedModel
) -> None:
    reader = Reader(model, "packed")
    assert trie_agrees(reader, PROMPTS[0], LABELS, "e0") is (family != "falcon-alibi")


def test_a_shared_beginning_that_the_model_can_not_repeat_is_read_with_each_row(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = MaskedTree.start

    def broken(self: MaskedTree) -> torch.Tensor:
        return own(self) * (0.9 if self._shared else 1.0)

    monkeypatch.setattr(MaskedTree, "start", broken)
    found = scored(tiny_llama, prompts=ALIKE, way="packed")
    np.testing.assert_allclose(found, reference(tiny_llama, ALIKE), atol=1e-4)


def mistral(window: int | None) -> PreTrainedModel:
    torch.manual_seed(7)
    return MistralForCausalLM(
        MistralConfig(
            vocab_size=96,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=256,
            initializer_range=0.2,
            sliding_window=window,
        )
    ).eval()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lengths", [[3, 60], [60, 3], [3, 14, 60, 15], [0]])
def test_a_prompt_beyond_the_attention_window_is_scored_right(lengths: list[int], way: Way) -> None:
    model = mistral(window=16)
    generator = np.random.default_rng(0)
    prompts = [generator.integers(2, 96, size=length).tolist() for length in lengths]
    prompts = prompts if any(lengths) else ALIKE
    found = scored(model, prompts=prompts, way=way)
    np.testing.assert_allclose(found, reference(model, prompts), atol=1e-4)


def test_a_window_matters_only_where_something_is_longer() -> None:
    prompt = list(range(2, 32))
    longest = len(prompt) + max(map(len, LABELS))
    for window, agrees in ((longest, True), (longest - 1, False), (None, True)):
        reader = Reader(mistral(window), "packed")
        assert trie_agrees(reader, prompt, LABELS, "e0") is agrees


def test_a_window_that_is_switched_off_is_none() -> None:
    settings = {"num_hidden_layers": 2, "sliding_window": 8}
    assert attention_window(MistralConfig(**settings)) == 8
    assert attention_window(Qwen2Config(**settings, use_sliding_window=False)) is None
    half = Qwen2Config(**settings, use_sliding_window=True, max_window_layers=1)
    assert attention_window(half) == 8
    full = Qwen2Config(**settings, use_sliding_window=True, max_window_layers=2)
    assert attention_window(full) is None
    assert attention_window(LlamaConfig(num_hidden_layers=2)) is None


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_not_taken_for_a_model_that_can_not(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def exhausted(*_given: object) -> None:
        raise error

    monkeypatch.setattr(MaskedTree, "start", exhausted)
    with pytest.raises(type(error)):
        trie_agrees(Reader(tiny_llama, "packed"), PROMPTS[0], LABELS, "e0")


def test_a_model_that_takes_no_such_mask_is_scored_label_by_label(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object) -> None:
        raise RuntimeError("The size of tensor a (4) must match the size of tensor b (9)")

    expected = reference(tiny_llama)
    monkeypatch.setattr(MaskedTree, "start", refused)
    np.testing.assert_allclose(scored(tiny_llama, way="packed"), expected, atol=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_a_large_label_set_scored_in_parts_gives_the_same(
    tiny_llama: PreTrainedModel, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(labels_module, "NODES_AT_ONCE", 6)
    monkeypatch.setattr(labels_module, "LOGITS_AT_ONCE", {"cpu": 96 * 5})
    seen: list[int] = []
    found = scored(tiny_llama, batch_tokens=60, advance=seen.append, way=way)
    np.testing.assert_allclose(found, reference(tiny_llama), atol=1e-4)
    assert seen[-1] == len(PROMPTS)


def test_probabilities_of_all_answers_add_up_to_at_most_one(tiny_llama: PreTrainedModel) -> None:
    every_pair = [[first, 1] for first in range(96) if first != 1] + [[1]]
    found = scored(tiny_llama, every_pair)
    assert (np.exp(found).sum(axis=1) <= 1 + 1e-6).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("best", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_labels_are_exact_and_the_others_no_better(
    tiny_llama: PreTrainedModel, best: int, seed: int, way: Way
) -> None:
    model = tiny_llama
    generator = np.random.default_rng(seed)
    many = {
        (*generator.integers(2, 12, size=generator.integers(1, 15)).tolist(), 1) for _ in range(60)
    }
    labels = [list(label) for label in sorted(many)]
    everything = scored(model, labels)
    found = scored(model, labels, best=best, way=way)
    order = np.argsort(-everything, axis=1)[:, :best]
    np.testing.assert_array_equal(np.argsort(-found, axis=1)[:, :best], order)
    known = np.isfinite(found)
    np.testing.assert_allclose(found[known], everything[known], atol=1e-4)
    assert np.take_along_axis(known, order, axis=1).all()
    assert not known.all()  # something was left aside


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("best", [None, 2])
def test_broken_weights_name_the_row(
    tiny_llama: PreTrainedModel, best: int | None, way: Way
) -> None:
    with torch.no_grad():
        tiny_llama.get_input_embeddings().weight[17] = float("nan")
    with pytest.raises(GuardStopped) as raised:
        scored(tiny_llama, best=best, way=way)
    assert raised.value.where == "e1"


def test_a_trie_shares_beginnings_and_gives_no_node_to_last_tokens() -> None:
    trie = LabelTrie.of(LABELS)
    assert trie.nodes == len({5, 9, 20, 40}) + len({6, 41, 7, 8, 42, 30, 31, 43})
    assert all(trie.sees[node, node] for node in range(trie.nodes))
    assert trie.sees.sum(axis=1).tolist() == (trie.depth + 1).tolist()
    for node, lineage in enumerate(trie.lineage.tolist()):
        path = lineage[: trie.depth[node] + 1]
        assert path[-1] == node
        assert sorted(path) == np.flatnonzero(trie.sees[node]).tolist()
        assert set(lineage[len(path) :]) <= {-1}


def test_a_label_without_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="without tokens"):
        LabelTrie.of([[1], []])
