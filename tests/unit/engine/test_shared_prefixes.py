"""A beginning that is computed once gives the losses and gradients of one computed each time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.engine.route import Way
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]


def rows() -> list[EncodedExample]:
    """Two passages with three questions each, and one that stands by itself."""
    made = []
    for passage, length in enumerate((70, 120)):
        start = examples([length], seed=passage)[0]
        for number, question in enumerate(examples([9, 5, 14], seed=10 + passage)):
            ids = np.concatenate([start.input_ids, question.input_ids])
            trained = np.concatenate([start.trained, question.trained])
            made.append(EncodedExample(f"{passage}-{number}", ids, trained, 1.0 + number))
    return [made[0], *examples([30], seed=5), *made[1:]]


def loss_and_gradient(forward: PackedForward, *, share: bool) -> tuple[float, torch.Tensor]:
    batch = collate(rows(), cut=True, share_prefixes=share)
    assert (batch.segments is not None) == share
    forward.model.zero_grad()
    loss = forward.loss_sum(batch)
    loss.backward()
    parts = [p.grad.flatten() for p in forward.model.parameters() if p.grad is not None]
    return loss.item(), torch.cat(parts)


@pytest.mark.parametrize("way", ["fast", "packed"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_losses_and_gradients_are_the_same_with_shared_prefixes(
    fresh: Fresh, family: str, way: Way
) -> None:
    forward = PackedForward(fresh(family), torch.float32, fastest=way)
    assert forward.route.way == way
    assert forward.shares_prefixes
    loss, gradient = loss_and_gradient(forward, share=True)
    expected_loss, expected = loss_and_gradient(forward, share=False)
    assert loss == pytest.approx(expected_loss, rel=1e-6)
    assert float((gradient - expected).norm() / expected.norm()) < 1e-5


def test_the_padded_way_shares_nothing(fresh: Fresh) -> None:
    assert not PackedForward(fresh("falcon"), torch.float32, fastest="padded").shares_prefixes
