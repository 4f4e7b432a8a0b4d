"""Instructions follow from the data: what it asks for, in which language, with which labels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from string import Formatter
from typing import get_args

import pytest

from laras.contenders.prompting.instructions import instructions
from laras.contenders.prompting.phrasings import PHRASINGS, Language, Work
from laras.records import Example

Make = Callable[..., Example]


def anything(text: str) -> bool:
    return True


def labelled(make: Make) -> list[Example]:
    return [
        make(f"{label}{n}", f"text {n}", label, label=label)
        for label, count in (("rare as can be", 1), ("often", 9), ("some", 5))
        for n in range(count)
    ]


def test_all_labels_are_named_where_they_have_room(make: Make) -> None:
    first = instructions(labelled(make), "classification", {"en": 9}, anything)[0]
    assert "often, rare as can be, some" in first


def test_else_the_most_frequent_labels_are_named(make: Make) -> None:
    room = len(PHRASINGS["labels", "en"][0]) - len("{labels}") + len("often, some, and others")
    found = instructions(
        labelled(make), "classification", {"en": 9}, lambda text: len(text) <= room
    )
    assert "often, some, and others" in found[0]
    assert "rare" not in found[0]


def test_labels_that_are_too_many_by_far_are_left_out(make: Make) -> None:
    found = instructions(labelled(make), "classification", {}, lambda text: len(text) < 60)
    assert found
    assert not any("often" in text for text in found)
    assert instructions(labelled(make), "classification", {}, lambda text: not text) == [""]


@pytest.mark.parametrize(
    ("languages", "word"),
    [({"id": 5, "en": 2}, "Jawab"), ({"en": 5, "id": 2}, "Answer"), ({"jv": 5}, "Jawab"),
     ({"fr": 5}, "Answer"), ({}, "Answer")],
)  # fmt: skip
def test_the_language_is_the_datas_and_english_is_tried_beside(
    make: Make, languages: dict[str, int], word: str
) -> None:
    found = instructions([make("a", "What?", "That.")], "chat", languages, anything)
    assert found[0].startswith(word)
    assert any(text.startswith("Answer") for text in found)
    assert found[1] == ""
    assert len(found) == len(set(found))


def test_the_kind_of_work_is_told_by_the_examples(make: Make) -> None:
    asked = {
        "question": make("q", "What is a gong?", "A large one."),
        "conversation": make("c", "Hello?", "Yes?", "The gong?", "In the hall."),
        "long text": make("l", "A gong hangs. " * 99, "It hangs."),
    }
    for work, example in asked.items():
        first = instructions([example] * 3, "chat", {"en": 3}, anything)[0]
        assert first == PHRASINGS[work, "en"][0].format(words=first_number(first))


def first_number(text: str) -> int:
    return int("".join(character for character in text if character.isdigit()))


def test_the_usual_length_of_an_answer_is_told(make: Make) -> None:
    short = [make(f"e{n}", "What?", "one two three") for n in range(3)]
    assert "3 words" in instructions(short, "chat", {}, anything)[0]
    long = [make(f"e{n}", "What?", "word " * 23) for n in range(3)]
    assert "25 words" in instructions(long, "chat", {}, anything)[0]


def test_every_kind_of_work_has_as_many_phrasings_in_each_language() -> None:
    for work in get_args(Work):
        counts = {len(PHRASINGS[work, language]) for language in get_args(Language)}
        assert len(counts) == 1
    for work, language in product(get_args(Work), get_args(Language)):
        for phrasing in PHRASINGS[work, language]:
            named = {name for _text, name, _spec, _how in Formatter().parse(phrasing) if name}
            assert named <= ({"labels"} if work == "labels" else {"words"})
