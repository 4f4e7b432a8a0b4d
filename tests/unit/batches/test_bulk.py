"""Encoded in bulk, texts get the very ids that they get one by one, or the slow way is taken."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from laras.batches import tokens
from laras.batches.encode import encode_example
from laras.batches.encode_many import encode_examples
from laras.batches.tokens import split_tokens
from laras.models import bulk as bulk_module
from laras.models.bulk import HARD_TEXTS, Bulk, BulkDiffersError, Ids
from laras.models.load import LoadedModel, load_model
from laras.models.template import ChatTemplate
from laras.models.tiny import tiny_model
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table

CONTEXT = 128


def text(number: int, *contents: str, trained: bool = True) -> Example:
    messages = tuple(Message("text", content, trained) for content in contents)
    return Example(f"e{number}", "text", messages, "g", weight=0.5)


def chat(number: int, asked: str, answered: str) -> Example:
    messages = (Message("user", asked, False), Message("assistant", answered, True))
    return Example(f"c{number}", "chat", messages, "g")


def examples_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Example]:
    """Texts of all kinds: hard ones, control tokens written out, long ones, empty ones, none."""
    spelled = [str(tokenizer.token(number)) for number in sorted(tokenizer.control_ids)[:40]]
    contents = [*HARD_TEXTS, *spelled, *(f"a{each}b {each}" for each in spelled), *texts]
    examples = [text(number, content) for number, content in enumerate(contents)]
    examples += [text(1000, "dua", "bagian"), text(1001, "tak dilatih", trained=False)]
    examples += [text(1002, "satu \ud800 setengah"), text(1003, "kata " * 2000)]
    examples += [chat(n, content, "Ya, begitu.") for n, content in enumerate(contents[:60])]
    examples += [chat(n, " apa?\n", content) for n, content in enumerate(contents[:60])]
    generator = random.Random(5)
    for number in range(100):
        system = (Message("system", generator.choice(contents[:60]), False),)
        turns = [
            Message(("user", "assistant")[n % 2], generator.choice(contents[:200])[:80], n % 2 == 1)
            for n in range(generator.randint(1, 6))
        ]
        messages = (*(system if number % 3 == 0 else ()), *turns)
        examples.append(Example(f"m{number}", "chat", messages, "g"))
    return examples


class Forgetful(dict[Any, Any]):
    """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


def assert_same(tokenizer: Tokenizer, template: ChatTemplate, examples: list[Example]) -> Bulk:
    bulk = tokenizer.bulk([message.content for e in examples for message in e.messages][:50])
    found = list(encode_examples(examples, tokenizer, template, CONTEXT, bulk))
    assert len(found) == len(examples)
    oracle = ChatTemplate(template.text, tokenizer)
    oracle._renderer._frames = Forgetful()  # each conversation is looked at by itself
    for example, (windows, rejections) in zip(examples, found, strict=True):
        wanted, wanted_rejections = encode_example(example, tokenizer, oracle, CONTEXT)
        assert rejections == wanted_rejections
        assert len(windows) == len(wanted)
        for one, other in zip(windows, wanted, strict=True):
            assert one.input_ids.tolist() == other.input_ids.tolist()
            assert one.trained.tolist() == other.trained.tolist()
            assert one.input_ids.dtype == other.input_ids.dtype
            assert replace(one, input_ids=0, trained=0) == replace(other, input_ids=0, trained=0)
            if example.task == "text":  # nothing that is written can become a control token
                edges = {tokenizer.bos_id, tokenizer.eos_id}
                assert not (set(one.input_ids[1:-1].tolist()) & tokenizer.control_ids) - edges
    return bulk


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2", "mistral"])
def test_in_bulk_as_one_by_one(family: str, tmp_path: Path) -> None:
    folder = tiny_model(family, tmp_path / family)
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    generator = random.Random(2)
    texts = ["".join(generator.choices("abc \n.\u00e9\u65e5\U0001f600", k=90)) for _n in range(200)]
    assert_same(tokenizer, template, examples_of(tokenizer, texts))


@pytest.mark.material
@pytest.mark.parametrize("name", ["gpt2", "qwen2.5", "phi-2", "phi-3-mini", "falcon"])
def test_real_tokenizers_in_bulk_as_one_by_one(name: str, material: Path) -> None:
    folder = material / "tokenizers" / name
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    texts = []
    for file in ("id_law_regulations.txt", "en_gnome_help.txt", "iden_tatoeba_pairs.txt"):
        content = (material / "pretrain" / file).read_text(encoding="utf-8")
        texts += [content[start : start + 300] for start in range(0, 90_000, 300)]
    texts += (
        (material / "tokenizers/_gold/ggml-vocab-llama-bpe.gguf.inp")
        .read_text("utf-8")
        .split("\n__ggml_vocab_test__\n")
    )
    bulk = assert_same(tokenizer, template, examples_of(tokenizer, texts))
    # gigatoken can't read falcon's file; then the slow way is taken, and the reason told.
    assert bulk.name == ("tokenizers" if name == "falcon" else "gigatoken")
    assert bool(bulk.reason) == (name == "falcon")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")
    return load_model(ModelSection(base=str(folder), context=CONTEXT), folder)


def write_split(path: Path, count: int) -> Path:
    generator = random.Random(3)
    examples = [
        text(number, " ".join(generator.choices(["ini", "itu", "kata", "\u00e9"], k=20)))
        for number in range(count)
    ]
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
    return path


def off_by_one(fast: object, texts: Sequence[str]) -> list[Ids]:
    """A library that is wrong from its 700th text on."""
    found = original(fast, texts)
    seen[0] += len(texts)
    return [ids + (1 if seen[0] > 700 else 0) for ids in found]


original = bulk_module._by_gigatoken
seen = [0]


@pytest.mark.parametrize("seen_before", [1000, 0], ids=["in the sample", "beyond the sample"])
def test_a_library_that_errs_is_found_out_and_not_used(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen_before: int
) -> None:
    split = write_split(tmp_path / "train.parquet", 3000)
    wanted = split_tokens(split, model, tmp_path / "slow")
    assert wanted.encoder == {"name": "tokenizers", "reason": ""}
    monkeypatch.setattr(tokens, "LEAST_CHARACTERS", 0)
    monkeypatch.setattr(tokens, "SAMPLE_TEXTS", 100)
    seen[0] = seen_before
    monkeypatch.setattr(bulk_module, "_by_gigatoken", off_by_one)
    found = split_tokens(split, model, tmp_path / "watched")
    assert found.encoder["name"] == "tokenizers"
    assert "differs" in found.encoder["reason"]
    assert not model.tokenizer.has_fast_bulk
    assert found.facts() == wanted.facts()
    for one, other in zip(found.tokens, wanted.tokens, strict=True):
        assert np.array_equal(one.input_ids, other.input_ids)
    # What was found out is kept with the tokens.
    assert split_tokens(split, model, tmp_path / "watched").encoder == found.encoder


def test_the_fast_way_is_watched(model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = model.tokenizer.bulk(["ini itu"])
    if bulk.name != "gigatoken":
        pytest.skip("the tiny tokenizer is not one that gigatoken reads")
    seen[0] = 1000
    monkeypatch.setattr(bulk_module, "_by_gigatoken", off_by_one)
    with pytest.raises(BulkDiffersError):
        model.tokenizer.encode_bulk(["satu dua tiga"], bulk)
