"""The weight of a message, from a record to the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from laras.batches.cache import write_cache
from laras.batches.encode import encode_example
from laras.batches.encoded import EncodedExample
from laras.batches.token_batch import collate
from laras.engine.forward import PackedForward
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.preparation.engine import run_steps
from laras.preparation.examples import dialogue_examples
from laras.recipe.schema import ModelSection
from laras.records import (
    DIALOGUE_SCHEMA,
    EXAMPLE_SCHEMA,
    Dialogue,
    Example,
    Message,
    Turn,
    examples_from,
    to_table,
)

ASKED, SAID = "Which instrument leads?", "Bonang memimpin."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("qwen2", tmp_path_factory.mktemp("model") / "qwen2")
    return load_model(ModelSection(base=str(folder)), folder.parent)


def chat(*weights: float, weight: float = 1.0, name: str = "e") -> Example:
    messages = [
        message
        for each in weights
        for message in (
            Message("user", ASKED, False),
            Message("assistant", f"{SAID} {each}", each > 0, each or 1.0),
        )
    ]
    return Example(name, "chat", tuple(messages), "g", weight=weight)


def encoded(model: LoadedModel, example: Example) -> EncodedExample:
    (window,), rejections = encode_example(example, model.tokenizer, model.template, model.context)
    assert not rejections
    return window


def test_a_message_keeps_its_weight_through_preparation() -> None:
    turns = (
        Turn("user", ASKED),
        Turn("assistant", SAID, None, 0.25),
        Turn("assistant", "X", False),
    )
    table = to_table([Dialogue("d", "a.jsonl", turns, weight=2.0)], DIALOGUE_SCHEMA)
    table = table.append_column("split_group", pa.array(["g"]))
    made = run_steps(table, [dialogue_examples({}, {"": 3.0})], "plain").column("examples")
    rows = pa.Table.from_struct_array(made.combine_chunks().flatten()).cast(EXAMPLE_SCHEMA)
    (example,) = examples_from(rows)
    assert [(m.trained, m.weight) for m in example.messages] == [
        (False, 1.0),
        (True, 0.25),
        (False, 1.0),
    ]
    assert example.weight == 6.0


def test_tokens_count_as_their_message_and_its_conversation_do(model: LoadedModel) -> None:
    window = encoded(model, chat(0.25, 1.0, 3.0, weight=2.0))
    plain = encoded(model, chat(1.0, 1.0, 1.0))
    assert isinstance(window.weight, np.ndarray)
    assert plain.weight == 1.0  # no array where one number says it
    runs = np.split(
        window.weight[window.trained],
        np.flatnonzero(np.diff(np.flatnonzero(window.trained)) > 1) + 1,
    )
    assert [set(run.tolist()) for run in runs] == [{0.5}, {2.0}, {6.0}]


def test_a_message_of_weight_zero_is_read_and_not_learnt(model: LoadedModel) -> None:
    window = encoded(model, chat(0.0, 1.0))
    ids = window.input_ids[window.trained].tolist()
    assert model.template.answer(ids) == f"{SAID} 1.0"


def test_the_cache_keeps_the_weights_of_tokens(model: LoadedModel, tmp_path: Path) -> None:
    rows = [encoded(model, chat(*weights)) for weights in ((1.0,), (0.5, 1.0), (1.0,), (2.0,))]
    cache = write_cache(tmp_path / "tokens.arrow", rows)
    for place, row in enumerate(rows):
        held = cache[place]
        assert type(held.weight) is type(row.weight)
        assert np.array_equal(held.weight, row.weight)
        assert np.array_equal(held.trained, row.trained)


@pytest.mark.parametrize("share_prefixes", [False, True])
def test_the_loss_is_the_weighted_sum_over_tokens(model: LoadedModel, share_prefixes: bool) -> None:
    examples = [chat(0.25, 3.0, weight=2.0, name="a"), chat(1.0, name="b"), chat(0.5, name="c")]
    rows = [encoded(model, example) for example in examples]
    expected = 0.0
    for example, row in zip(examples, rows, strict=True):
        ids = torch.from_numpy(row.input_ids.astype(np.int64))
        with torch.no_grad():
            scores = model.model.double()(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
        model.model.float()
        nll = -scores.gather(1, ids[1:, None])[:, 0].numpy()
        for weight in {message.weight for message in example.messages if message.trained}:
            # Where its answer stands is told by an encoding in which nothing else is trained.
            alone = [
                Message(m.role, m.content, m.trained and m.weight == weight)
                for m in example.messages
            ]
            chosen = model.template.encode(alone).trained[1:]
            expected += example.weight * weight * float(nll[chosen].sum())
    batch = collate(rows, cut=True, share_prefixes=share_prefixes)
    with torch.no_grad():
        loss = PackedForward(model.model).loss_sum(batch)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    weight = sum(
        float(np.broadcast_to(np.float32(row.weight), len(row))[row.trained].sum()) for row in rows
    )
    assert float(batch.weights.sum()) == pytest.approx(weight, rel=1e-6)
