"""A prompt is put around an example without changing what is judged of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from laras.batches.encode import encode_example, prompt_ids
from laras.contenders.prompting.asking import Asker, ContextOf, put_before
from laras.contenders.prompting.prompt import Prompt, Selection, prompt_from_json
from laras.contenders.prompting.system_role import with_system_role
from laras.models.load import LoadedModel, load_model
from laras.models.tiny import tiny_model
from laras.recipe.schema import ModelSection
from laras.records import Example, Message

Make = Callable[..., Example]


def asker(loaded: LoadedModel, **settings: object) -> Asker:
    return Asker(Prompt("few-shot", "chat", **settings), ContextOf(loaded))


def test_the_prompt_comes_before_and_nothing_of_it_is_trained(
    make: Make, loaded: LoadedModel
) -> None:
    shot = make("shot", "Which leads?", "Bonang.")
    question = make("asked", "Which ends?", "Gong.")
    asked = asker(loaded, instruction="Be brief.", shots=(shot,)).rewrite(question)
    assert [(each.role, each.content, each.trained) for each in asked.messages] == [
        ("system", "Be brief.", False),
        ("user", "Which leads?", False),
        ("assistant", "Bonang.", False),
        ("user", "Which ends?", False),
        ("assistant", "Gong.", True),
    ]
    assert replace(asked, messages=question.messages) == question


def test_the_same_tokens_are_judged_with_and_without_a_prompt(
    make: Make, loaded: LoadedModel
) -> None:
    shots = tuple(make(f"shot{n}", "Which leads? " * 2, "Bonang.") for n in range(3))
    talk = make("asked", "Hello?", "Yes.", "Which ends?", "Gong.", system="Rules.")

    def learnt(example: Example) -> list[int]:
        (window,), _left = encode_example(
            example, loaded.tokenizer, loaded.template, loaded.context
        )
        return window.input_ids[window.trained].tolist()

    rewritten = asker(loaded, instruction="Be brief.", shots=shots).rewrite(talk)
    assert learnt(rewritten) == learnt(talk)


def test_the_instruction_and_the_examples_own_system_message_become_one(
    make: Make, loaded: LoadedModel
) -> None:
    question = make("asked", "Which ends?", "Gong.", system="You are Sri.")
    asked = asker(loaded, instruction="Be brief.").rewrite(question)
    assert [each.content for each in asked.messages if each.role == "system"] == [
        "Be brief.\n\nYou are Sri."
    ]
    same = asker(loaded, instruction="You are Sri.").rewrite(question)
    assert same.messages == question.messages


def test_texts_and_other_kinds_of_examples_are_asked_as_they_are(
    make: Make, loaded: LoadedModel
) -> None:
    text = Example("text", "text", (Message("text", "A gong.", trained=True),), "g")
    label = make("label", "Where is it?", "place", label="place")
    ask = asker(loaded, instruction="Be brief.")
    assert ask.rewrite(text) is text
    assert ask.rewrite(label) is label


def test_no_example_is_shown_before_a_question_of_its_own_group(
    make: Make, loaded: LoadedModel
) -> None:
    shots = (make("a", "One?", "1", group="g"), make("b", "Two?", "2", group="h"))
    ask = asker(loaded, shots=shots)
    assert [each.example_id for each in ask.shots_for(make("x", "One?", "1", group="g"))] == ["b"]
    assert [each.example_id for each in ask.shots_for(make("b", "Two?", "2"))] == ["a"]


def test_shots_go_first_where_the_context_is_too_short(make: Make, loaded: LoadedModel) -> None:
    shots = tuple(make(f"shot{n}", "Which leads? " * 12, f"Bonang {n}.") for n in range(6))
    question = make("asked", "Which ends? " * 9, "Gong.")
    ask = asker(loaded, instruction="Be brief.", shots=shots)
    asked = ask.rewrite(question)
    said = [each.content for each in asked.messages]
    assert said[0] == "Be brief."
    assert 1 < len(said) < 2 * len(shots) + 3
    assert said[-3] == "Bonang 5."  # the last, which in retrieval is the most similar, stays
    assert said[-2:] == ["Which ends? " * 9, "Gong."]
    _windows, rejections = encode_example(asked, loaded.tokenizer, loaded.template, loaded.context)
    assert not rejections  # nothing had to be cut

    # What the answer needs is taken from the shots as well.
    prompt = prompt_ids(asked, loaded.tokenizer, loaded.template, loaded.context, reserve=80)
    assert loaded.tokenizer.decode(prompt).count("Which ends?") == 9
    assert "Be brief." in loaded.tokenizer.decode(prompt)


def test_a_question_that_leaves_no_room_for_the_instruction_is_asked_without_it(
    make: Make, loaded: LoadedModel
) -> None:
    fitting = make("asked", "Which ends? " * 19, "Gong.")
    room = ContextOf(loaded)
    long = "Say it in a few words. " * 9
    assert room.fits(fitting)
    assert not room.fits(put_before(fitting, long, ()))
    assert asker(loaded, instruction=long).rewrite(fitting) is fitting


def test_a_text_too_long_in_any_case_gets_the_instruction_and_keeps_its_answer(
    make: Make, loaded: LoadedModel
) -> None:
    endless = make("asked", "Which ends? " * 200, "Gong.")
    asked = asker(loaded, instruction="Be brief.", shots=(make("s", "a?", "b"),)).rewrite(endless)
    assert [each.role for each in asked.messages] == ["system", "user", "assistant"]


def test_own_answers_are_never_cut_for_the_prompts_sake(make: Make, loaded: LoadedModel) -> None:
    turns = [text for n in range(6) for text in (f"Which of them, {n}? " * 3, f"This, {n}.")]
    talk = make("talk", *turns)
    asked = asker(loaded, instruction="Say it in a few words. " * 5).rewrite(talk)
    room = ContextOf(loaded)
    assert room.learns_the_same(asked, talk)


@pytest.mark.parametrize("family", ["mistral", "qwen2"])
def test_every_template_gets_the_instruction(make: Make, tmp_path: Path, family: str) -> None:
    """Mistral's refuses system messages; there it stands in the first user message, also after
    the shots before it were cut."""
    folder = tiny_model(family, tmp_path / family)
    plain = load_model(ModelSection(base=str(folder)), tmp_path)
    loaded = with_system_role(plain)
    assert (loaded is plain) == (family == "qwen2")
    shots = tuple(make(f"shot{n}", "Which leads? " * 12, "Bonang.") for n in range(6))
    ask = Asker(Prompt("few-shot", "chat", "Be brief.", shots), ContextOf(loaded))
    asked = ask.rewrite(make("asked", "Which ends?", "Gong."))
    (window,), _left = encode_example(asked, loaded.tokenizer, loaded.template, loaded.context)
    text = loaded.tokenizer.decode(window.input_ids.tolist())
    assert text.count("Be brief.") == 1
    assert text.index("Be brief.") < text.index("Which")
    assert "Which ends?" in text
    for reserve in (0, 128):
        prompt = prompt_ids(asked, loaded.tokenizer, loaded.template, loaded.context, reserve)
        assert loaded.tokenizer.decode(prompt).count("Be brief.") == 1


def test_an_endpoint_has_room_for_everything(make: Make) -> None:
    shots = tuple(make(f"shot{n}", "Which leads? " * 99, "Bonang.") for n in range(6))
    ask = Asker(Prompt("few-shot", "chat", "Be brief.", shots), None)
    assert len(ask.rewrite(make("asked", "Which ends?", "Gong.")).messages) == 1 + 12 + 2


def test_a_prompt_survives_its_file(make: Make) -> None:
    shots = (make("a", "One?", "1", "And two?", "2", group="g"),)
    for prompt in (
        Prompt("few-shot", "chat", "Be brief.", tuple(untrained(shot) for shot in shots)),
        Prompt("search", "classification", retrieval=3),
    ):
        facts = prompt.as_json(Selection("macro_f1", 0.5, 12))
        assert prompt_from_json(facts) == prompt
        assert facts["selected_on"] == {"metric": "macro_f1", "value": 0.5, "rows": 12}


def untrained(shot: Example) -> Example:
    messages = tuple(Message(each.role, each.content, trained=False) for each in shot.messages)
    return replace(shot, messages=messages)
