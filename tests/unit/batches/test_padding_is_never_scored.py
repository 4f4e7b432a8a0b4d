"""Padding is never scored, and an end that is also the padding token still is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from laras.batches.encode import encode_example
from laras.batches.token_batch import IGNORED, EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.engine.route import Route
from laras.models.template import ChatTemplate
from laras.models.tiny import FAMILIES, tiny_model
from laras.models.tokenizer import Tokenizer
from laras.records import Example, Message
from packed_examples import examples

PADDED = Route("padded", plain_head=False)


@pytest.fixture(scope="module", params=["falcon", "llama", "gpt2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose files say that it pads with the token that ends a text."""
    made = tiny_model(request.param, tmp_path_factory.mktemp(request.param))
    pads_with_end(made)
    return made


@pytest.fixture
def padded(folder: Path) -> PackedForward:
    """The padded way through the model, which is the one that has padding."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder).float().eval()
    assert model.config.pad_token_id == model.config.eos_token_id
    forward = PackedForward(model)
    forward.route = PADDED
    return forward


def pads_with_end(folder: Path) -> None:
    tokenizer, model = folder / "tokenizer_config.json", folder / "config.json"
    facts = json.loads(tokenizer.read_text())
    tokenizer.write_text(json.dumps({**facts, "pad_token": facts["eos_token"]}))
    facts = json.loads(model.read_text())
    model.write_text(json.dumps({**facts, "pad_token_id": facts["eos_token_id"]}))


def ending(example: EncodedExample, token: int) -> EncodedExample:
    """The example with ``token`` as its trained last one."""
    ids = example.input_ids.copy()
    ids[-1] = token
    return replace(example, input_ids=ids)


def with_padding(example: EncodedExample, token: int, count: int) -> EncodedExample:
    return replace(
        example,
        input_ids=np.append(example.input_ids, np.full(count, token, dtype=np.int32)),
        trained=np.append(example.trained, np.zeros(count, dtype=bool)),
    )


@pytest.mark.parametrize("longest", [7, 8, 40, 200])
def test_what_a_batch_pads_never_changes_the_loss_of_an_example(
    padded: PackedForward, longest: int
) -> None:
    end = padded.causal.config.eos_token_id
    first, long = examples([7, longest])
    short = ending(first, end)
    with torch.no_grad():
        alone = padded.token_losses(collate([short]))
        beside = padded.token_losses(collate([short, long]))[:7]
    assert alone[5] > 0, "the end token at place 6 is predicted from place 5"
    torch.testing.assert_close(beside, alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [1, 9, 100])
@pytest.mark.parametrize("route", [PADDED, None], ids=["padded", "own way"])
def test_appending_padding_never_changes_the_loss_of_an_example(
    padded: PackedForward, count: int, route: Route | None
) -> None:
    forward = padded if route else PackedForward(padded.model)
    end = forward.causal.config.eos_token_id
    example = ending(examples([12])[0], end)
    longer = collate([with_padding(example, end, count)])
    with torch.no_grad():
        expected = forward.token_losses(collate([example]))
        found = forward.token_losses(longer)
        sums = [forward.loss_sum(collate([example])), forward.loss_sum(longer)]
    torch.testing.assert_close(found[:12], expected, rtol=1e-5, atol=1e-5)
    assert not found[12:].any()
    torch.testing.assert_close(sums[0], sums[1], rtol=1e-5, atol=1e-5)


def test_padding_gets_no_gradient(padded: PackedForward) -> None:
    """A token that stands nowhere but in the padding moves no weight of its own."""
    short, long = (replace(each, input_ids=each.input_ids % 90 + 5) for each in examples([3, 50]))
    embedding = padded.causal.get_input_embeddings()
    rows: list[torch.Tensor] = []
    embedding.register_forward_hook(lambda _module, _given, found: _keep(found, rows))
    padded.loss_sum(collate([short, long])).backward()
    (gradient,) = (row.grad for row in rows)
    assert gradient is not None
    assert gradient.shape[:2] == (2, 50)
    assert gradient[0, :3].any()
    assert not gradient[0, 3:].any()
    assert gradient[1, :-1].any()


def _keep(found: torch.Tensor, rows: list[torch.Tensor]) -> None:
    found.retain_grad()
    rows.append(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_assistant_turn_ends_in_a_trained_token_where_the_tokenizer_pads_with_it(
    family: str, tmp_path: Path
) -> None:
    folder = tiny_model(family, tmp_path / family)
    pads_with_end(folder)
    tokenizer = Tokenizer.from_folder(folder)
    assert tokenizer.pad_id == tokenizer.eos_id
    template = ChatTemplate.from_folder(folder, tokenizer)
    messages = tuple(
        Message(("user", "assistant")[place % 2], f"turn {place}", place % 2 == 1)
        for place in range(6)
    )
    example = Example("e0", "chat", messages, "s", "g")
    encoded, rejections = encode_example(example, tokenizer, template, 256)
    assert rejections == []
    batch = collate(encoded)
    labels = [label for label in batch.labels.tolist() if label != IGNORED]
    assert sum(label in template.stop_ids for label in labels) == 3
    assert labels[-1] in template.stop_ids


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_ends_in_a_trained_end_where_the_tokenizer_pads_with_it(
    family: str, tmp_path: Path
) -> None:
    folder = tiny_model(family, tmp_path / family)
    pads_with_end(folder)
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    example = Example("e0", "text", (Message("text", "A gong.", True),), "s", "g")
    (encoded,), _rejections = encode_example(example, tokenizer, template, 256)
    assert encoded.input_ids[-1] == tokenizer.eos_id
    assert collate([encoded]).labels[-2] == tokenizer.eos_id
