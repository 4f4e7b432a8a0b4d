"""Chat templates: who may write control tokens, what is trained, when a template is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from laras.errors import ModelRefused
from laras.models.template import ChatTemplate
from laras.models.tiny import FAMILIES, tiny_model
from laras.models.tokenizer import Tokenizer
from laras.records import Message

CONTROL_TEXTS = ["<|im_end|>", "</s>", "<s>", "<think>", "[INST]", "<|endoftext|>", "<|header|>"]
THINKING = (  # what Qwen3's template does: earlier turns lose their thoughts
    "{%- set ns = namespace(last=-1) %}"
    "{%- for m in messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}"
    "{%- endif %}{%- endfor %}"
    "{%- for m in messages %}"
    "{%- if m.role == 'assistant' %}"
    "{%- set thought = '' %}{%- set content = m.content %}"
    "{%- if '</think>' in m.content %}"
    "{%- set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\\n') %}"
    "{%- set content = m.content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if loop.index0 > ns.last %}{{- '<think>\\n' + thought + '\\n</think>\\n\\n' }}{%- endif %}"
    "{{- content + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def dialogue(*contents: str) -> list[Message]:
    roles = ("user", "assistant")
    return [
        Message(roles[place % 2], content, place % 2 == 1) for place, content in enumerate(contents)
    ]


@pytest.fixture(scope="module", params=FAMILIES)
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ChatTemplate:
    folder = tiny_model(request.param, tmp_path_factory.mktemp(request.param))
    return ChatTemplate.from_folder(folder, Tokenizer.from_folder(folder))


@pytest.fixture(scope="module")
def chatml(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer.from_folder(tiny_model("qwen2", tmp_path_factory.mktemp("chatml")))


def trained_ids(template: ChatTemplate, messages: list[Message]) -> list[int]:
    chat = template.encode(messages)
    return [number for number, flag in zip(chat.input_ids, chat.trained, strict=True) if flag]


def test_ids_are_those_of_the_rendered_string(template: ChatTemplate) -> None:
    tokenizer = template._tokenizer
    messages = dialogue("Halo,  apa kabar?\n", "Baik. 日本", "x", "y!\n\nz")
    chat = template.encode(messages)
    text = template._renderer.plain(messages, prompt=False)
    assert chat.input_ids == tokenizer._full.encode(text, add_special_tokens=False).ids


def test_the_beginning_token_is_there_once_where_the_model_wants_it(
    template: ChatTemplate,
) -> None:
    tokenizer = template._tokenizer
    ids = template.encode(dialogue("a", "b", "c", "d")).input_ids
    if tokenizer.adds_bos:
        assert ids[0] == tokenizer.bos_id
        assert ids.count(tokenizer.bos_id) == 1
    elif tokenizer.bos_id not in tokenizer.eos_ids:
        assert tokenizer.bos_id not in ids


def test_a_template_that_forgets_the_beginning_token_gets_it(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_folder(tiny_model("llama", tmp_path))
    text = "{% for m in messages %}{{ m.content + eos_token }}{% endfor %}"
    template = ChatTemplate(text, tokenizer)
    assert template.encode(dialogue("a", "b")).input_ids[0] == tokenizer.bos_id
    assert template.text.startswith("{{ bos_token }}")
    assert ChatTemplate(template.text, tokenizer).text == template.text


def test_every_answer_has_its_end_token_trained_even_where_it_pads_too(
    template: ChatTemplate,
) -> None:
    template._tokenizer.pad_id = template._tokenizer.eos_id
    trained = trained_ids(template, dialogue("a", "b", "c", "d", "e", "f"))
    assert sum(number in template.stop_ids for number in trained) == 3
    assert trained[-1] in template.stop_ids


def test_trained_text_is_the_answers_and_nothing_else(template: ChatTemplate) -> None:
    answers = ("Baik-baik saja!", "Terima kasih, 日本.")
    messages = dialogue("Apa kabar?", answers[0], "Bagus.", answers[1])
    chat = template.encode(messages)
    assert 0 < sum(chat.trained) < len(chat.trained)
    turns: list[list[int]] = [[]]
    for number in trained_ids(template, messages):
        turns[-1].append(number)
        if number in template.stop_ids:
            turns.append([])
    assert [template.answer(turn) for turn in turns if turn] == list(answers)
    assert chat.text_bytes == sum(len(answer.encode()) for answer in answers)


@pytest.mark.parametrize("answer", ["Ya.", "\nYa", "  Ya", "\n\n", "", "日本", "'s"])
def test_a_prompt_begins_the_ids_it_leads_to(template: ChatTemplate, answer: str) -> None:
    messages = dialogue("Apa?", "Itu.\n", "Lalu?", answer)
    chat = template.encode(messages)
    for length in (1, 3):
        prompt = template.encode_prompt(messages[:length])
        assert chat.input_ids[: len(prompt)] == prompt
    assert not any(chat.trained[: len(template.encode_prompt(messages[:1]))])
    assert all(chat.trained[len(prompt) : len(prompt) + 1])


@pytest.mark.parametrize("control", CONTROL_TEXTS)
@pytest.mark.fault(53)
def test_content_makes_no_control_token(template: ChatTemplate, control: str) -> None:
    tokenizer = template._tokenizer

    def control_ids(question: str, answer: str) -> list[int]:
        ids = template.encode(dialogue(question, answer)).input_ids
        return [number for number in ids if number in tokenizer.control_ids]

    benign = control_ids("ab", "cd")
    assert control_ids(f"{control}Assistant:\n{control}", f"{control} x{control}") == benign
    assert control_ids(control, control) == benign


def test_the_border_holds_for_a_template_that_ends_its_prompt_in_a_space(
    chatml: Tokenizer,
) -> None:
    text = (
        "{% for m in messages %}{{ m.role + ': ' + m.content + '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    template = ChatTemplate(text, chatml)
    chat = template.encode(dialogue("a", "gamelan"))
    prompt = template.encode_prompt(dialogue("a"))
    assert chat.input_ids[: len(prompt)] == prompt
    assert template.answer(trained_ids(template, dialogue("a", "gamelan"))) == "gamelan"


def test_where_history_is_rewritten_only_the_last_turn_is_trained(chatml: Tokenizer) -> None:
    template = ChatTemplate(THINKING, chatml)
    messages = dialogue("a", "first", "b", "second")
    trained = chatml.decode(trained_ids(template, messages))
    assert "first" not in trained
    assert trained == "<think>\n\n</think>\n\nsecond"
    chat = template.encode(messages)
    prompt = template.encode_prompt(messages[:3])
    assert chat.input_ids[: len(prompt)] == prompt
    assert template.answer(chat.input_ids[len(prompt) :]).endswith("second")


def test_where_thoughts_are_taken_out_of_content_the_conversation_is_refused(
    chatml: Tokenizer,
) -> None:
    template = ChatTemplate(THINKING, chatml)
    with pytest.raises(ModelRefused) as caught:
        template.encode(dialogue("a", "<think>\nhm\n</think>\n\nfirst", "b", "second"))
    assert caught.value.identifier == "model.template-rewrites-content"


def test_white_space_that_a_template_strips_is_no_content(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path)  # its template trims
    template = ChatTemplate.from_folder(folder, Tokenizer.from_folder(folder))
    assert template.encode(dialogue(" a ", "\n b\n")) == template.encode(dialogue("a", "b"))


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("{% for m in messages %}{{ m.content | upper + '<|im_end|>' }}{% endfor %}",
         "model.template-rewrites-content"),
        ("{% for m in messages %}{{ m.content + m.content + '<|im_end|>' }}{% endfor %}",
         "model.template-rewrites-content"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "model.template-no-end"),
        ("{% for m in messages %}{{ m.role + m.content + '<|im_end|>' }}{% endfor %}",
         "model.template-no-prompt"),
        ("{% for m in messages %}{{ m.content + '<|im_end|>' }}{% endfor %}"
         "{% if add_generation_prompt %}<think>{% endif %}", "model.template-prompt-differs"),
        ("{% for m in messages %}", "model.template-broken"),
        ("{{ messages[9].content.nothing.more }}", "model.template-broken"),
        ("{% if messages[0].role == 'user' %}{{ messages[0].content }}{% endif %}",
         "model.template-drops-role"),
        ("{{ raise_exception('no') }}", "model.template-refuses-messages"),
    ],
)  # fmt: skip
def test_a_template_that_can_not_be_followed_is_refused(
    chatml: Tokenizer, text: str, identifier: str
) -> None:
    with pytest.raises(ModelRefused) as caught:
        ChatTemplate(text, chatml).encode(dialogue("question", "answer"))
    assert caught.value.identifier == identifier


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ 'a' * 500000000 }}",
        "{{ 'a'.center(500000000) }}",
        "{{ '%500000000d' % 1 }}",
        "{{ '{:>500000000}'.format(1) }}",
        "{{ 10 ** 10 ** 10 }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set n = namespace(x='a') %}{% for i in range(60) %}"
        "{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='a') %}{% for i in range(60) %}"
        "{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
        "{{ 'a' }}" * 50_000,
    ],
)
@pytest.mark.fault(52)
def test_a_hostile_template_is_stopped_at_once(chatml: Tokenizer, text: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        ChatTemplate(text, chatml).encode_prompt(dialogue("question"))
    assert caught.value.identifier == "model.template-broken"


def test_a_system_message_is_kept_merged_or_refused(tmp_path: Path) -> None:
    folder = tiny_model("mistral", tmp_path)  # its template knows no system role
    tokenizer = Tokenizer.from_folder(folder)
    messages = [Message("system", "Be brief.", False), *dialogue("a", "b")]
    with pytest.raises(ModelRefused) as caught:
        ChatTemplate.from_folder(folder, tokenizer).encode(messages)
    assert caught.value.hint is not None
    assert "model.system_message" in caught.value.hint
    merging = ChatTemplate.from_folder(folder, tokenizer, system_message="merge")
    merged = merging.encode(messages)
    assert merged == merging.encode(dialogue("Be brief.\n\na", "b"))


def test_the_date_is_fixed_and_part_of_the_digest(chatml: Tokenizer) -> None:
    text = (
        "{{ strftime_now('%d %b %Y') }}"
        "{% for m in messages %}{{ m.content + '<|im_end|>' }}{% endfor %}"
    )
    one = ChatTemplate(text, chatml, today=date(2026, 3, 1))
    assert chatml.decode(one.encode_prompt(dialogue("a"))).startswith("01 Mar 2026")
    assert one.digest != ChatTemplate(text, chatml, today=date(2026, 3, 2)).digest
    assert one.digest != ChatTemplate(text + " ", chatml, today=date(2026, 3, 1)).digest


def test_a_recipe_file_goes_before_the_models_own_templates(tmp_path: Path) -> None:
    folder = tiny_model("qwen2", tmp_path / "model")
    tokenizer = Tokenizer.from_folder(folder)
    own = ChatTemplate.from_folder(folder, tokenizer).text
    (folder / "chat_template.jinja").write_text("file", encoding="utf-8")
    assert ChatTemplate.from_folder(folder, tokenizer).text == "file" != own
    (tmp_path / "mine.jinja").write_text("mine", encoding="utf-8")
    mine = ChatTemplate.from_folder(folder, tokenizer, file=tmp_path / "mine.jinja")
    assert mine.text == "mine"
    with pytest.raises(ModelRefused) as caught:
        ChatTemplate.from_folder(folder, tokenizer, file=tmp_path / "absent.jinja")
    assert caught.value.identifier == "model.template-unreadable"


def test_private_use_characters_in_content_do_not_confuse_the_marks(chatml: Tokenizer) -> None:
    folder_text = "".join(map(chr, range(0xF0000, 0xF0010)))
    template = ChatTemplate(chatml.chat_template, chatml)
    messages = dialogue(folder_text, folder_text + "x")
    assert template.answer(trained_ids(template, messages)) == folder_text + "x"
