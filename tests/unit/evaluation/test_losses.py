"""Losses and perplexity that do not depend on what shares the batch."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import PreTrainedModel

from laras.batches.token_batch import EncodedExample
from laras.engine.route import Way
from laras.errors import GuardStopped
from laras.evaluation.losses import example_losses, trained_tokens
from laras.evaluation.metric import METRICS
from laras.evaluation.perplexity import bits_per_byte, perplexity
from laras.evaluation.reader import Reader
from laras.evaluation.result import PREDICTION_SCHEMA


def encoded_examples(count: int = 13) -> list[EncodedExample]:
    generator = np.random.default_rng(0)
    examples = []
    for at in range(count):
        length = int(generator.integers(2, 40))
        trained = generator.random(length) < 0.7
        trained[-1] = True
        examples.append(
            EncodedExample(
                f"e{at}", generator.integers(2, 96, size=length).astype(np.int32), trained
            )
        )
    return examples


def reference_losses(model: PreTrainedModel, examples: list[EncodedExample]) -> np.ndarray:
    """Row by row, float64, by nothing but the model's logits."""
    model = model.double()
    losses = []
    with torch.no_grad():
        for example in examples:
            ids = torch.from_numpy(example.input_ids.astype(np.int64))[None]
            log_probabilities = model(ids).logits[0].log_softmax(dim=-1)
            losses.append(
                -sum(
                    float(log_probabilities[at - 1, ids[0, at]])
                    for at in range(1, len(example))
                    if example.trained[at]
                )
            )
    model.float()
    return np.array(losses)


def test_losses_equal_a_row_by_row_reference_for_every_batch_size_and_order(
    model: PreTrainedModel,
) -> None:
    examples = encoded_examples()
    tokens = sum(map(trained_tokens, examples))
    expected = reference_losses(model, examples)
    wanted = perplexity(expected, [tokens])
    shuffled = np.random.default_rng(1).permutation(len(examples)).tolist()
    by_length = sorted(range(len(examples)), key=lambda at: len(examples[at]))
    reader = Reader(model)
    for order in (list(range(len(examples))), shuffled, by_length):
        for rows_at_once in (1, 2, 7, len(examples)):
            found = np.zeros(len(examples))
            for start in range(0, len(order), rows_at_once):
                part = order[start : start + rows_at_once]
                found[part] = example_losses(
                    model, [examples[at] for at in part], batch_tokens=10_000, reader=reader
                )
            np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-5)
            assert perplexity(found, [tokens]) == pytest.approx(wanted, rel=1e-6)


def alike() -> list[EncodedExample]:
    """Examples behind two beginnings that none of them is scored on, and others."""
    generator = np.random.default_rng(3)
    starts = [generator.integers(2, 96, size=length).astype(np.int32) for length in (45, 20)]
    made = []
    for at, example in enumerate(encoded_examples(14)):
        start = starts[at % 2] if at < 11 else starts[0][:0]
        ids = np.concatenate([start, example.input_ids])
        trained = np.concatenate([np.zeros(len(start), dtype=bool), example.trained])
        made.append(EncodedExample(f"e{at}", ids, trained))
    made[4].trained[30:] = True  # within what the others share, too
    made[6].trained[:] = False
    made[6].trained[-1] = True  # the end alone
    return made


@pytest.mark.parametrize("way", ["fast", "packed"])
def test_what_examples_begin_with_is_shared_and_their_losses_stay(
    model: PreTrainedModel, way: Way
) -> None:
    examples = alike()
    expected = reference_losses(model, examples)
    reader = Reader(model, way)
    for batch_tokens in (1, 150, 5000):
        found = example_losses(model, examples, batch_tokens=batch_tokens, reader=reader)
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-5)


def test_examples_without_anything_to_predict_have_no_loss(tiny_llama: PreTrainedModel) -> None:
    examples = alike()
    for example in examples[3:6]:
        example.trained[:] = False
    found = example_losses(tiny_llama, examples, batch_tokens=5000)
    assert found[3:6].tolist() == [0, 0, 0]
    assert (np.delete(found, [3, 4, 5]) > 0).all()
    assert example_losses(tiny_llama, [], batch_tokens=5000).tolist() == []


def test_the_token_budget_does_not_change_the_losses(tiny_llama: PreTrainedModel) -> None:
    examples = encoded_examples()
    results = [
        example_losses(tiny_llama, examples, batch_tokens=budget) for budget in (1, 64, 100, 5000)
    ]
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-6, atol=1e-5)


def test_perplexity_is_exp_of_the_sum_over_tokens_not_a_mean_of_anything() -> None:
    nll, tokens = [2 * 5.0, 200 * 1.0], [2, 200]
    assert perplexity(nll, tokens) == pytest.approx(math.exp(210 / 202))
    assert perplexity(nll, tokens) != pytest.approx((math.exp(5) + math.exp(1)) / 2, rel=0.5)
    assert perplexity(nll, tokens) != pytest.approx(math.exp((5 + 1) / 2), rel=0.5)


def test_bits_per_byte_do_not_depend_on_how_the_text_was_split_into_tokens() -> None:
    assert bits_per_byte([math.log(2) * 30], [10]) == pytest.approx(3.0)
    table = pa.Table.from_pylist(
        [
            {"example_id": "a", "task": "text", "nll": 10.0, "tokens": 4, "bytes": 20},
            {"example_id": "b", "task": "text", "nll": 30.0, "tokens": 2, "bytes": 20},
        ],
        schema=PREDICTION_SCHEMA,
    )
    figures = {}
    for name in ("perplexity", "bits_per_byte"):
        statistics = METRICS.get(name).statistics(table)
        assert statistics is not None
        figures[name] = statistics.figure
    assert figures["perplexity"] == pytest.approx(math.exp(40 / 6))
    assert figures["bits_per_byte"] == pytest.approx(40 / math.log(2) / 40)


def test_a_hopeless_model_has_a_huge_perplexity_and_no_overflow() -> None:
    assert math.isfinite(perplexity([1e9], [3]))


@pytest.mark.parametrize("shared", [False, True])
def test_a_loss_that_is_not_finite_names_its_row(tiny_llama: PreTrainedModel, shared: bool) -> None:
    examples = alike()[:5] if shared else encoded_examples(5)
    poisoned = int(examples[3].input_ids[-1])
    for example in examples:
        example.input_ids[example.input_ids == poisoned] = (poisoned + 1) % 96
    examples[3].input_ids[-2 if shared else 0] = poisoned
    with torch.no_grad():
        tiny_llama.get_input_embeddings().weight[poisoned] = float("nan")
    with pytest.raises(GuardStopped) as raised:
        example_losses(tiny_llama, examples, batch_tokens=1000)
    assert raised.value.identifier == "evaluation.not-finite"
    assert raised.value.where == "e3"


def test_evaluating_leaves_the_model_in_the_mode_it_was_in(tiny_llama: PreTrainedModel) -> None:
    tiny_llama.train()
    example_losses(tiny_llama, encoded_examples(2), batch_tokens=100)
    assert tiny_llama.training


def test_progress_counts_every_example(tiny_llama: PreTrainedModel) -> None:
    seen: list[int] = []
    example_losses(tiny_llama, encoded_examples(), batch_tokens=60, advance=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 13
