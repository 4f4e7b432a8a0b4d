"""The general texts and questions are what they are said to be."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from laras.checks.abilities import LANGUAGES, general_lines, items
from laras.preparation.language import language_of

WRITTEN = {
    "en": [
        "7", "Yes.", "HELLO", "the red door", "apple, pear, fig", "small", "1 2 3 4 5",
        '{"city": "Paris"}', "The capital of France is Paris.", "7", "Good morning to you!",
        "Will it rain today?",
    ],
    "id": [
        "7", "Ya.", "HALO", "pintu merah itu", "apel, jeruk, nanas", "kecil", "1, 2, 3, 4, 5",
        '{"kota": "Medan"}', "Merah dan putih.", "7", "Selamat pagi, Ibu!",
        "Apakah hari ini hujan?",
    ],
}  # fmt: skip


def test_there_is_as_much_as_is_said_in_each_language() -> None:
    lines = Counter(language for language, _kind, _line in general_lines())
    kinds = Counter((language, kind) for language, kind, _line in general_lines())
    assert all(lines[language] >= 150 for language in LANGUAGES)
    assert len(kinds) == 8
    assert min(kinds.values()) >= 40
    for language in LANGUAGES:
        of = [item for item in items() if item.language == language]
        assert sum(bool(item.choices) for item in of) >= 60
        assert {"arithmetic", "facts", "instruction", "format"} == {item.ability for item in of}


def test_names_are_given_once_and_no_line_twice() -> None:
    names = [item.name for item in items()]
    names += [line.example_id for _language, _kind, line in general_lines()]
    texts = [line.messages[0].content for _language, _kind, line in general_lines()]
    assert len(set(names)) == len(names)
    assert len(set(texts)) == len(texts)


def test_every_choice_has_one_right_answer_and_three_wrong_ones_of_like_length() -> None:
    for item in items():
        if item.choices:
            assert len(set(item.choices)) == 4, item
            assert max(map(len, item.choices)) - min(map(len, item.choices)) <= 10, item
        assert bool(item.choices) != bool(item.matches)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_right_written_answer_has_the_form_and_others_have_not(language: str) -> None:
    written = [item for item in items() if item.language == language and item.matches]
    assert len(written) == len(WRITTEN[language])
    for item, right in zip(written, WRITTEN[language], strict=True):
        assert item.matches is not None
        assert re.fullmatch(item.matches, right), item
        for wrong in (
            "",
            "...",
            "I am not sure what you mean by that\nbut I will see, please wait",
        ):
            assert not re.fullmatch(item.matches, wrong), item


def test_lines_are_in_their_language() -> None:
    wrong = [
        line.messages[0].content
        for language, _kind, line in general_lines()
        if language_of(line.messages[0].content) != language
    ]
    assert len(wrong) <= 0.05 * len(general_lines()), wrong
