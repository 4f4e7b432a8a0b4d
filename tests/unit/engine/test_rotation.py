"""Rotary positions: alone, as before a GPU's attention, and of examples that lie together."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Phi3Config

from laras.batches.token_batch import collate
from laras.engine.attend import Heads, Rotation, _Rotate
from laras.engine.forward import PackedForward
from packed_examples import examples


@pytest.mark.parametrize("by_group", [False, True])
def test_the_gradient_is_turned_back_and_the_one_that_came_in_is_left_as_it_was(
    by_group: bool,
) -> None:
    torch.manual_seed(0)
    heads, angles = Heads(2, 2, 8, by_group), torch.randn(5, 3)
    rotation = Rotation(angles.cos(), angles.sin())
    rows = torch.randn(5, 64, requires_grad=True)
    turned = _Rotate.apply(rows.clone(), heads, rotation)
    given = torch.randn(5, 64)
    before = given.clone()
    (gradient,) = torch.autograd.grad(turned, rows, given)
    assert torch.equal(given, before)
    # Turning is orthogonal: products with a gradient are those of what is turned back.
    torch.testing.assert_close((turned * given).sum(), (rows * gradient).sum())
    assert not torch.equal(gradient, given)


def test_angles_of_an_example_do_not_depend_on_its_neighbours() -> None:
    # Two tables, and dynamic ones: transformers chooses by the longest position it is shown.
    tables: list[dict[str, Any]] = [
        {"rope_type": "longrope", "short_factor": [1.0] * 8, "long_factor": [3.0] * 8},
        {"rope_type": "dynamic", "factor": 4.0},
    ]
    for table in tables:
        torch.manual_seed(0)
        rotary = {"rope_theta": 10000.0, "original_max_position_embeddings": 16, **table}
        sizes = {"hidden_size": 32, "intermediate_size": 48, "vocab_size": 300, "pad_token_id": 0}
        config = (LlamaConfig if "factor" in table else Phi3Config)(
            **sizes, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
            max_position_embeddings=64 if "short_factor" in table else 16, rope_parameters=rotary,
        )  # fmt: skip
        model = AutoModelForCausalLM.from_config(config).float().eval()
        forward = PackedForward(model, torch.float32)
        assert forward.route.way == "fast", forward.route
        assert not forward.shares_prefixes
        rows = examples([9, 40, 12])
        together = forward.token_losses(collate(rows)).split([9, 40, 12])
        for row, found in zip(rows, together, strict=True):
            torch.testing.assert_close(found, forward.token_losses(collate([row])))
