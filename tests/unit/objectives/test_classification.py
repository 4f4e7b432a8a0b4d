"""The head: its loss is that of transformers' own classifier, and its files load there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from laras.adapters.methods import ADAPTERS
from laras.adapters.prepare import (
    first_weights,
    hidden_matrices,
    prepare_for,
    save_adapter,
    trainable,
)
from laras.batches.encode import encode_classified, prompt_ids
from laras.batches.encoded import EncodedExample
from laras.batches.token_batch import IGNORED, collate
from laras.engine.forward import PackedForward
from laras.errors import DataRefused, ModelRefused
from laras.models.classifier import (
    HEAD,
    add_to_adapter,
    as_classifier,
    check_family,
    labels_of,
    padding_id,
)
from laras.models.load import LoadedModel, load_model
from laras.models.quiet import quiet
from laras.models.save import save_model
from laras.objectives.classification import Classification, add_head, classes_of
from laras.objectives.objective import objectives
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.records import Example, Message

LABELS = ("a/b", 'repair "now"', "_size", "ラベル")
Tiny = Callable[[str], Path]


def labelled(number: int, label: str, weight: float = 1.0) -> Example:
    text = f"Name the category.\n\nText number {number}. " + "So it goes on. " * (number % 4)
    messages = (Message("user", text, False), Message("assistant", label, True))
    return Example(f"e{number}", "classification", messages, f"g{number}", (), label, "s", weight)


ROWS = [labelled(n, LABELS[n % 4], 0.5 + n % 3) for n in range(7)]


def loaded_from(folder: Path) -> LoadedModel:
    return load_model(ModelSection(base=str(folder)), folder.parent, trainable=True)


def encoded(loaded: LoadedModel, rows: list[Example] = ROWS) -> list[EncodedExample]:
    numbers = {label: n for n, label in enumerate(LABELS)}
    found = []
    for row in rows:
        windows, rejections = encode_classified(
            row, loaded.tokenizer, loaded.template, loaded.context, numbers
        )
        assert not rejections
        found += windows
    return found


def with_random_head(loaded: LoadedModel, *, seed: int = 0) -> None:
    head = add_head(loaded.model, len(LABELS))
    torch.nn.init.normal_(head.weight, generator=torch.Generator().manual_seed(seed))


def padded_logits(model: torch.nn.Module, loaded: LoadedModel) -> torch.Tensor:
    """Of a plain classifier, for all ROWS in one right-padded batch."""
    prompts = [
        prompt_ids(row, loaded.tokenizer, loaded.template, loaded.context, 1) for row in ROWS
    ]
    pad = padding_id(loaded.tokenizer, loaded.template)
    length = max(map(len, prompts))
    ids = torch.tensor([prompt + [pad] * (length - len(prompt)) for prompt in prompts])
    mask = torch.tensor([[1] * len(p) + [0] * (length - len(p)) for p in prompts])
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=ids, attention_mask=mask).logits
    return logits


def packed_logits(loaded: LoadedModel, model: torch.nn.Module) -> torch.Tensor:
    """By the way that training takes."""
    model.eval()
    batch = collate(encoded(loaded), cut=True)
    forward = PackedForward(model, torch.float32)
    with torch.no_grad():
        return loaded.model.get_submodule(HEAD)(forward.hidden_states(batch, batch.selected))  # type: ignore[no-any-return]


def test_an_example_is_its_prompt_and_the_number_of_its_class(tiny: Tiny) -> None:
    loaded = loaded_from(tiny("llama"))
    rows = encoded(loaded)
    for row, example in zip(rows, ROWS, strict=True):
        prompt = loaded.template.encode_prompt(example.messages[:1])
        assert row.input_ids.tolist() == [*prompt, LABELS.index(str(example.label))]
        assert row.trained.tolist() == [False] * len(prompt) + [True]
    batch = collate(rows, cut=True)
    assert batch.tokens == sum(len(row) - 1 for row in rows)  # the class is never read
    ends = batch.cu_seqlens[1:].long() - 1
    assert batch.labels[ends].tolist() == [LABELS.index(str(row.label)) for row in ROWS]
    assert int((batch.labels != IGNORED).sum()) == len(ROWS)


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt2", "gpt_neox", "falcon"])
def test_the_loss_and_its_gradients_are_those_of_the_plain_classifier(
    tiny: Tiny, family: str, tmp_path: Path
) -> None:
    loaded = loaded_from(tiny(family))
    with_random_head(loaded)
    loaded.model.eval()  # GPT-2 has dropout
    objective, batch = Classification(), collate(encoded(loaded), cut=True)
    loss = objective.loss(PackedForward(loaded.model, torch.float32), batch)
    loss.backward()
    assert objective.weight(batch) == sum(row.weight for row in ROWS)

    pad = padding_id(loaded.tokenizer, loaded.template)
    as_classifier(loaded.model, LABELS, pad).save_pretrained(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    # torch gives the padding token's row no gradient, though prompts have that token too.
    plain.get_input_embeddings().padding_idx = None
    found = {name: part.grad for name, part in loaded.model.named_parameters()}
    expected = torch.zeros(())
    for row in ROWS:
        prompt = prompt_ids(row, loaded.tokenizer, loaded.template, loaded.context, 1)
        logits = plain(input_ids=torch.tensor([prompt])).logits
        number = torch.tensor([LABELS.index(str(row.label))])
        expected = expected + row.weight * F.cross_entropy(logits, number)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    expected.backward()
    for name, part in plain.named_parameters():
        torch.testing.assert_close(found[name], part.grad, rtol=1e-4, atol=1e-5)


def test_accumulation_over_micro_batches_is_one_large_batch(tiny: Tiny) -> None:
    loaded = loaded_from(tiny("llama"))
    with_random_head(loaded)
    rows = encoded(loaded)
    forward, objective = PackedForward(loaded.model, torch.float32), Classification()
    parts = [collate(rows[:2], cut=True), collate(rows[2:], cut=True)]
    whole = collate(rows, cut=True)
    weight = sum(map(objective.weight, parts))
    assert weight == objective.weight(whole)
    with torch.no_grad():
        parted = sum(objective.loss(forward, batch.scaled(weight)).item() for batch in parts)
        together = objective.loss(forward, whole.scaled(weight)).item()
    assert parted == pytest.approx(together, rel=1e-6)


def test_every_class_is_as_likely_as_any_other_before_training(tiny: Tiny) -> None:
    loaded = loaded_from(tiny("llama"))
    add_head(loaded.model, len(LABELS))
    objective, batch = Classification(), collate(encoded(loaded), cut=True)
    loss = objective.loss(PackedForward(loaded.model, torch.bfloat16), batch)
    assert loss.item() == pytest.approx(objective.weight(batch) * np.log(len(LABELS)), rel=1e-6)


def test_the_head_is_trained_in_float32_and_is_no_hidden_matrix(tiny: Tiny) -> None:
    for family, frozen in (("mistral", ["lm_head.weight"]), ("llama", [])):
        loaded = loaded_from(tiny(family))
        head = add_head(loaded.model, 2)
        assert head.weight.dtype == torch.float32
        assert f"{HEAD}.weight" in trainable(loaded.model)
        assert id(head.weight) not in hidden_matrices(loaded.model)
        untrained = [n for n, p in loaded.model.named_parameters() if not p.requires_grad]
        assert untrained == frozen  # an output projection that no loss reaches


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt2", "gpt_neox", "falcon"])
def test_a_whole_classifier_loads_in_plain_transformers(
    tiny: Tiny, family: str, tmp_path: Path
) -> None:
    loaded = loaded_from(tiny(family))
    with_random_head(loaded)
    expected = packed_logits(loaded, loaded.model)
    pad = padding_id(loaded.tokenizer, loaded.template)
    classifier = as_classifier(loaded.model, LABELS, pad)
    save_model(classifier, loaded.tokenizer, loaded.template, tmp_path / "model")

    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model").eval()
    assert plain.config.id2label == dict(enumerate(LABELS))
    torch.testing.assert_close(padded_logits(plain, loaded), expected, rtol=1e-4, atol=1e-5)

    assert labels_of(tmp_path / "model") == LABELS
    section = ModelSection(base=str(tmp_path / "model"))
    again = load_model(section, tmp_path, labels=LABELS)  # as the contender is judged
    torch.testing.assert_close(padded_logits(again.model, loaded), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_with_a_head_loads_in_plain_peft(tiny: Tiny, kind: str, tmp_path: Path) -> None:
    loaded = loaded_from(tiny("llama"))
    chosen, _ = resolve(
        TuningSection(), Contender(kind=kind, name="x", objective="classification"), 0
    )  # type: ignore[arg-type]
    model = prepare_for(loaded.model, chosen)
    assert isinstance(model, PeftModel)
    first = first_weights(model, chosen)
    with_random_head(loaded)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # as if it had learnt something
        for part in trainable(model).values():
            part += 0.05 * torch.randn(part.shape, generator=generator)
    expected = packed_logits(loaded, model)
    save_adapter(model, tmp_path, "llama", first)
    pad = padding_id(loaded.tokenizer, loaded.template)
    add_to_adapter(tmp_path, loaded.model, LABELS, pad)

    config = AutoConfig.from_pretrained(tmp_path)
    assert config.id2label == dict(enumerate(LABELS))
    base = AutoModelForSequenceClassification.from_pretrained(tiny("llama"), config=config)
    with quiet():  # peft's BOFT speaks of kernels for a GPU
        plain = PeftModel.from_pretrained(base, str(tmp_path)).eval()
    assert plain.peft_config["default"].modules_to_save is not None
    torch.testing.assert_close(padded_logits(plain, loaded), expected, rtol=1e-3, atol=1e-4)


def test_labels_called_like_settings_are_labels(tiny: Tiny, tmp_path: Path) -> None:
    names = ("auto_map", "_name", "num_layers", "vocab_size", "0", "")
    loaded = loaded_from(tiny("llama"))
    add_head(loaded.model, len(names))
    pad = padding_id(loaded.tokenizer, loaded.template)
    save_model(as_classifier(loaded.model, names, pad), loaded.tokenizer, None, tmp_path / "model")
    section = ModelSection(base=str(tmp_path / "model"))
    assert load_model(section, tmp_path, labels=labels_of(tmp_path / "model")).model is not None
    assert labels_of(tmp_path / "model") == names


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gpt2", "gpt_neox", "falcon"])
def test_no_prompt_ends_with_the_padding_token(tiny: Tiny, family: str) -> None:
    loaded = loaded_from(tiny(family))
    pad = padding_id(loaded.tokenizer, loaded.template)
    for row in ROWS:
        prompt = prompt_ids(row, loaded.tokenizer, loaded.template, loaded.context, 1)
        assert prompt[-1] != pad


def test_a_prompt_that_is_too_long_is_cut_alike_whatever_its_label_is(tiny: Tiny) -> None:
    side = loaded_from(tiny("llama"))
    numbers = {"a": 0, "a much longer name of a label " * 3: 1}
    ids = []
    for label in numbers:
        row = labelled(1, label)
        long = Message("user", "word " * 300, False)
        row = Example("e", "classification", (long, *row.messages[1:]), "g", (), label)
        (window,), (cut,) = encode_classified(row, side.tokenizer, side.template, 64, numbers)
        assert (cut.reason, cut.action, cut.rows) == ("longer-than-context", "cut", 0)
        assert len(window) <= 64
        ids.append(window.input_ids[:-1].tolist())
    assert ids[0] == ids[1]


def test_a_label_without_a_class_is_named(tiny: Tiny) -> None:
    side = loaded_from(tiny("llama"))
    windows, (left,) = encode_classified(
        labelled(0, "elsewhere"), side.tokenizer, side.template, 64, {"here": 0}
    )
    assert not windows
    assert (left.reason, left.detail, left.rows) == ("unknown-label", "'elsewhere'", 1)


@pytest.mark.parametrize("labels", [{}, {"only": 9}])
def test_a_head_for_fewer_than_two_labels_is_refused(labels: dict[str, int]) -> None:
    audit = {"splits": {"train": {"labels": labels}}}
    with pytest.raises(DataRefused) as refused:
        classes_of(audit, objectives.get("classification"))
    assert refused.value.identifier == "tuning.too-few-labels"
    assert classes_of(audit, objectives.get("next_token")) is None


def test_a_family_without_a_classifier_is_refused() -> None:
    check_family("llama")
    with pytest.raises(ModelRefused) as refused:
        check_family("granite")
    assert refused.value.identifier == "model.no-classifier"


def test_a_folder_with_an_adapter_and_a_configuration_is_no_base(
    tiny: Tiny, tmp_path: Path
) -> None:
    loaded = loaded_from(tiny("llama"))
    chosen, _ = resolve(TuningSection(), Contender(kind="lora", name="x"), 0)
    model = prepare_for(loaded.model, chosen)
    assert isinstance(model, PeftModel)
    with_random_head(loaded)
    save_adapter(model, tmp_path, "llama")
    add_to_adapter(tmp_path, loaded.model, LABELS, 0)
    loaded.tokenizer.save(tmp_path, loaded.template.text)
    with pytest.raises(ModelRefused) as refused:
        load_model(ModelSection(base=str(tmp_path)), tmp_path)
    assert refused.value.identifier == "model.adapter-alone"
    assert isinstance(loaded.model, PreTrainedModel)
