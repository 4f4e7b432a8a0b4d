"""Ids against llama.cpp's hard strings, and chats against the whole string's ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer as Library

from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer
from laras.records import Message

pytestmark = pytest.mark.material
GOLD = {"gpt2": "gpt-2", "qwen2.5": "qwen2", "phi-3-mini": "phi-3", "falcon": "falcon"}
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content "
    "+ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
FOLDERS = [f"tokenizers/{name}" for name in (*GOLD, "phi-2")] + ["models/stories260K"]


def hard_strings(material: Path, name: str = "gpt-2") -> list[str]:
    content = (material / f"tokenizers/_gold/ggml-vocab-{name}.gguf.inp").read_bytes().decode()
    return content.split("\n__ggml_vocab_test__\n")


@pytest.mark.parametrize("family", GOLD)
def test_ids_of_the_hard_strings_are_the_published_ones(material: Path, family: str) -> None:
    tokenizer = Tokenizer.from_folder(material / "tokenizers" / family)
    strings = hard_strings(material, GOLD[family])
    path = material / f"tokenizers/_gold/ggml-vocab-{GOLD[family]}.gguf.out"
    expected = [
        [int(number) for number in line.split()]
        for line in path.read_text(encoding="utf-8").split("\n")
    ]
    assert len(strings) == 47
    assert tokenizer.encode_batch(strings) == expected[: len(strings)]


@pytest.mark.parametrize("name", FOLDERS)
def test_chats_get_the_ids_of_the_rendered_string_and_prompts_begin_them(
    material: Path, name: str
) -> None:
    folder = material / name
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    if name.endswith("qwen2.5"):
        template = ChatTemplate(CHATML, tokenizer)
    library = Library.from_file(str(folder / "tokenizer.json"))
    strings = hard_strings(material)
    for string in strings:
        messages = [
            Message("user", string, False),
            Message("assistant", "It is, dear.", True),
            Message("user", f"Why {string}?", False),
            Message("assistant", f"So: {string}", True),
        ]
        chat = template.encode(messages)
        text = template._renderer.plain(messages, prompt=False)
        assert chat.input_ids == library.encode(text, add_special_tokens=False).ids
        for length in (1, 3):
            prompt = template.encode_prompt(messages[:length])
            assert chat.input_ids[: len(prompt)] == prompt
            assert not any(chat.trained[: len(prompt)][-3:])
        if tokenizer.bos_id not in {None, *tokenizer.eos_ids}:
            assert chat.input_ids.count(tokenizer.bos_id) == int(tokenizer.adds_bos)


@pytest.mark.parametrize("name", FOLDERS)
def test_answers_in_hard_strings_are_trained_whole_and_prompts_still_begin_them(
    material: Path, name: str
) -> None:
    folder = material / name
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    for string in hard_strings(material):
        messages = [Message("user", "q", False), Message("assistant", string, True)]
        chat = template.encode(messages)
        prompt = template.encode_prompt(messages[:1])
        assert chat.input_ids[: len(prompt)] == prompt
        trained = [n for n, flag in zip(chat.input_ids, chat.trained, strict=True) if flag]
        assert template.answer(trained).strip() == string.strip()
        assert any(number in template.stop_ids for number in trained)
