"""Token F1 beside SQuAD's own script, and in scripts that it can't read."""

from __future__ import annotations

import random
import re
import string
from collections import Counter

import pytest

from laras.evaluation.token_f1 import token_f1


def squad_f1(prediction: str, reference: str) -> float:
    """What evaluate-v1.1.py of SQuAD computes (Rajpurkar et al. 2016), written down again."""

    def words(text: str) -> list[str]:
        bare = "".join(sign for sign in text.lower() if sign not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", bare).split()

    said, wanted = words(prediction), words(reference)
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("The Denver Broncos!", "Denver Broncos", 1.0),
        ("Denver Broncos won Super Bowl 50", "Denver Broncos", 0.5),  # 2/6 and 2/2
        ("Santa Clara, California.", "a stadium in Santa Clara, California", 0.75),  # 3/3, 3/5
        ("gold gold gold", "gold anniversary", 0.4),  # a word counts as often as both have it
        ("1976", "1975", 0.0),
        ("", "anything", 0.0),
    ],
)
def test_answers_score_as_squad_scores_them(
    prediction: str, reference: str, expected: float
) -> None:
    assert token_f1([prediction], [reference]) == [pytest.approx(expected)]
    assert squad_f1(prediction, reference) == pytest.approx(expected)


def test_random_answers_score_as_squad_scores_them() -> None:
    chance = random.Random(5)
    words = ["the", "a", "an", "cat", "mat", "sat", "12", "Rumah", "di", "x!", "(y)", "Dan,"]

    def text() -> str:
        return " ".join(chance.choices(words, k=chance.randint(1, 8))) + " end"

    pairs = [(text(), text()) for _ in range(200)]
    found = token_f1([one for one, _ in pairs], [other for _, other in pairs])
    assert found == pytest.approx([squad_f1(*pair) for pair in pairs])


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("今天天气很好", "今天天气真好", 5 / 6),  # by character, five of six
        ("ذهب إلى المدرسة", "ذَهَبَ الولد إلى المدرسة.", 6 / 7),  # vowel signs are optional
        ("anak anak bermain", "Anak-anak sedang bermain.", 6 / 7),
        ("สวัสดีครับ", "สวัสดีค่ะ", 8 / 13),  # characters with their marks: 4 of 7, 4 of 6
    ],
)
def test_every_script_has_words(prediction: str, reference: str, expected: float) -> None:
    assert token_f1([prediction], [reference]) == [pytest.approx(expected)]
    assert token_f1([reference], [reference]) == [1.0]


def test_what_is_nothing_but_an_article_or_a_sign_is_still_compared() -> None:
    assert token_f1(["A", "B", "", "the"], ["A", "A", "A", "A"]) == [1.0, 0.0, 0.0, 0.0]
    assert token_f1(["🙂", "🙁", "", "yes"], ["🙂", "🙂", "🙂", "🙂"]) == [1.0, 0.0, 0.0, 0.0]
    assert token_f1(["", "?"], ["", "?"]) == [0.0, 0.0]
