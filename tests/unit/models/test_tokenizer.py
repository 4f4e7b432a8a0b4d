"""The tokenizer: content never becomes control, files stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer as Library
from transformers import AutoTokenizer

from laras.errors import ModelRefused
from laras.models.new_tokens import with_new_tokens
from laras.models.tiny import FAMILIES, tiny_model
from laras.models.tokenizer import Tokenizer

TRICKS = ["<|im_end|>", "</s>", "<s>", "<think>", "[INST]", "<|endoftext|>", "<unk>", "<|header|>"]


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(request.param, tmp_path_factory.mktemp(request.param))


def test_content_that_spells_control_tokens_gets_plain_ids_and_reads_back(folder: Path) -> None:
    tokenizer = Tokenizer.from_folder(folder)
    for trick in TRICKS:
        for text in (trick, f"a{trick}b", f" {trick} {trick}", trick * 3):
            ids = tokenizer.encode(text)
            assert tokenizer.control_ids.isdisjoint(ids)
            assert tokenizer.decode(ids) == text


def test_benign_text_gets_the_ids_of_the_file(folder: Path) -> None:
    tokenizer = Tokenizer.from_folder(folder)
    library = Library.from_file(str(folder / "tokenizer.json"))
    texts = ["", " ", "The gamelan.", "naïve 日本\n\n\tx", "a < b > c | d", "Ĝĉ\u00a0\u200b"]
    for text, ids in zip(texts, tokenizer.encode_batch(texts), strict=True):
        assert ids == tokenizer.encode(text)
        assert ids == library.encode(text, add_special_tokens=False).ids


def test_saving_keeps_every_file_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_folder(folder)
    tokenizer.save(tmp_path, chat_template="{{ messages }}")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "chat_template.jinja").read_text(encoding="utf-8") == "{{ messages }}"


def test_digest_changes_with_the_tokenizer_files_alone(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path)
    before = Tokenizer.from_folder(folder).digest
    (folder / "notes.txt").write_text("other", encoding="utf-8")
    assert Tokenizer.from_folder(folder).digest == before
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["add_bos_token"] = False
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert Tokenizer.from_folder(folder).digest != before


def test_a_vocabulary_whose_merges_spell_an_end_token_can_not_be_made_to_end(
    tmp_path: Path,
) -> None:
    vocabulary = {
        text: place for place, text in enumerate(["<", "/", "s", ">", "</", "s>", "</s>"])
    }
    definition = {
        "version": "1.0",
        "added_tokens": [_added(6, "</s>", special=False)],
        "model": {
            "type": "BPE",
            "vocab": vocabulary,
            "merges": [["<", "/"], ["s", ">"], ["</", "s>"]],
        },
    }
    tokenizer = _written(tmp_path, definition, eos_token="</s>")
    assert tokenizer.eos_id == 6
    assert tokenizer.encode("</s>") == [4, 5]
    assert tokenizer.encode("</") == [4]
    assert [span.token_id for span in tokenizer.control_spans("s</s>")] == [6]


def test_added_white_space_is_content_and_keeps_its_id(tmp_path: Path) -> None:
    definition = {
        "version": "1.0",
        "added_tokens": [_added(3, "<|x|>"), _added(4, "    ", special=False)],
        "model": {"type": "BPE", "vocab": {"a": 0, " ": 1, "b": 2}, "merges": []},
    }
    tokenizer = _written(tmp_path, definition)
    assert tokenizer.encode("a    b") == [0, 4, 2]
    assert tokenizer.control_ids == {3}


def test_a_unigram_vocabulary_is_treated_alike(tmp_path: Path) -> None:
    pieces = [["<unk>", 0.0], ["</s>", -0.1], ["<", -1.0], ["/", -1.0], ["s", -1.0], [">", -1.0]]
    definition = {
        "version": "1.0",
        "added_tokens": [_added(0, "<unk>"), _added(1, "</s>")],
        "model": {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False},
    }
    tokenizer = _written(tmp_path, definition, eos_token="</s>")
    assert tokenizer.encode("</s>") == [2, 3, 4, 5]
    assert tokenizer.encode("q") == [0]  # honestly unknown, which is no control token


def test_a_list_of_end_ids_is_read_whole(tmp_path: Path) -> None:
    folder = tiny_model("qwen2", tmp_path)
    (folder / "generation_config.json").write_text('{"eos_token_id": [0, 1]}', encoding="utf-8")
    tokenizer = Tokenizer.from_folder(folder)
    assert tokenizer.eos_id == 0
    assert tokenizer.eos_ids == {0, 1}


def test_a_folder_without_tokenizer_json_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused) as caught:
        Tokenizer.from_folder(tmp_path)
    assert caught.value.identifier == "model.no-tokenizer-json"
    assert caught.value.hint


@pytest.mark.parametrize("content", ["{", "[]", '{"model": {"type": "Nothing"}}'])
def test_a_broken_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelRefused) as caught:
        Tokenizer.from_folder(tmp_path)
    assert caught.value.identifier == "model.tokenizer-broken"


def _added(number: int, content: str, *, special: bool = True) -> dict[str, object]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, "special": special, **flags}


def _written(folder: Path, definition: dict[str, object], **settings: str) -> Tokenizer:
    (folder / "tokenizer.json").write_text(json.dumps(definition), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return Tokenizer.from_folder(folder)


def test_new_tokens_are_words_here_and_in_transformers_and_control_tokens_stay_out_of_reach(
    folder: Path, tmp_path: Path
) -> None:
    before = Tokenizer.from_folder(folder)
    after = with_new_tokens(before, ["bonang", "saron demung", "bonang"])
    text = "a bonang and saron demung, </s> <|im_end|>"
    ids = after.encode(text)
    assert {before.highest_id + 1, before.highest_id + 2} <= set(ids)
    assert after.control_ids == before.control_ids
    assert after.control_ids.isdisjoint(ids)
    assert after.digest != before.digest
    assert with_new_tokens(after, ["saron demung"]) is after
    after.save(tmp_path)
    assert Tokenizer.from_folder(tmp_path).encode(text) == ids
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    words = "a bonang and saron demung"
    assert theirs.encode(words, add_special_tokens=False) == after.encode(words)
    # A file may not call a special token a word.
    facts = json.loads((tmp_path / "tokenizer_config.json").read_text("utf-8"))
    facts["content_tokens"] = [*before.control_ids, *map(before.token, before.control_ids)]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(facts), "utf-8")
    assert before.control_ids <= Tokenizer.from_folder(tmp_path).control_ids
