"""Prefix tuning: peft's format and peft's own figures, on rows without padding and in judging."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import AutoModelForCausalLM, MambaConfig, MambaForCausalLM, PreTrainedModel

import laras
from laras.adapters.learnt_before import LEARNT_BEFORE
from laras.adapters.prefix_tuning import load_prefix, save_prefix
from laras.adapters.prepare import prepare_for, trainable
from laras.adapters.soft_prompt import begun_with
from laras.batches.encode import encode_example
from laras.batches.token_batch import EncodedExample, collate
from laras.engine.forward import PackedForward
from laras.engine.learnt_prefix import PrefixedEmbedding
from laras.errors import Interrupted, StorageFailed, UsageError
from laras.evaluation.generation import greedy_answers
from laras.evaluation.labels import label_log_probabilities
from laras.evaluation.losses import example_losses
from laras.evaluation.reader import Reader
from laras.models.load import load_model
from laras.models.virtual_tokens import virtual_ids
from laras.objectives.supervised import NextToken
from laras.planning.hyperparameters import Hyperparameters, resolve
from laras.recipe import unread
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.records import Example, Message
from laras.runs.folder import Run
from laras.runs.progress import Silent
from laras.tuning.fitting import recompute
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData
from packed_examples import examples

Fresh = Callable[[str], PreTrainedModel]
Tiny = Callable[[str], Path]
COUNT = 5
STARTER_DATA = Path(laras.__file__).parent / "starter" / "data"
FAMILIES = ["llama", "qwen2", "gpt2", "mistral"]


def chosen() -> Hyperparameters:
    contender = Contender(kind="prefix", name="prefix", virtual_tokens=COUNT)
    return resolve(TuningSection(), contender, 1_000_000)[0]


def embedding_of(model: PreTrainedModel) -> PrefixedEmbedding:
    embedding = model.get_input_embeddings()
    assert isinstance(embedding, PrefixedEmbedding)
    return embedding


def prefixed(model: PreTrainedModel) -> PreTrainedModel:
    """With keys and values that are no longer those of words."""
    ready = prepare_for(model, chosen())
    assert isinstance(ready, PreTrainedModel)
    torch.manual_seed(2)
    with torch.no_grad():
        embedding_of(ready).prefix.normal_(std=0.7)
    return ready


def window_of(model: PreTrainedModel, size: int | None) -> PreTrainedModel:
    if size is not None:
        model.config.sliding_window = size
    return model


def by_peft(
    model: PreTrainedModel, tiny: Tiny, family: str, folder: Path, window: int | None = None
) -> PeftModel:
    """Plain peft on the base, with what was saved of ``model``."""
    save_prefix(model, folder / "prefix", "base")
    base = AutoModelForCausalLM.from_pretrained(tiny(family)).float()
    return PeftModel.from_pretrained(window_of(base, window), str(folder / "prefix")).eval()


def row_loss(model: PeftModel, row: EncodedExample) -> torch.Tensor:
    """Of one row alone, by peft's own forward."""
    logits = model(input_ids=torch.from_numpy(row.input_ids)[None].long()).logits[0, :-1]
    each = F.cross_entropy(logits, torch.from_numpy(row.input_ids[1:]).long(), reduction="none")
    return each[torch.from_numpy(row.trained[1:])].sum()


@pytest.mark.parametrize("family", [*FAMILIES, "falcon", "gpt_neox"])
def test_plain_peft_reads_the_saved_prefix_and_so_do_we(
    fresh: Fresh, tiny: Tiny, tmp_path: Path, family: str
) -> None:
    model = prefixed(fresh(family)).eval()
    ids = list(range(5, 25))
    with torch.no_grad():
        expected = by_peft(model, tiny, family, tmp_path)(input_ids=torch.tensor([ids])).logits[0]
        given = torch.tensor([[*virtual_ids(model), *ids]])
        found = model(input_ids=given).logits[0, COUNT:]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        again = fresh(family)
        assert load_prefix(again, tmp_path / "prefix") == COUNT
        assert torch.equal(again(input_ids=given).logits[0, COUNT:], found)


@pytest.mark.parametrize("way", ["fast", "packed", "padded"])
@pytest.mark.parametrize(
    ("family", "window"),
    [*((family, None) for family in FAMILIES), ("mistral", 9), ("gpt_neox", None)],
)
def test_losses_and_gradients_of_packed_rows_are_those_of_peft_on_each_row_alone(
    fresh: Fresh, tiny: Tiny, tmp_path: Path, family: str, window: int | None, way: str
) -> None:
    model = window_of(prefixed(fresh(family)), window).eval()  # without the dropout of some
    rows = examples([12, 30, 7, 21])
    forward = PackedForward(model, torch.float32, way)  # type: ignore[arg-type]
    assert forward.route.way == way
    begun = [begun_with(virtual_ids(model), row) for row in rows]
    batch = collate(begun, cut=True)
    loss = forward.loss_sum(batch)
    loss.backward()
    each = forward.token_losses(batch)
    forward.release()
    ((name, prefix),) = trainable(model).items()
    assert name.endswith("prefix")
    found = prefix.grad
    assert found is not None

    reference = by_peft(model, tiny, family, tmp_path, window)
    learnt = reference.prompt_encoder["default"].embedding.weight.requires_grad_(True)
    expected = [row_loss(reference, row) for row in rows]
    torch.stack(expected).sum().backward()
    assert learnt.grad is not None
    torch.testing.assert_close(loss, torch.stack(expected).sum(), rtol=1e-5, atol=1e-5)
    starts = [*batch.cu_seqlens[:-1].tolist(), None]
    for at, alone in enumerate(expected):
        own = each[starts[at] : starts[at + 1]].sum()
        torch.testing.assert_close(own, alone.detach(), rtol=1e-5, atol=1e-5)
    largest = float(learnt.grad.abs().max())
    assert (found - learnt.grad).abs().max() <= 1e-5 * max(1.0, largest)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("recomputed", [False, True])
def test_a_beginning_that_stands_in_a_row_once_changes_no_gradient(
    fresh: Fresh, family: str, recomputed: bool
) -> None:
    model = prefixed(fresh(family)).eval()
    common = np.arange(7, 87, dtype=np.int32)
    rows = [
        replace(row, input_ids=np.concatenate([common, row.input_ids]),
                trained=np.concatenate([np.zeros(len(common), np.bool_), row.trained]))
        for row in examples([12, 30, 7])
    ]  # fmt: skip
    begun = [begun_with(virtual_ids(model), row) for row in rows]
    forward = PackedForward(model, torch.float32)
    assert forward.shares_prefixes
    (prefix,) = trainable(model).values()
    found = []
    for shared in (False, True):
        batch = collate(begun, cut=True, share_prefixes=shared)
        assert (batch.segments is not None) == shared
        if shared and recomputed:
            forward.recompute_activations()
        prefix.grad = None
        forward.loss_sum(batch).backward()
        assert prefix.grad is not None
        found.append(prefix.grad.clone())
    torch.testing.assert_close(found[1], found[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "way"),
    [("llama", "fast"), ("llama", "padded"), ("gpt2", "fast"), ("gpt_neox", "fast")],
)
def test_judging_reads_as_peft_does(
    fresh: Fresh, tiny: Tiny, tmp_path: Path, family: str, way: str
) -> None:
    model = prefixed(fresh(family)).eval().requires_grad_(False)
    reference = by_peft(model, tiny, family, tmp_path)
    reader = Reader(model, way)  # type: ignore[arg-type]
    assert (reader.cached is not None) == (way == "fast")
    common = list(range(20, 40))  # long enough to be read once for all of them
    rows = [
        EncodedExample(str(n), np.array([*common, *more], np.int32), np.arange(20 + len(more)) > 21)
        for n, more in enumerate(([5, 6, 7, 8, 9], [11, 12, 13], [15, 16, 17, 18]))
    ]
    losses = example_losses(model, rows, batch_tokens=256, reader=reader)
    with torch.no_grad():
        for row, loss in zip(rows, losses, strict=True):
            assert loss == pytest.approx(float(row_loss(reference, row)), rel=1e-5)

    prompts = [row.input_ids.tolist() for row in rows]
    labels = [[7, 8], [9], [7, 11, 12]]
    scores = label_log_probabilities(
        model, prompts, labels, names=["a", "b", "c"], batch_tokens=256, reader=reader
    )
    answers = greedy_answers(
        model, prompts, stop_ids=frozenset(), max_new_tokens=6, context=64, batch_tokens=256,
        reader=reader,
    )  # fmt: skip
    for prompt, own, answer in zip(prompts, scores, answers, strict=True):
        for label, score in zip(labels, own, strict=True):
            trained = np.arange(len(prompt) + len(label)) >= len(prompt)
            row = EncodedExample("", np.array([*prompt, *label], np.int32), trained)
            with torch.no_grad():
                assert score == pytest.approx(-float(row_loss(reference, row)), rel=1e-5)
        given = torch.tensor([prompt])
        written = reference.generate(
            input_ids=given, attention_mask=torch.ones_like(given), max_new_tokens=6,
            do_sample=False, eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
        assert answer.token_ids == written[0, len(prompt) :].tolist()
    reader.release()


def test_without_its_virtual_tokens_the_model_is_the_base(fresh: Fresh) -> None:
    ids = torch.tensor([list(range(5, 25))])
    with torch.no_grad():
        expected = fresh("llama")(input_ids=ids).logits
        assert torch.equal(prefixed(fresh("llama"))(input_ids=ids).logits, expected)


def test_the_untrained_prefix_reads_as_words_do_and_follows_the_seed(fresh: Fresh) -> None:
    def made(seed: int) -> PreTrainedModel:
        ready = prepare_for(fresh("llama"), replace(chosen(), seed=seed))
        assert isinstance(ready, PreTrainedModel)
        return ready

    ids = list(range(5, 25))
    model = made(0)
    torch.manual_seed(0)
    words = torch.randint(embedding_of(model).first, (COUNT,)).tolist()
    with torch.no_grad():
        expected = fresh("llama")(input_ids=torch.tensor([[*words, *ids]])).logits
        found = model(input_ids=torch.tensor([[*virtual_ids(model), *ids]])).logits
    torch.testing.assert_close(found[:, COUNT:], expected[:, COUNT:], rtol=0, atol=1e-5)
    first = embedding_of(model).prefix
    assert torch.equal(first, embedding_of(made(0)).prefix)
    assert not torch.equal(first, embedding_of(made(1)).prefix)


def training(model: PreTrainedModel, run: Run) -> Training:
    setting = replace(
        chosen(), epochs=12.0, batch_tokens=256, micro_batch_tokens=128, patience=100,
        checkpoint_every_steps=10**6, checkpoint_every_s=1e9,
    )  # fmt: skip
    ready = prepare_for(model, setting)
    rows = examples([20, 31, 12, 44, 25, 9, 38, 17, 26, 33])
    data = TrainingData(rows, [len(row) for row in rows], rows[:3])
    return Training(
        model=ready,
        data=data.begun_with(virtual_ids(model)),
        chosen=setting,
        objective=NextToken(),
        run=run,
        contender="prefix",
        precision=torch.float32,
        key="key",
        progress=Silent(),
    )


def test_a_few_steps_learn_the_starters_requests_from_where_the_base_is() -> None:
    loaded = load_model(ModelSection(base="starter"), Path(), trainable=True)
    with (STARTER_DATA / "intents" / "train.csv").open(encoding="utf-8", newline="") as file:
        asked = [row for _place, row in zip(range(12), csv.DictReader(file), strict=False)]
    rows = []
    for place, row in enumerate(asked):
        said = (Message("user", row["text"], False), Message("assistant", row["label"], True))
        example = Example(str(place), "chat", said, group=str(place))
        encoded, _none = encode_example(example, loaded.tokenizer, loaded.template, 256)
        rows += encoded
    batch = collate(rows, cut=True)
    count = batch.trained_tokens
    base = float(PackedForward(loaded.model).loss_sum(batch).detach()) / count

    model = prepare_for(loaded.model, replace(chosen(), virtual_tokens=16))
    begun = [begun_with(virtual_ids(loaded.model), row) for row in rows]
    batch = collate(begun, cut=True, share_prefixes=True)
    forward = PackedForward(model, torch.float32)
    optimizer = torch.optim.AdamW(trainable(model).values(), lr=chosen().learning_rate)
    losses = []
    for _step in range(10):
        optimizer.zero_grad()
        loss = forward.loss_sum(batch) / count
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] < base + 0.2
    assert losses[-1] < 0.6 * base


class Stopped(Training):
    def _step(self, step: object) -> None:
        super()._step(step)  # type: ignore[arg-type]
        if self.state.step == 4:
            self._save()
            raise Interrupted("", "")


def test_a_training_resumes_to_the_bit(fresh: Fresh, tmp_path: Path) -> None:
    with Run.open(tmp_path / "whole") as run:
        whole = training(fresh("llama"), run)
        result = whole.run()
        assert result.trained_parameters == COUNT * 2 * 2 * 2 * 8  # n, layers, k and v, heads, D

    with Run.open(tmp_path / "stopped") as run:
        first = training(fresh("llama"), run)
        first.__class__ = Stopped
        with pytest.raises(Interrupted):
            first.run()
        again = training(fresh("llama"), run)
        again.run()
    for name, part in trainable(whole.model).items():
        assert torch.equal(trainable(again.model)[name], part)


def test_a_prefix_for_another_model_is_refused(fresh: Fresh, tmp_path: Path) -> None:
    save_prefix(prefixed(fresh("llama")), tmp_path / "prefix", "base")
    with pytest.raises(StorageFailed):
        load_prefix(fresh("gpt2"), tmp_path / "prefix")


def test_a_model_without_keys_and_values_is_refused() -> None:
    small = MambaConfig(vocab_size=40, hidden_size=8, num_hidden_layers=1, state_size=4)
    with pytest.raises(UsageError) as refused:
        prepare_for(MambaForCausalLM(small), chosen())
    assert refused.value.identifier == "tuning.no-prefix"


def test_recomputing_is_refused_where_the_prefix_would_be_lost(fresh: Fresh) -> None:
    model = prefixed(fresh("llama"))
    always = replace(chosen(), recompute_activations="always")
    with pytest.raises(UsageError) as refused:
        recompute(None, always, PackedForward(model, torch.float32, "packed"))
    assert refused.value.identifier == "tuning.prefix-keeps-activations"
    recompute(None, always, PackedForward(model, torch.float32, "fast"))


def test_what_is_learnt_before_examples_has_one_list() -> None:
    assert tuple(LEARNT_BEFORE) == unread.VIRTUAL_KINDS
