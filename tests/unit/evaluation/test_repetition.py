"""Which answers are caught in a loop."""

from __future__ import annotations

import random

import pytest

from laras.evaluation.repetition import LEAST_WORDS, TIMES, has_loop, repetitions
from laras.evaluation.words import UnicodeWords

LOOPS = [
    "I don't know. " * 5,
    "Halo! Ada yang bisa dibantu? " + "Silakan tunggu sebentar. " * 6,
    "so " * 12,
    "The answer is that the answer is that the answer is that the answer is that",
    "我不知道。" * 4,
    "ไม่รู้" * 5,
    "لا أعرف " * 8,
    "one two three four five " * 2 + "one two three four five",
]
NO_LOOPS = [
    "",
    "ha ha ha",
    "so " * 11,
    "Anak-anak bermain, anak-anak bermain.",
    "one two three four five " * 2 + "one two three four",
    "1. Open the box. 2. Open the lid. 3. Open the bag. 4. Open the tin.",
    "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily.",
    "哈哈哈",
]


def plainly(words: list[str]) -> bool:
    """The definition, without any cleverness."""
    for start in range(len(words)):
        for length in range(LEAST_WORDS, len(words) - start + 1):
            stretch = words[start : start + length]
            for period in range(1, length // TIMES + 1):
                if all(stretch[at] == stretch[at - period] for at in range(period, length)):
                    return True
    return False


@pytest.mark.parametrize("text", LOOPS)
def test_the_same_words_over_and_over_are_a_loop(text: str) -> None:
    assert has_loop(UnicodeWords().tokenize(text))


@pytest.mark.parametrize("text", NO_LOOPS)
def test_a_little_repetition_is_none(text: str) -> None:
    assert not has_loop(UnicodeWords().tokenize(text))


def test_random_words_agree_with_the_definition() -> None:
    chance = random.Random(2)
    found = []
    for _ in range(300):
        unit = chance.choices("abc", k=chance.randint(1, 6))
        words = chance.choices("abcd", k=chance.randint(0, 8)) + unit * chance.randint(0, 5)
        words = words[: chance.randint(0, 34)] + chance.choices("abcd", k=chance.randint(0, 4))
        found.append(has_loop(words))
        assert found[-1] is plainly(words), words
    assert 20 < sum(found) < 280


def test_a_reference_that_repeats_itself_takes_its_row_out() -> None:
    song, talk = "la la la " * 5, "It is at nine."
    assert repetitions([song, talk, song, ""], [talk, talk, song, talk]) == [1.0, 0.0, None, 0.0]
