"""Every family's fast way gives what transformers' own modules give: losses and all gradients."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from laras.batches.token_batch import EncodedExample, TokenBatch, collate
from laras.engine.forward import PackedForward
from laras.engine.loss import cross_entropy_sum
from laras.engine.route import Way

VOCABULARY = 97
_SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_ROPE = {"rope_type": "default", "rope_theta": 10_000.0}
_LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
_GEMMA: dict[str, Any] = {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 6}
_SLIDING = ["sliding_attention", "full_attention", "sliding_attention"]
_FALCON = {name: _SHAPE[name] for name in _SHAPE if name not in ("num_key_value_heads",)}
_NEOX = {**_FALCON, "rope_parameters": {**_ROPE, "partial_rotary_factor": 0.25}}
_GPT2: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "embd_pdrop": 0.0,
    "resid_pdrop": 0.0,
    "attn_pdrop": 0.0,
}


def _falcon(**different: Any) -> Any:
    return transformers.FalconConfig(**_FALCON, alibi=False, **different)


CONFIGURATIONS: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**_SHAPE),
    "llama tied, biases, llama 3 rotary": lambda: transformers.LlamaConfig(
        **_SHAPE, rope_parameters=_LLAMA_3, tie_word_embeddings=True, attention_bias=True
    ),
    "qwen 2": lambda: transformers.Qwen2Config(**_SHAPE),
    "qwen 3": lambda: transformers.Qwen3Config(**_SHAPE, head_dim=16),
    "mistral": lambda: transformers.MistralConfig(**_SHAPE, sliding_window=None),
    "mistral, window": lambda: transformers.MistralConfig(**_SHAPE, sliding_window=5),
    "gemma": lambda: transformers.GemmaConfig(**_SHAPE, head_dim=8),
    "gemma 2": lambda: transformers.Gemma2Config(**_SHAPE, **_GEMMA),
    "gemma 3": lambda: transformers.Gemma3TextConfig(**_SHAPE, **_GEMMA, layer_types=_SLIDING),
    "phi 3": lambda: transformers.Phi3Config(**_SHAPE, sliding_window=None),
    "phi 3, partial rotary": lambda: transformers.Phi3Config(
        **_SHAPE, rope_parameters={**_ROPE, "partial_rotary_factor": 0.5}
    ),
    "gpt 2": lambda: transformers.GPT2Config(**_GPT2),
    "gpt neox": lambda: transformers.GPTNeoXConfig(**_NEOX),
    "gpt neox, sequential": lambda: transformers.GPTNeoXConfig(
        **_NEOX, use_parallel_residual=False
    ),
    "falcon 7b": lambda: _falcon(
        multi_query=True, parallel_attn=True, new_decoder_architecture=False, bias=False
    ),
    "falcon 40b": lambda: _falcon(num_kv_heads=2, new_decoder_architecture=True, bias=False),
    "falcon, sequential": lambda: _falcon(
        multi_query=False, parallel_attn=False, new_decoder_architecture=False, bias=True
    ),
}
# Falcon's own attention can't be replaced, so it has no packed way.
WITHOUT_PACKING = {name for name in CONFIGURATIONS if name.startswith("falcon")}
ADAPTED = ("llama", "qwen 2", "qwen 3", "gemma 3", "phi 3", "gpt 2", "gpt neox", "falcon 7b")


def _model(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    model: torch.nn.Module = AutoModelForCausalLM.from_config(CONFIGURATIONS[name]())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:  # norms that do nothing and biases of zero would hide mistakes
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.train()


def _row() -> TokenBatch:
    """Examples of many lengths, so that buckets hold one, several equal, and padded ones."""
    random = np.random.default_rng(1)
    examples = []
    for number, length in enumerate((11, 30, 7, 12, 29, 3)):
        trained = random.random(length) < 0.6
        ids = random.integers(3, VOCABULARY, length).astype(np.int32)
        examples.append(EncodedExample(str(number), ids, trained, 0.5 + number))
    return collate(examples)


def _losses_and_gradients(
    model: torch.nn.Module, way: Way, precision: torch.dtype = torch.float32
) -> tuple[float, dict[str, torch.Tensor]]:
    own = copy.deepcopy(model)
    forward = PackedForward(own, precision, way)
    assert forward.route.way == way, forward.route.reason
    loss = forward.loss_sum(_row())
    loss.backward()
    gradients = {name: part.grad for name, part in own.named_parameters() if part.requires_grad}
    assert all(gradient is not None for gradient in gradients.values())
    return float(loss.detach()), {
        name: part for name, part in gradients.items() if part is not None
    }


def _difference(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> float:
    """Largest difference of any gradient, by the largest gradient."""
    assert found.keys() == expected.keys()
    largest = max(float(part.abs().max()) for part in expected.values())
    return max(float((found[name] - expected[name]).abs().max()) for name in found) / largest


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_family_s_fast_way_equals_its_own_forward(name: str) -> None:
    model = _model(name)
    expected = _losses_and_gradients(model, "padded")
    ways: list[Way] = ["fast"] if name in WITHOUT_PACKING else ["fast", "packed"]
    for way in ways:
        loss, gradients = _losses_and_gradients(model, way)
        assert loss == pytest.approx(expected[0], rel=1e-5), way
        assert _difference(gradients, expected[1]) < 1e-5, way


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_bfloat16_products_stay_within_their_rounding(name: str) -> None:
    model = _model(name)
    expected = _losses_and_gradients(model, "padded")
    loss, gradients = _losses_and_gradients(model, "fast", torch.bfloat16)
    assert loss == pytest.approx(expected[0], rel=1e-3)
    # 8 bits, a few hundred products deep: two per cent of the largest gradient.
    assert _difference(gradients, expected[1]) < 2e-2


@pytest.mark.parametrize("name", ADAPTED)
def test_adapters_have_the_same_gradients_on_the_fast_way(name: str) -> None:
    adapted = get_peft_model(
        _model(name),  # type: ignore[arg-type]
        LoraConfig(
            r=3,
            lora_alpha=5,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
            fan_in_fan_out=name == "gpt 2",
        ),
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for part_name, part in adapted.named_parameters():
            if "lora_B" in part_name:  # zero at the start, which would leave half untested
                part.normal_(0, 0.1)
    expected = _losses_and_gradients(adapted, "padded")
    loss, gradients = _losses_and_gradients(adapted, "fast")
    assert loss == pytest.approx(expected[0], rel=1e-5)
    assert _difference(gradients, expected[1]) < 1e-5


def test_recomputing_activations_changes_no_gradient() -> None:
    model = _model("llama")
    expected = _losses_and_gradients(model, "fast")
    forward = PackedForward(model, torch.float32)
    forward.recompute_activations()
    loss = forward.loss_sum(_row())
    loss.backward()
    assert float(loss.detach()) == expected[0]
    for name, part in model.named_parameters():
        assert part.grad is not None, name
        assert torch.equal(part.grad, expected[1][name]), name


def test_a_model_that_no_family_describes_takes_its_own_modules() -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(transformers.OlmoConfig(**_SHAPE))
    forward = PackedForward(model, torch.float32)
    assert forward.route.way == "packed"
    assert "olmo" in forward.route.reason


def test_hidden_states_are_those_of_the_model(tmp_path: Any) -> None:
    model = _model("llama").eval()
    row = _row()
    selected = torch.tensor([3, 20, 50])
    expected = PackedForward(copy.deepcopy(model), torch.float32, "padded")
    fast = PackedForward(model, torch.float32)
    torch.testing.assert_close(
        fast.hidden_states(row, selected),
        expected.hidden_states(row, selected),
        rtol=1e-5,
        atol=1e-5,
    )


def test_weights_are_the_model_s_own_again_after_release() -> None:
    model = _model("llama")
    before = {name: part.detach().clone() for name, part in model.named_parameters()}
    forward = PackedForward(model, torch.float32)
    forward.release()
    storages = [part.untyped_storage().data_ptr() for part in model.parameters()]
    assert len(set(storages)) == len(storages)
    assert all(torch.equal(part, before[name]) for name, part in model.named_parameters())


def test_small_weights_of_a_step_keep_their_gradients_in_float16() -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(16, 500, bias=False)
    hidden = torch.randn(40, 16, requires_grad=True)
    labels, weights = torch.randint(500, (40,)), torch.full((40,), 1.0 / 8192)
    results = []
    for kind in (torch.float32, torch.float16):
        total = cross_entropy_sum(hidden, head, labels, weights, head.weight.detach().to(kind))
        results.append(torch.autograd.grad(total * 65536.0, [hidden, head.weight]))
    for exact, found in zip(*results, strict=True):
        assert float((found - exact).norm() / exact.norm()) < 5e-3


@pytest.mark.parametrize(
    "name", ["gemma 2", "gemma 3", "qwen 2", "phi 3", "mistral", "mistral with layer types"]
)
def test_a_window_is_kept_in_rows_longer_than_the_probe(name: str) -> None:
    windowed = {**_SHAPE, "sliding_window": 12}
    made = {
        "gemma 2": lambda: transformers.Gemma2Config(**windowed, head_dim=8),
        "gemma 3": lambda: transformers.Gemma3TextConfig(
            **windowed, head_dim=8, layer_types=_SLIDING
        ),
        "qwen 2": lambda: transformers.Qwen2Config(
            **windowed, use_sliding_window=True, max_window_layers=0
        ),
        "phi 3": lambda: transformers.Phi3Config(**windowed),
        "mistral": lambda: transformers.MistralConfig(**windowed),
        "mistral with layer types": lambda: transformers.MistralConfig(
            **windowed, layer_types=["full_attention"] * 3
        ),
    }[name]()
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(made)
    expected = _losses_and_gradients(model, "padded")
    for way in ("fast", "packed"):
        loss, gradients = _losses_and_gradients(model, way)  # type: ignore[arg-type]
        assert loss == pytest.approx(expected[0], rel=1e-5), way
        assert _difference(gradients, expected[1]) < 1e-5, way


def test_a_window_that_only_the_mask_knows_takes_the_padded_way() -> None:
    torch.manual_seed(0)
    config = transformers.Qwen2MoeConfig(
        **_SHAPE,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=16,
        num_experts=2,
        num_experts_per_tok=1,
        use_sliding_window=True,
        sliding_window=12,
        max_window_layers=3,
    )
    forward = PackedForward(AutoModelForCausalLM.from_config(config), torch.float32)
    assert forward.route.way == "padded", forward.route


def test_weights_that_lie_across_memory_stay_in_memory_of_their_own() -> None:
    model = _model("gpt 2")
    forward = PackedForward(model, torch.float32)
    assert forward.route.way == "fast"
    assert all(part.is_contiguous() for part in model.parameters())
    before = float(forward.loss_sum(_row()).detach())
    with torch.no_grad():
        for part in model.parameters():
            part.data = part.data * 1.1  # other memory, as some optimizers give
    forward.refresh()
    assert float(forward.loss_sum(_row()).detach()) != pytest.approx(before, rel=1e-4)
    assert float(forward.loss_sum(_row()).detach()) == pytest.approx(
        _losses_and_gradients(model, "padded")[0], rel=1e-5
    )


def test_nothing_of_a_model_is_changed_where_one_layer_is_not_plain() -> None:
    adapted = get_peft_model(
        _model("llama"),  # type: ignore[arg-type]
        LoraConfig(r=3, target_modules=["down_proj"], lora_dropout=0.5, task_type="CAUSAL_LM"),
    )
    blocks = adapted.get_base_model().model.layers
    before = [part.data_ptr() for part in blocks.parameters()]
    forward = PackedForward(adapted, torch.bfloat16)
    assert forward.route.way == "packed"
    assert [part.data_ptr() for part in blocks.parameters()] == before
