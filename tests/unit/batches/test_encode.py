"""Examples to tokens: nothing lost in silence, the answer always whole."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from laras.batches.encode import encode_example, prompt_ids
from laras.errors import DataRefused, ModelRefused
from laras.models.template import ChatTemplate
from laras.models.tiny import tiny_model
from laras.models.tokenizer import Tokenizer
from laras.records import Example, Message, Span, Task


@pytest.fixture(scope="module", params=["llama", "qwen2", "gpt2", "mistral"])
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ChatTemplate:
    folder = tiny_model(request.param, tmp_path_factory.mktemp(request.param))
    return ChatTemplate.from_folder(folder, Tokenizer.from_folder(folder))


def example(task: Task, *messages: Message) -> Example:
    spans = (Span("r", "chat.json", 0, 1, "line 3"),)
    return Example("e1", task, messages, "g", spans, weight=2.0)


def text(content: str) -> Example:
    return example("text", Message("text", content, True))


def chat(*contents: str) -> Example:
    roles = ("user", "assistant")
    turns = [Message(roles[i % 2], content, i % 2 == 1) for i, content in enumerate(contents)]
    return example("chat", *turns)


@pytest.mark.parametrize("context", [16, 17, 50, 1000])
@pytest.mark.parametrize("content", ["Gamelan. " * 40, "日本語とĝamelan! " * 20, "x"])
def test_windows_train_each_token_of_a_text_once(
    template: ChatTemplate, content: str, context: int
) -> None:
    tokenizer = template._tokenizer
    windows, rejections = encode_example(text(content), tokenizer, template, context)
    assert not rejections
    assert all(2 <= len(window) <= context for window in windows)
    assert not any(window.trained[0] for window in windows)
    learnt = np.concatenate([window.input_ids[window.trained] for window in windows]).tolist()
    assert learnt == [*tokenizer.encode(content), tokenizer.eos_id]
    assert sum(window.text_bytes for window in windows) == len(content.encode())
    for before, after in pairwise(windows):
        assert before.input_ids[-1] == after.input_ids[0]
    assert {window.weight for window in windows} == {2.0}
    assert windows[0].input_ids.dtype == np.int32


def test_a_text_begins_with_the_beginning_token_or_else_with_the_end_token(
    template: ChatTemplate,
) -> None:
    tokenizer = template._tokenizer
    (window,), _none = encode_example(text("abc"), tokenizer, template, 100)
    begin = tokenizer.eos_id if tokenizer.bos_id is None else tokenizer.bos_id
    assert window.input_ids[0] == begin
    assert window.input_ids[1:-1].tolist() == tokenizer.encode("abc")


def test_a_chat_that_fits_is_what_the_template_makes(template: ChatTemplate) -> None:
    row = chat("Apa?", "Itu.", "Lalu?", "Ya.")
    (encoded,), rejections = encode_example(row, template._tokenizer, template, 200)
    expected = template.encode(row.messages)
    assert not rejections
    assert encoded.input_ids.tolist() == expected.input_ids
    assert encoded.trained.tolist() == expected.trained
    assert encoded.text_bytes == len("Itu.Ya.")


def test_a_long_chat_loses_its_oldest_exchanges_and_keeps_the_last_answer(
    template: ChatTemplate,
) -> None:
    contents = [f"turn {number} is here" for number in range(20)]
    row = chat(*contents)
    (encoded,), (cut,) = encode_example(row, template._tokenizer, template, 120)
    kept = template._tokenizer.decode(encoded.input_ids.tolist())
    assert len(encoded) <= 120
    assert "turn 19 is here" in kept
    assert "turn 0 " not in kept
    assert (cut.action, cut.rows, cut.reason) == ("cut", 0, "longer-than-context")
    assert (cut.stage, cut.path, cut.locator, cut.record_id) == (
        "encoding",
        "chat.json",
        "line 3",
        "e1",
    )
    first = next(n for n in range(20) if f"turn {n} " in kept)
    assert first % 2 == 0  # whole exchanges
    more, _rejections = encode_example(
        replace(row, messages=row.messages[first - 2 :]), template._tokenizer, template, 10_000
    )
    assert len(more[0]) > 120  # no more was dropped than had to be


def test_a_long_question_loses_its_beginning_and_keeps_answer_and_end(
    template: ChatTemplate,
) -> None:
    row = chat("long " * 300 + "what is it at the end of all of this?", "Short.")
    tokenizer = template._tokenizer
    (encoded,), (cut,) = encode_example(row, tokenizer, template, 100)
    kept = tokenizer.decode(encoded.input_ids.tolist())
    assert cut.action == "cut"
    assert len(encoded) <= 100
    assert "the end of all of this?" in kept
    learnt = encoded.input_ids[encoded.trained].tolist()
    assert template.answer(learnt) == "Short."
    assert learnt[-1] in template.stop_ids


def test_an_answer_that_does_not_fit_is_dropped_and_listed(template: ChatTemplate) -> None:
    row = chat("What?", "answer " * 300)
    encoded, (lost,) = encode_example(row, template._tokenizer, template, 100)
    assert encoded == []
    assert (lost.action, lost.rows, lost.reason) == ("dropped", 1, "longer-than-context")


def test_the_system_message_outlives_the_cut(tmp_path: Path) -> None:
    folder = tiny_model("qwen2", tmp_path)
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    turns = chat(*[f"turn {number}" for number in range(30)]).messages
    row = example("chat", Message("system", "Be brief.", False), *turns)
    (encoded,), _cut = encode_example(row, tokenizer, template, 90)
    kept = tokenizer.decode(encoded.input_ids.tolist())
    assert "Be brief." in kept
    assert "turn 0\n" not in kept


def test_rows_without_anything_to_learn_are_listed(template: ChatTemplate) -> None:
    silent = example("chat", Message("user", "a", False), Message("assistant", "b", False))
    for row in (silent, chat("only a question"), text("")):
        encoded, (lost,) = encode_example(row, template._tokenizer, template, 100)
        assert encoded == []
        assert lost.reason == "nothing-to-train"
        assert lost.rows == 1


def test_text_that_is_no_unicode_is_listed(template: ChatTemplate) -> None:
    for row in (text("a\ud800b"), chat("a\ud800b", "c")):
        encoded, (lost,) = encode_example(row, template._tokenizer, template, 100)
        assert encoded == []
        assert lost.reason == "not-unicode"


def test_a_conversation_that_the_template_refuses_is_listed(tmp_path: Path) -> None:
    folder = tiny_model("mistral", tmp_path)
    tokenizer = Tokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    row = example("chat", *chat("a", "b").messages, Message("tool", "c", False))
    encoded, (lost,) = encode_example(row, tokenizer, template, 100)
    assert encoded == []
    assert lost.reason == "template-refused"


def test_a_template_that_drops_a_role_stops_everything(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_folder(tiny_model("qwen2", tmp_path))
    template = ChatTemplate(
        "{% for m in messages if m.role != 'system' %}{{ m.content + '<|im_end|>' }}{% endfor %}",
        tokenizer,
    )
    row = example("chat", Message("system", "s", False), *chat("a", "b").messages)
    with pytest.raises(ModelRefused) as caught:
        encode_example(row, tokenizer, template, 100)
    assert caught.value.identifier == "model.template-drops-role"


def test_prompts_lead_to_the_last_answer_and_leave_room_for_it(template: ChatTemplate) -> None:
    tokenizer = template._tokenizer
    row = chat("Apa?", "Itu.", "Lalu?", "Ya.")
    (encoded,), _none = encode_example(row, tokenizer, template, 200)
    prompt = prompt_ids(row, tokenizer, template, 200, 50)
    assert encoded.input_ids[: len(prompt)].tolist() == prompt
    assert template.answer(encoded.input_ids[len(prompt) :].tolist()) == "Ya."
    long = chat("old", "older", "long " * 300 + "end?", "Ya.")
    cut = prompt_ids(long, tokenizer, template, 100, 40)
    assert 30 < len(cut) <= 60
    assert "end?" in tokenizer.decode(cut)
    with pytest.raises(DataRefused):
        prompt_ids(long, tokenizer, template, 50, 49)
    with pytest.raises(DataRefused):
        prompt_ids(chat("question"), tokenizer, template, 50, 10)
