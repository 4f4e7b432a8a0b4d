"""What the fast path must not change: losses and gradients, to rounding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from laras.batches.token_batch import IGNORED, EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.engine.route import Route
from packed_examples import FAMILIES, examples

Fresh = Callable[[str], PreTrainedModel]
LENGTHS = [41, 3, 17, 90, 2, 90, 17]


def by_hand(model: PreTrainedModel, rows: list[EncodedExample]) -> torch.Tensor:
    """The definition: each example alone, through the model's own forward, float64 sum."""
    total = torch.zeros((), dtype=torch.float64)
    for row in rows:
        ids = torch.from_numpy(row.input_ids.astype("int64"))
        logits = model(input_ids=ids[None], use_cache=False).logits[0, :-1].double()
        losses = F.cross_entropy(logits, ids[1:], reduction="none")
        total = total + (losses * torch.from_numpy(row.trained[1:])).sum() * row.weight
    return total


def gradient(model: PreTrainedModel) -> torch.Tensor:
    parts = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return torch.cat(parts)


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_equals_each_example_alone(fresh: Fresh, family: str) -> None:
    model = fresh(family)
    rows = examples(LENGTHS)
    expected = by_hand(model, rows)
    expected.backward()
    expected_gradient = gradient(model)
    model.zero_grad()
    loss = PackedForward(model).loss_sum(collate(rows))
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    difference = (gradient(model) - expected_gradient).norm() / expected_gradient.norm()
    assert float(difference) < 1e-5


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "falcon"])
def test_packed_way_is_really_taken(fresh: Fresh, family: str) -> None:
    assert PackedForward(fresh(family)).route == Route("packed", plain_head=True)


def test_a_family_without_the_attention_interface_takes_the_padded_way(fresh: Fresh) -> None:
    assert PackedForward(fresh("falcon")).route.way == "padded"


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon"])
def test_losses_of_an_example_do_not_depend_on_its_neighbours(
    fresh: Fresh, family: str
) -> None:  # trap 13
    forward = PackedForward(fresh(family))
    rows = examples(LENGTHS)
    together = forward.token_losses(collate(rows))
    start = 0
    for row in rows:
        alone = forward.token_losses(collate([row]))
        torch.testing.assert_close(together[start : start + len(row)], alone, rtol=1e-5, atol=1e-5)
        start += len(row)


def test_no_label_crosses_from_one_example_to_the_next() -> None:  # trap 13
    rows = examples([4, 5, 1], trained=1.0)
    batch = collate(rows)
    ends = [int(end) - 1 for end in batch.cu_seqlens[1:]]
    assert all(int(batch.labels[end]) == IGNORED for end in ends)
    assert batch.position_ids.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 0]
    assert batch.labels[:3].tolist() == rows[0].input_ids[1:].tolist()


def test_the_first_token_of_an_example_is_never_predicted() -> None:  # trap 13
    row = examples([6], trained=1.0)[0]
    row.trained[0] = True  # even where an encoder says so
    assert collate([row]).trained_tokens == 5


def test_weights_scale_the_loss_of_their_example(fresh: Fresh) -> None:
    forward = PackedForward(fresh("llama"))
    first, second = examples([9, 12])
    doubled = EncodedExample(second.example_id, second.input_ids, second.trained, weight=2.0)
    parts = [forward.loss_sum(collate([row])).item() for row in (first, second)]
    both = forward.loss_sum(collate([first, doubled])).item()
    assert both == pytest.approx(parts[0] + 2 * parts[1], rel=1e-6)


def test_chunked_cross_entropy_equals_the_plain_one(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh("llama")
    batch = collate(examples(LENGTHS))
    plain = PackedForward(model).loss_sum(batch)
    plain.backward()
    expected = gradient(model)
    model.zero_grad()
    # A few rows at a time, the last ones fewer.
    monkeypatch.setattr("laras.engine.loss._CHUNK_BYTES", {"cpu": 5 * 200 * 4})
    chunked = PackedForward(model).loss_sum(batch)
    chunked.backward()
    assert chunked.item() == pytest.approx(plain.item(), rel=1e-5)
    assert float((gradient(model) - expected).norm() / expected.norm()) < 1e-5


def test_a_batch_without_labels_gives_zero_and_no_gradient(fresh: Fresh) -> None:
    model = fresh("llama")
    row = examples([7])[0]
    row.trained[:] = False
    loss = PackedForward(model).loss_sum(collate([row]))
    loss.backward()
    assert loss.item() == 0.0
    assert float(gradient(model).abs().sum()) == 0.0


def test_the_model_keeps_its_own_attention_for_others(fresh: Fresh) -> None:
    model = fresh("llama")
    before = model.config._attn_implementation
    PackedForward(model).loss_sum(collate(examples([5, 6])))
    assert model.config._attn_implementation == before


def test_bfloat16_stays_near_float32(fresh: Fresh) -> None:
    forward = PackedForward(fresh("llama"))
    batch = collate(examples(LENGTHS))
    exact = forward.loss_sum(batch).item()
    with torch.autocast("cpu", torch.bfloat16):
        rounded = forward.loss_sum(batch).item()
    assert rounded == pytest.approx(exact, rel=1e-2)
