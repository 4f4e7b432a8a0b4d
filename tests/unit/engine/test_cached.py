"""What is read behind slots gives what the model's own forward gives for the whole text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM

from laras.engine.cached import CachedDecoder, NewTokens
from laras.engine.forward import PackedForward
from laras.kernels import backends

_SHAPE: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GROUPED = {**_SHAPE, "num_key_value_heads": 2}
_ROPE = {"rope_type": "default", "rope_theta": 10_000.0}
_GEMMA: dict[str, Any] = {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 6}
_SLIDING = ["sliding_attention", "full_attention", "sliding_attention"]
CONFIGURATIONS: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**_GROUPED, tie_word_embeddings=True),
    "qwen 3": lambda: transformers.Qwen3Config(**_GROUPED, head_dim=16),
    "mistral, window": lambda: transformers.MistralConfig(**_GROUPED, sliding_window=5),
    "gemma 2": lambda: transformers.Gemma2Config(**_GROUPED, **_GEMMA),
    "gemma 3": lambda: transformers.Gemma3TextConfig(**_GROUPED, **_GEMMA, layer_types=_SLIDING),
    "phi 3": lambda: transformers.Phi3Config(
        **_GROUPED, rope_parameters={**_ROPE, "partial_rotary_factor": 0.5}
    ),
    "gpt 2": lambda: transformers.GPT2Config(
        vocab_size=97, n_embd=32, n_layer=3, n_head=4, n_positions=128,
        bos_token_id=1, eos_token_id=2,
    ),
    "gpt neox": lambda: transformers.GPTNeoXConfig(
        **_SHAPE, rope_parameters={**_ROPE, "partial_rotary_factor": 0.25}
    ),
    "falcon 7b": lambda: transformers.FalconConfig(
        **_SHAPE, alibi=False, multi_query=True, parallel_attn=True,
        new_decoder_architecture=False, bias=False,
    ),
    "falcon 40b": lambda: transformers.FalconConfig(
        **_SHAPE, alibi=False, num_kv_heads=2, new_decoder_architecture=True, bias=False
    ),
}  # fmt: skip


def _model(name: str) -> Any:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGURATIONS[name]())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:  # norms that do nothing and biases of zero would hide mistakes
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def cached(model: Any) -> CachedDecoder:
    forward = PackedForward(model.requires_grad_(False), torch.float32)
    assert forward.decoder is not None, forward.route
    return CachedDecoder(forward.decoder, model.get_output_embeddings(), forward.softcap)


def logits_of(model: Any, ids: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(torch.from_numpy(ids)[None], use_cache=False).logits[0]
    return found


def spans_of(shared: int, own: int, count: int) -> np.ndarray:
    """Of ``count`` tokens in a row, behind ``shared`` slots from 0 on, in slots from ``own`` on."""
    return np.array([[0, shared, own, at + 1] for at in range(count)])


def behind(ids: np.ndarray, shared: int, own: int) -> NewTokens:
    """The tokens behind the first ``shared``, in slots from ``own`` on."""
    count = len(ids) - shared
    return NewTokens(
        ids=torch.from_numpy(ids[shared:]),
        positions=np.arange(shared, len(ids)),
        slots=np.arange(own, own + count),
        spans=spans_of(shared, own, count),
    )


def joined(parts: list[NewTokens]) -> NewTokens:
    return NewTokens(
        torch.cat([part.ids for part in parts]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("positions", "slots", "spans")
        ),
    )


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("shared", [3, 50])  # by slots, and by a product of matrices
def test_tokens_behind_a_shared_beginning_equal_the_whole_text(name: str, shared: int) -> None:
    model = _model(name)
    random = np.random.default_rng(0)
    beginning = random.integers(3, 97, shared)
    rows = [np.concatenate([beginning, random.integers(3, 97, size)]) for size in (9, 1, 4)]
    expected = [logits_of(model, row) for row in rows]
    decoder = cached(model)
    decoder.reserve(100, 80)
    first = decoder.read([beginning], np.arange(shared), np.arange(shared))
    torch.testing.assert_close(decoder.logits(first), expected[0][:shared], rtol=1e-4, atol=1e-4)
    starts = (60, 70, 75)
    new = joined([behind(row, shared, start) for row, start in zip(rows, starts, strict=True)])
    found = decoder.logits(decoder.extend(new))
    wanted = torch.cat([each[shared:] for each in expected])
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    some = np.array([0, 8, 13])
    torch.testing.assert_close(decoder.logits(decoder.extend(new, some)), wanted[some])


@pytest.mark.parametrize("name", ["llama", "gemma 2", "gpt 2", "falcon 7b"])
def test_token_by_token_equals_the_whole_text(name: str) -> None:
    model = _model(name)
    rows = [np.random.default_rng(1).integers(3, 97, size) for size in (12, 20)]
    expected = [logits_of(model, row) for row in rows]
    decoder = cached(model)
    decoder.reserve(50, 30)
    slots = np.concatenate([np.arange(0, 5), np.arange(25, 38)])
    decoder.read([rows[0][:5], rows[1][:13]], slots, np.array([4, 17]))
    for step in range(7):
        lengths = np.array([6 + step, 14 + step])
        new = NewTokens(
            ids=torch.tensor([int(rows[0][5 + step]), int(rows[1][13 + step])]),
            positions=lengths - 1,
            slots=np.array([5 + step, 38 + step]),
            spans=np.array([[0, 0, 0, lengths[0]], [0, 0, 25, lengths[1]]]),
        )
        found = decoder.logits(decoder.extend(new))
        wanted = torch.stack([expected[0][5 + step], expected[1][13 + step]])
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("window", [3, 12, 40, 62])
def test_a_window_ends_within_what_is_shared(window: int) -> None:
    torch.manual_seed(0)
    config = transformers.MistralConfig(
        vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, sliding_window=window,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config).eval()
    random = np.random.default_rng(0)
    beginning = random.integers(3, 97, 50)
    rows = [np.concatenate([beginning, random.integers(3, 97, size)]) for size in (9, 6)]
    expected = [logits_of(model, row)[50:] for row in rows]
    decoder = cached(model)
    decoder.reserve(100, 80)
    decoder.read([beginning], np.arange(50), np.array([49]))
    new = joined([behind(rows[0], 50, 60), behind(rows[1], 50, 70)])
    found = decoder.logits(decoder.extend(new))
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-4, atol=1e-4)


def test_nodes_of_a_tree_see_their_ancestors_only() -> None:
    model = _model("llama")
    prompt = np.array([5, 6, 7, 8])
    #        10 -> 11 -> 12, 13;  20
    tokens = np.array([10, 20, 11, 12, 13])
    lineage = np.array([[4, -1, -1], [5, -1, -1], [4, 6, -1], [4, 6, 7], [4, 6, 8]])
    depth = np.array([0, 0, 1, 2, 2])
    decoder = cached(model)
    decoder.reserve(20, 10)
    decoder.read([prompt], np.arange(4), np.array([3]))
    new = NewTokens(
        ids=torch.from_numpy(tokens),
        positions=4 + depth,
        slots=lineage[np.arange(5), depth],
        spans=np.array([[0, 0, 0, 4]] * 5),
        single=lineage,
    )
    found = decoder.logits(decoder.extend(new))
    for node, path in enumerate(([10], [20], [10, 11], [10, 11, 12], [10, 11, 13])):
        expected = logits_of(model, np.array([*prompt, *path]))[-1]
        torch.testing.assert_close(found[node], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(backends.backend() != "c", reason=backends.description())
def test_it_is_computed_in_c_where_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_torch(step: Any, _values: Any) -> None:
        raise AssertionError(f"{step.__name__} runs in torch")

    monkeypatch.setattr(backends, "_run_in_torch", in_torch)
    test_token_by_token_equals_the_whole_text("llama")
    test_nodes_of_a_tree_see_their_ancestors_only()


def test_a_row_that_is_not_finite_spoils_no_other() -> None:
    model = _model("qwen 3")  # whose head is not the embedding
    with torch.no_grad():
        model.get_input_embeddings().weight[90] = float("nan")
    beginning = np.arange(3, 53)
    rows = [np.array([*beginning, *rest]) for rest in ([4, 90, 5], [4, 8, 5, 6, 7])]
    decoder = cached(model)
    decoder.reserve(100, 80)
    decoder.read([beginning], np.arange(50), np.array([49]))
    new = joined([behind(rows[0], 50, 60), behind(rows[1], 50, 70)])
    found = decoder.logits(decoder.extend(new))
    assert found[0].isfinite().all()
    assert found[1].isnan().all()
    assert found[3:].isfinite().all()
