"""The token cache: one file for each content of all that decides the tokens, none stale."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from laras.batches.encode import encode_example
from laras.batches.tokens import SplitTokens, split_tokens
from laras.errors import LarasError, StorageFailed
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.preparation.pipeline import load_examples
from laras.recipe.schema import ModelSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table

CONTEXT = 64
TEMPLATE = (
    "{% for message in messages %}{{ '<|header|>' + message.role + '<|/header|>' "
    "+ message.content + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|header|>assistant<|/header|>' }}{% endif %}"
)


def example(number: int, *contents: str) -> Example:
    if len(contents) == 1:
        messages = (Message("text", contents[0], True),)
        return Example(f"e{number}", "text", messages, f"g{number}", weight=0.5)
    messages = tuple(
        Message(("user", "assistant")[place % 2], content, place % 2 == 1)
        for place, content in enumerate(contents)
    )
    return Example(f"e{number}", "chat", messages, f"g{number}")


EXAMPLES = [
    example(0, "Gamelan dilaras dengan telinga. " * 20),
    example(1, "Which instrument leads?", "Bonang memimpin."),
    example(2, "A long question " * 40, "Gong menutup."),
    example(3, "What?", "answer " * 200),  # does not fit, and is dropped
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model's folder."""
    return tiny_model("llama", tmp_path_factory.mktemp("model") / "llama")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """The examples as a split."""
    return write_rows(tmp_path / "train.parquet", EXAMPLES)


def write_rows(path: Path, examples: list[Example]) -> Path:
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
    return path


@cache
def loaded(base: Path, *, context: int = CONTEXT, chat_template: str | None = None) -> LoadedModel:
    section = ModelSection(base=str(base), context=context, chat_template=chat_template)
    return load_model(section, base.parent)


def files(folder: Path) -> dict[str, int]:
    """Names of the cached files with the time of their writing."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def assert_as_encoded(found: SplitTokens, split: Path, model: LoadedModel) -> None:
    """The cache holds what encoding gives, bit for bit, and the same rows of the ledger."""
    encoded, rejections = [], []
    for row in load_examples(split):
        windows, left = encode_example(row, model.tokenizer, model.template, model.context)
        encoded += windows
        rejections += left
    assert len(found.tokens) == len(encoded)
    for place, wanted in enumerate(encoded):
        held = found.tokens[place]
        assert (held.example_id, held.weight, held.text_bytes) == (
            wanted.example_id,
            wanted.weight,
            wanted.text_bytes,
        )
        assert np.array_equal(held.input_ids, wanted.input_ids)
        assert np.array_equal(held.trained, wanted.trained)
    assert found.rejections == rejections
    assert found.tokens.lengths.tolist() == [len(window) for window in encoded]
    assert found.tokens.trained_tokens == sum(int(window.trained.sum()) for window in encoded)


def test_the_cache_holds_what_encoding_gives(model: Path, rows: Path, tmp_path: Path) -> None:
    found = split_tokens(rows, loaded(model), tmp_path / "tokens")
    assert_as_encoded(found, rows, loaded(model))
    assert found.facts() == {
        "examples": 4,
        "dropped": 1,
        "cut": 1,
        "windows": len(found.tokens),
        "tokens": int(found.tokens.lengths.sum()),
        "trained_tokens": found.tokens.trained_tokens,
    }


def test_the_same_again_is_read_and_not_written(model: Path, rows: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    split_tokens(rows, loaded(model), folder)
    before = files(folder)
    again = split_tokens(rows, loaded(model), folder)
    assert files(folder) == before
    assert_as_encoded(again, rows, loaded(model))


def other_rows(model: Path, rows: Path) -> LoadedModel:
    write_rows(rows, [*EXAMPLES[:1], example(1, "Which instrument leads?", "Gong memimpin.")])
    return loaded(model)


def other_template(model: Path, rows: Path) -> LoadedModel:
    (model.parent / "own.jinja").write_text(TEMPLATE, encoding="utf-8")
    return loaded(model, chat_template="own.jinja")


def other_tokenizer(model: Path, rows: Path) -> LoadedModel:
    smaller = tiny_model("llama", rows.parent / "smaller", vocab_size=290)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        there = (model / name).read_bytes()
        assert ((smaller / name).read_bytes() == there) is (name == "tokenizer_config.json")
    return loaded(smaller)


def other_context(model: Path, rows: Path) -> LoadedModel:
    return loaded(model, context=CONTEXT - 1)


@pytest.mark.parametrize("change", [other_rows, other_template, other_tokenizer, other_context])
def test_whatever_decides_the_tokens_decides_the_file(
    model: Path, rows: Path, tmp_path: Path, change: Callable[[Path, Path], LoadedModel]
) -> None:
    folder = tmp_path / "tokens"
    split_tokens(rows, loaded(model), folder)
    before = files(folder)
    changed = change(model, rows)
    found = split_tokens(rows, changed, folder)
    assert_as_encoded(found, rows, changed)
    # What was there stays for who asks for it, but for rows that are gone.
    assert len(files(folder)) == len(before) * (1 if change is other_rows else 2)
    kept = {name: content for name, content in files(folder).items() if name in before}
    assert kept == ({} if change is other_rows else before)


def test_a_split_of_another_name_does_not_take_its_place(
    model: Path, rows: Path, tmp_path: Path
) -> None:
    validation = write_rows(tmp_path / "validation.parquet", EXAMPLES)
    for split in (rows, validation):
        assert_as_encoded(split_tokens(split, loaded(model), tmp_path / "t"), split, loaded(model))
    assert {name.split("-")[0] for name in files(tmp_path / "t")} == {"train", "validation"}


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def one_bit_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage",
    [cut_in_half, emptied, one_bit_flipped],
)
@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_a_damaged_file_is_never_trained_on(
    model: Path, rows: Path, tmp_path: Path, suffix: str, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "tokens"
    split_tokens(rows, loaded(model), folder)
    (file,) = (path for path in folder.iterdir() if path.suffix == suffix)
    damage(file)
    try:
        found = split_tokens(rows, loaded(model), folder)
    except LarasError:
        return  # refused is as good as rebuilt
    assert_as_encoded(found, rows, loaded(model))


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_a_missing_file_is_made_again(model: Path, rows: Path, tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "tokens"
    split_tokens(rows, loaded(model), folder)
    (file,) = (path for path in folder.iterdir() if path.suffix == suffix)
    file.unlink()
    assert_as_encoded(split_tokens(rows, loaded(model), folder), rows, loaded(model))
    assert file.exists()


@pytest.mark.parametrize("damage", [cut_in_half, emptied, Path.unlink])
def test_damaged_rows_are_named(
    model: Path, rows: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(rows)
    with pytest.raises(StorageFailed) as raised:
        split_tokens(rows, loaded(model), tmp_path / "tokens")
    assert (raised.value.identifier, raised.value.where) == ("runs.damaged", str(rows))


def test_tokens_of_rows_that_are_gone_are_removed(model: Path, rows: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    split_tokens(rows, loaded(model), folder)
    split_tokens(rows, other_template(model, rows), folder)
    assert len(list(folder.glob("*.arrow"))) == 2  # two models of a run on the same rows
    found = split_tokens(rows, other_rows(model, rows), folder)
    (tokens,) = folder.glob("*.arrow")
    assert len(list(folder.iterdir())) == 3
    assert len(found.tokens) > 0
    assert tokens.with_suffix(".json").exists()
