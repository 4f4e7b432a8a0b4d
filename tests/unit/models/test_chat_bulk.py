"""Conversations encoded by the outline of their roles: compared, and given up where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from laras.batches import tokens
from laras.batches.encode import encode_example
from laras.batches.encode_many import encode_examples
from laras.batches.tokens import split_tokens
from laras.models import bulk as bulk_module
from laras.models.bulk import Bulk, BulkDiffersError, Ids
from laras.models.chat_bulk import OutlineDiffersError
from laras.models.load import LoadedModel, load_model
from laras.models.opaque import Frame, Frames
from laras.models.rendering import Renderer
from laras.models.template import DEFAULT_DATE, ChatTemplate
from laras.models.tiny import tiny_model
from laras.models.tokenizer import Tokenizer
from laras.recipe.schema import ModelSection
from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table

CONTEXT = 256
SECRET = "rahasia"
CHATML = (
    "{%- for m in messages -%}"
    "{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
# What it writes between two messages depends on what the first says.
ASKING = CHATML.replace(
    "{{- '<|im_start|>'",
    f"{{%- if '{SECRET}' in m.content -%}}[!]{{%- endif -%}}{{{{- '<|im_start|>'",
)


def dialogue(*contents: str) -> list[Message]:
    return [
        Message(("user", "assistant")[place % 2], content, place % 2 == 1)
        for place, content in enumerate(contents)
    ]


def dialogues(count: int, secrets: Sequence[int] = ()) -> list[list[Message]]:
    """One exchange each; the question of those at the places ``secrets`` tells the secret."""
    return [
        dialogue(SECRET if number in secrets else f"apa {number}?", f"Ini {number}, itu.")
        for number in range(count)
    ]


def examples_of(conversations: Sequence[Sequence[Message]]) -> list[Example]:
    return [Example(f"c{n}", "chat", tuple(each), "g") for n, each in enumerate(conversations)]


def only_believed(renderer: Renderer, roles: Sequence[str]) -> Frame | None:
    """A frame as for CHATML, whatever the template asks: a hole in what should find that out."""
    return Frames(CHATML, DEFAULT_DATE).frame(roles, renderer._variables(prompt=False))


@pytest.fixture(scope="module")
def chatml(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer.from_folder(tiny_model("qwen2", tmp_path_factory.mktemp("chatml")))


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    (tmp_path / "asking.jinja").write_text(ASKING, encoding="utf-8")
    folder = tiny_model("qwen2", tmp_path / "qwen2")
    section = ModelSection(base=str(folder), context=CONTEXT, chat_template="asking.jinja")
    return load_model(section, tmp_path)


def assert_as_one_by_one(
    template: ChatTemplate, conversations: Sequence[Sequence[Message]], bulk: Bulk
) -> int:
    """How many of ``conversations`` were encoded by their outline; all of these are right."""
    found = template.encode_bulk(conversations, bulk)
    for messages, arrays in zip(conversations, found, strict=True):
        if arrays is not None:
            chat = template.encode(messages)
            assert arrays.input_ids.tolist() == chat.input_ids
            assert arrays.trained.tolist() == chat.trained
            assert arrays.text_bytes == chat.text_bytes
    return sum(arrays is not None for arrays in found)


def test_a_template_that_passes_contents_on_is_encoded_by_outlines(chatml: Tokenizer) -> None:
    conversations = [
        *dialogues(300),
        dialogue("\u00e9\u0301 <|im_end|>", "<|im_start|>user", "lagi?", "  Ya,\n\nbegitu.  "),
        [Message("system", "Singkat.", False), *dialogue("apa?", "\U0001f600\u200d")],
    ]
    bulk = chatml.slow_bulk()
    assert assert_as_one_by_one(ChatTemplate(CHATML, chatml), conversations, bulk) == 302


def test_a_template_that_asks_what_is_said_is_not(chatml: Tokenizer) -> None:
    template = ChatTemplate(ASKING, chatml)
    assert assert_as_one_by_one(template, dialogues(300, secrets=[7]), chatml.slow_bulk()) == 0


@pytest.mark.parametrize("place", [0, 256], ids=["the first of its outline", "one that is watched"])
def test_an_outline_that_is_wrong_is_found_out_and_no_more_used(
    chatml: Tokenizer, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(Renderer, "frame", only_believed)
    template = ChatTemplate(ASKING, chatml)
    bulk = chatml.slow_bulk()
    conversations = dialogues(300, secrets=[place])
    with pytest.raises(OutlineDiffersError):
        template.encode_bulk(conversations, bulk)
    assert assert_as_one_by_one(template, conversations, bulk) == 0


def test_a_split_with_a_wrong_outline_gets_the_ids_and_masks_of_the_plain_way(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = examples_of(dialogues(400, secrets=[256, 300]))
    split = tmp_path / "train.parquet"
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), split)
    monkeypatch.setattr(tokens, "LEAST_CHARACTERS", 0)  # the fast library is asked, too
    monkeypatch.setattr(Renderer, "frame", only_believed)
    found = split_tokens(split, model, tmp_path / "tokens")
    # The library is not to blame, and stays.
    assert found.encoder["name"] == model.tokenizer.bulk([]).name
    assert found.encoder["reason"].endswith("conversations differ by their outlines")
    assert found.rejections == []
    monkeypatch.undo()
    plain = ChatTemplate(model.template.text, model.tokenizer)
    for one, example in zip(found.tokens, examples, strict=True):
        ((wanted,), _rejections) = encode_example(example, model.tokenizer, plain, CONTEXT)
        assert one.input_ids.tolist() == wanted.input_ids.tolist()
        assert one.trained.tolist() == wanted.trained.tolist()


def test_a_template_that_rewrites_only_some_contents_is_found_out_too(
    chatml: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain way refuses such a conversation; the outline would have encoded it."""
    monkeypatch.setattr(Renderer, "frame", only_believed)
    rewriting = CHATML.replace("m.content", f"m.content | replace('{SECRET}', '***')")
    template = ChatTemplate(rewriting, chatml)
    with pytest.raises(OutlineDiffersError):
        template.encode_bulk(dialogues(3, secrets=[0]), chatml.slow_bulk())


# Through the fast library.


def off_by_one(fast: object, texts: Sequence[str]) -> list[Ids]:
    return [ids + 1 for ids in by_gigatoken(fast, texts)]


by_gigatoken = bulk_module._by_gigatoken


def test_chats_by_the_fast_library_are_those_one_by_one(chatml: Tokenizer) -> None:
    bulk = chatml.bulk(["apa itu"])
    assert bulk.name == "gigatoken"
    assert assert_as_one_by_one(ChatTemplate(CHATML, chatml), dialogues(300), bulk) == 300


def test_a_fast_library_that_errs_in_chats_costs_the_library_and_not_the_outlines(
    chatml: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = chatml.bulk(["apa itu"])
    template = ChatTemplate(CHATML, chatml)
    with monkeypatch.context() as wrong:
        wrong.setattr(bulk_module, "_by_gigatoken", off_by_one)
        with pytest.raises(BulkDiffersError) as raised:
            template.encode_bulk(dialogues(10), bulk)
    assert not isinstance(raised.value, OutlineDiffersError)
    assert assert_as_one_by_one(template, dialogues(10), chatml.slow_bulk()) == 10


@pytest.mark.material
@pytest.mark.parametrize("name", ["gpt2", "qwen2.5", "phi-2", "phi-3-mini", "falcon"])
def test_chats_of_real_tokenizers_are_those_one_by_one(name: str, material: Path) -> None:
    folder = material / "tokenizers" / name
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    text = (material / "pretrain/iden_tatoeba_pairs.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip()][:1200]
    conversations = [
        dialogue(*lines[first : first + size])
        for size in (2, 4)
        for first in range(0, len(lines) - size, size)
    ]
    bulk = tokenizer.bulk(lines[:50])
    taken = assert_as_one_by_one(template, conversations, bulk)
    # Where a text's ids do not tell its bytes, no outline can be relied on.
    assert taken == (len(conversations) if tokenizer.spells_bytes else 0)
    assert tokenizer.spells_bytes == (name in ("gpt2", "qwen2.5", "phi-2"))


@pytest.mark.material
def test_a_wrong_outline_is_found_out_with_a_real_tokenizer(
    material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = Tokenizer.from_folder(material / "tokenizers/qwen2.5")
    monkeypatch.setattr(Renderer, "frame", only_believed)
    template = ChatTemplate(ASKING, tokenizer)
    bulk = tokenizer.bulk(["apa itu"])
    examples = examples_of(dialogues(300, secrets=[256]))
    with pytest.raises(OutlineDiffersError):
        list(encode_examples(examples, tokenizer, template, CONTEXT, bulk))
    for example, (windows, _none) in zip(
        examples, encode_examples(examples, tokenizer, template, CONTEXT, bulk), strict=True
    ):
        ((wanted,), _rejections) = encode_example(example, tokenizer, template, CONTEXT)
        assert np.array_equal(windows[0].input_ids, wanted.input_ids)
        assert np.array_equal(windows[0].trained, wanted.trained)
