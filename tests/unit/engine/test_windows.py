"""Models whose attention looks back a limited way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM, PreTrainedModel

from laras.batches.token_batch import collate
from laras.engine.forward import PackedForward
from packed_examples import examples


@pytest.fixture
def windowed() -> Callable[[], PreTrainedModel]:
    def made() -> PreTrainedModel:
        torch.manual_seed(0)
        config = MistralConfig(
            vocab_size=200, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, sliding_window=16,
            max_position_embeddings=256,
        )  # fmt: skip
        return MistralForCausalLM(config).eval()

    return made


@pytest.mark.parametrize("precision", [None, torch.float32], ids=["packed", "fast"])
def test_examples_longer_than_the_window_see_no_further_than_it(
    windowed: Callable[[], PreTrainedModel], precision: torch.dtype | None
) -> None:
    model = windowed()
    forward = PackedForward(windowed(), precision)
    assert forward.route.way == ("packed" if precision is None else "fast")
    rows = examples([60, 12])
    together = forward.loss_sum(collate(rows)).item()
    alone = sum(PackedForward(model).loss_sum(collate([row])).item() for row in rows)
    ids = torch.from_numpy(rows[0].input_ids.astype("int64"))
    logits = model(input_ids=ids[None]).logits[0, :-1].double()
    losses = torch.nn.functional.cross_entropy(logits, ids[1:], reduction="none")
    own = float((losses * torch.from_numpy(rows[0].trained[1:])).sum().detach())
    short = PackedForward(model).loss_sum(collate(rows[1:])).item()
    assert together == pytest.approx(alone, rel=1e-5)
    assert together == pytest.approx(own + short, rel=1e-5)
