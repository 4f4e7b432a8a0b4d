"""NEFTune's noise: how loud, for whom, and only in training."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from transformers import PreTrainedModel

from laras.batches.token_batch import collate
from laras.engine.forward import PackedForward
from laras.engine.route import Way
from laras.tuning.noise import add_noise, embedding_noise
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
ALPHA = 5.0


def test_noise_is_uniform_within_the_bound_of_each_examples_own_length() -> None:
    lengths, channels = [400, 25, 4], 64
    batch = collate(examples(lengths))
    torch.manual_seed(0)
    noise = add_noise(torch.zeros(sum(lengths), channels), batch, ALPHA)
    for part, length in zip(noise.split(lengths), lengths, strict=True):
        bound = ALPHA / math.sqrt(length * channels)
        assert float(part.abs().max()) <= bound * (1 + 1e-6)
        assert float(part.abs().max()) > 0.97 * bound
        assert float(part.mean().abs()) < 0.1 * bound
        assert float(part.std()) == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_noise_leaves_the_gradient_of_the_embedding_as_it_is() -> None:
    batch = collate(examples([7, 3]))
    embedded = torch.randn(10, 8, requires_grad=True)
    slope = torch.randn(10, 8)
    (add_noise(embedded, batch, ALPHA) * slope).sum().backward()
    assert embedded.grad is not None
    assert torch.equal(embedded.grad, slope)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_every_way_through_a_model_gets_the_same_noise(fresh: Fresh, family: str) -> None:
    model = fresh(family)
    batch = collate(examples([12, 5, 12]))
    losses: dict[str, tuple[float, float]] = {}
    ways: tuple[Way, ...] = ("fast", "packed", "padded")
    for way in ways:
        forward = PackedForward(model, torch.float32, fastest=way)
        assert forward.route.way == way
        plain = forward.loss_sum(batch).item()
        torch.manual_seed(3)
        with embedding_noise(model, batch, ALPHA):
            noisy = forward.loss_sum(batch).item()
        assert forward.loss_sum(batch).item() == plain, "it ends with the context"
        losses[way] = plain, noisy
        forward.release()
    assert losses["fast"][0] != pytest.approx(losses["fast"][1], rel=1e-4)
    for way in ("packed", "padded"):
        assert losses[way] == pytest.approx(losses["fast"], rel=1e-5)


def test_without_alpha_nothing_is_drawn(fresh: Fresh) -> None:
    model = fresh("llama")
    batch = collate(examples([5]))
    before = torch.get_rng_state()
    with embedding_noise(model, batch, None):
        PackedForward(model).loss_sum(batch)
    assert torch.equal(torch.get_rng_state(), before)
