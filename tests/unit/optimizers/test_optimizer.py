"""Updates against references in float64, written from the papers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MixtralConfig,
    Phi3Config,
    PretrainedConfig,
    PreTrainedModel,
)

from laras.adapters.prepare import prepare_for, trainable
from laras.distribution.gradients import norm_of
from laras.models.tensors import write_tensors
from laras.optimizers.learning_rates import learning_rate_scales, tell_of_idle_decay
from laras.optimizers.muon import cuts
from laras.optimizers.optimizer import Optimizers
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.runs.progress import Silent

Fresh = Callable[[str], PreTrainedModel]
USUAL, _ = resolve(TuningSection(weight_decay=0.1), Contender(kind="full", name="tuned"), 0)

SIZES = {
    "vocab_size": 128,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": None,
}


def new(configuration: type[PretrainedConfig], **more: int) -> PreTrainedModel:
    """A random model whose matrices are large enough for states of 8 bits."""
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(configuration(**SIZES, **more), dtype=torch.float32)


def give_gradients(model: nn.Module, seed: int, size: float = 1.0) -> dict[str, torch.Tensor]:
    """Random gradients, and the same in float64."""
    generator = torch.Generator().manual_seed(seed)
    given = {}
    for name, part in trainable(model).items():
        part.grad = torch.randn(part.shape, generator=generator) * size
        given[name] = part.grad.double()
    return given


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: part.detach().clone() for name, part in trainable(model).items()}


def adamw(
    start: torch.Tensor, gradients: list[torch.Tensor], rate: float, decay: float
) -> torch.Tensor:
    """Loshchilov & Hutter 2019, algorithm 2, in float64."""
    weight, first, second = start.double(), torch.zeros_like(start.double()), 0.0
    for step, gradient in enumerate(gradients, 1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.95 * second + 0.05 * gradient**2
        direction = (first / (1 - 0.9**step)) / ((second / (1 - 0.95**step)).sqrt() + 1e-8)
        weight = weight - rate * (direction + decay * weight)
    return weight


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "adamw8bit"])
def test_clipping_equals_clip_grad_norm(optimizer: str) -> None:
    if optimizer == "adamw8bit":
        pytest.importorskip("bitsandbytes")
    chosen = replace(USUAL, optimizer=optimizer)
    ours, plain = new(LlamaConfig), new(LlamaConfig)
    mine, theirs = Optimizers(ours, chosen), Optimizers(plain, chosen)
    for step, size in enumerate((1.0, 30.0, 1e-6)):  # the last is not clipped
        give_gradients(ours, step, size)
        give_gradients(plain, step, size)
        norm = float(norm_of(trainable(ours).values()))
        expected = nn.utils.clip_grad_norm_(list(trainable(plain).values()), 1.0)
        assert norm == pytest.approx(float(expected), rel=1e-6)
        mine.step(1.0, min(1.0, 1.0 / (norm + 1e-6)))
        theirs.step(1.0)
    for name, part in weights(ours).items():
        # Muon rounds to bfloat16 inside, 8-bit states to 256 values: a hair may tip either.
        loose = 1e-6 if optimizer == "adamw" else 1e-4
        torch.testing.assert_close(part, weights(plain)[name], rtol=loose, atol=loose)


def test_adamw_equals_its_paper_with_decay_on_matrices_only(fresh: Fresh) -> None:
    model = fresh("llama")
    before = weights(model)
    optimizers = Optimizers(model, USUAL)
    given = []
    for step in range(4):
        given.append(give_gradients(model, step))
        optimizers.step(0.5)
    for name, part in weights(model).items():
        decay = 0.1 if part.ndim == 2 else 0.0
        gradients = [gradients[name] for gradients in given]
        expected = adamw(before[name], gradients, 0.5 * USUAL.learning_rate, decay)
        torch.testing.assert_close(part.double(), expected, rtol=1e-5, atol=1e-6)


def test_each_block_learns_at_a_share_of_the_rate_above_it(fresh: Fresh) -> None:
    model = fresh("llama")
    chosen = replace(USUAL, layer_decay=0.5, weight_decay=0.0)
    before = weights(model)
    give_gradients(model, 0)
    Optimizers(model, chosen).step(1.0)
    blocks = len(model.model.layers)
    for name, part in weights(model).items():
        # Adam's first step moves every weight by the rate.
        moved = float((part - before[name]).abs().median()) / chosen.learning_rate
        if "layers." in name:
            expected = 0.5 ** (blocks - 1 - int(name.split("layers.")[1].split(".")[0]))
        else:
            expected = 0.5**blocks if "embed" in name else 1.0
        assert moved == pytest.approx(expected, rel=1e-3), name


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "llama"])
def test_an_adapter_learns_at_the_rate_of_its_block(fresh: Fresh, family: str) -> None:
    chosen = replace(USUAL, method="lora", rank=2, alpha=4.0, layer_decay=0.5)
    model = prepare_for(fresh(family), chosen)
    scales = learning_rate_scales(model, chosen)
    assert sorted(set(scales.values())) == [0.5, 1.0]  # two blocks, and nothing below them
    assert all(scale == 1.0 for name, scale in scales.items() if ".1." in name)


def test_lora_plus_moves_b_at_its_own_rate(fresh: Fresh) -> None:
    chosen = replace(USUAL, method="loraplus", rank=2, alpha=4.0, rate_ratio=8.0)
    model = prepare_for(fresh("llama"), chosen)
    before = weights(model)
    give_gradients(model, 0)
    Optimizers(model, replace(chosen, weight_decay=0.0)).step(1.0)
    for name, part in weights(model).items():
        # Adam's first step moves every weight by the rate.
        moved = float((part - before[name]).abs().median()) / chosen.learning_rate
        assert moved == pytest.approx(8.0 if "lora_B" in name else 1.0, rel=1e-3), name


def test_both_tables_of_gpt2_are_embeddings_and_its_last_norm_is_not(fresh: Fresh) -> None:
    scales = learning_rate_scales(fresh("gpt2"), replace(USUAL, layer_decay=0.5))
    assert scales["transformer.wte.weight"] == scales["transformer.wpe.weight"] == 0.25
    assert scales["transformer.ln_f.weight"] == 1.0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "freeze", "trained_layers": 1}, True),
        ({"method": "freeze", "trained_layers": 2}, False),
        ({"method": "freeze", "trained_layers": 1, "layer_decay": 1.0}, False),
        ({"method": "lora", "rank": 2, "alpha": 4.0}, False),
    ],
)
def test_a_decay_that_changes_no_rate_is_told_of(
    fresh: Fresh, settings: dict[str, Any], told: bool
) -> None:
    heard: list[str] = []

    class Heard(Silent):
        def note(self, message: str) -> None:
            heard.append(message)

    chosen = replace(USUAL, **{"layer_decay": 0.9, **settings})
    model = prepare_for(fresh("llama"), chosen)
    scales = learning_rate_scales(model, chosen)
    assert (set(scales.values()) == {1.0}) == (told or chosen.layer_decay == 1.0)
    tell_of_idle_decay(model, chosen, "tuned", Heard())
    assert ["layer_decay changes nothing for tuned" in text for text in heard] == [True] * told


def orthogonal(gradient: torch.Tensor) -> torch.Tensor:
    """Five steps of the quintic Newton-Schulz iteration (Jordan 2024) in float64."""
    tall = gradient.shape[0] > gradient.shape[1]
    x = (gradient.T if tall else gradient) / gradient.norm()
    for _step in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if tall else x


def muon(
    start: torch.Tensor, gradients: list[torch.Tensor], rate: float, decay: float
) -> torch.Tensor:
    """Liu et al. 2025, equations 2 to 4 with Nesterov momentum, in float64."""
    weight, momentum = start.double(), torch.zeros_like(start.double())
    for gradient in gradients:
        momentum = 0.95 * momentum + gradient
        update = orthogonal(gradient + 0.95 * momentum)
        weight = weight - rate * (0.2 * math.sqrt(max(weight.shape)) * update + decay * weight)
    return weight


@pytest.mark.parametrize("family", ["llama", "gpt2", "phi3"])
def test_muon_equals_its_paper_on_each_matrix_of_a_fused_weight(fresh: Fresh, family: str) -> None:
    model = new(Phi3Config) if family == "phi3" else fresh(family)
    before, how = weights(model), cuts(model)
    optimizers = Optimizers(model, replace(USUAL, optimizer="muon"))
    given = []
    for step in range(3):
        given.append(give_gradients(model, step))
        optimizers.step(1.0)
    fused = 0
    for name, part in weights(model).items():
        gradients = [gradients[name] for gradients in given]
        if name not in how:
            decay = 0.1 if part.ndim == 2 else 0.0
            expected = adamw(before[name], gradients, USUAL.learning_rate, decay)
            torch.testing.assert_close(part.double(), expected, rtol=1e-5, atol=1e-6)
            continue
        fused += len(how[name].sizes) > 1
        pieces = zip(*(how[name].views(each) for each in (before[name], part)), strict=True)
        of_pieces = list(zip(*(how[name].views(gradient) for gradient in gradients), strict=True))
        for (old, now), gradients_of_piece in zip(pieces, of_pieces, strict=True):
            expected = muon(old, list(gradients_of_piece), USUAL.learning_rate, 0.1)
            difference = (now.double() - expected).norm() / (expected - old).norm()
            assert float(difference) < 2e-2, name  # torch iterates in bfloat16: 8 bits
    assert (fused > 0) == (family != "llama")


def test_muon_takes_stacked_experts_one_by_one() -> None:
    model = new(MixtralConfig, num_local_experts=2)
    stacked = [name for name, cut in cuts(model).items() if cut.stacked]
    assert stacked
    before = weights(model)
    optimizers = Optimizers(model, replace(USUAL, optimizer="muon"))
    given = give_gradients(model, 0)
    optimizers.step(1.0)
    for name in stacked:
        for expert, old in enumerate(before[name]):
            expected = muon(old, [given[name][expert]], USUAL.learning_rate, 0.1)
            now = trainable(model)[name][expert].detach().double()
            assert float((now - expected).norm() / (expected - old).norm()) < 2e-2


def test_states_of_8_bits_follow_adamw_in_a_quarter_of_its_memory() -> None:
    pytest.importorskip("bitsandbytes")
    model, exact = new(LlamaConfig), new(LlamaConfig)
    small = Optimizers(model, replace(USUAL, optimizer="adamw8bit"))
    large = Optimizers(exact, USUAL)
    before = weights(model)
    for step in range(10):
        give_gradients(model, step)
        give_gradients(exact, step)
        small.step(1.0)
        large.step(1.0)
    state = small.state()
    wide = [name for name, part in trainable(model).items() if part.numel() >= 4096]
    coded = [name for name in wide if "embed" not in name]
    assert coded
    for name in coded:
        sizes = [v.nbytes for key, v in state.items() if key.startswith(f"{name}//")]
        assert sum(sizes) < 0.27 * 8 * trainable(model)[name].numel()
        moved = (weights(exact)[name] - before[name]).norm()
        assert float((weights(model)[name] - weights(exact)[name]).norm() / moved) < 0.05
    for name in set(wide) - set(coded):  # embeddings keep float32
        assert state[f"{name}//exp_avg"].dtype == torch.float32
        assert torch.equal(weights(model)[name], weights(exact)[name])


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "adamw8bit"])
def test_state_goes_through_a_file_to_the_bit(optimizer: str, tmp_path: Path) -> None:
    if optimizer == "adamw8bit":
        pytest.importorskip("bitsandbytes")
    chosen = replace(USUAL, optimizer=optimizer, layer_decay=0.9)
    unbroken = new(Phi3Config)
    optimizers = Optimizers(unbroken, chosen)
    for step in range(3):
        give_gradients(unbroken, step)
        optimizers.step(1.0, 0.5)
    write_tensors(tmp_path / "state.safetensors", optimizers.state())
    continued = new(Phi3Config)
    continued.load_state_dict(unbroken.state_dict())
    again = Optimizers(continued, chosen)
    again.load_state(load_file(tmp_path / "state.safetensors"))
    for step in range(3, 6):
        for model, made in ((unbroken, optimizers), (continued, again)):
            give_gradients(model, step)
            made.step(0.7, 0.5)
    for name, part in weights(unbroken).items():
        assert torch.equal(part, weights(continued)[name]), name


def test_muon_survives_weights_that_are_moved_to_other_memory() -> None:
    """The fast decoder joins the memory of neighbouring layers after the optimizer is made."""
    chosen = replace(USUAL, optimizer="muon")
    still, moved = new(Phi3Config), new(Phi3Config)
    of_still, of_moved = Optimizers(still, chosen), Optimizers(moved, chosen)
    for part in moved.parameters():
        part.data = part.data.clone()
    for model, made in ((still, of_still), (moved, of_moved)):
        give_gradients(model, 0)
        made.step(1.0)
    for name, part in weights(still).items():
        assert torch.equal(part, weights(moved)[name]), name
