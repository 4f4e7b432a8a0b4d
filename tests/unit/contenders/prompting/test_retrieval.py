"""The examples most like a question, by words of any script, and never its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from laras.contenders.prompting.retrieval import Retrieval
from laras.contenders.prompting.shots import Pool
from laras.evaluation.words import UnicodeWords
from laras.records import Example

Make = Callable[..., Example]
QUESTIONS = [
    "Where is the gong?",
    "Where is the bonang, and where is the gong?",
    "Di mana saron disimpan?",
    "Siapa yang memukul gong besar?",
    "ما هو الغاميلان؟",
    "锣在哪里",
    "???",
]


def pool(shots: Sequence[Example], room: int = 10_000) -> Pool:
    return Pool(tuple(shots), (10,) * len(shots), room)


def by_definition(
    texts: Sequence[str], query: str, k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """BM25 straight from its formula."""
    tokenize = UnicodeWords().tokenize
    documents = [tokenize(text) for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        counts, score = Counter(document), 0.0
        for word in tokenize(query):
            having = sum(word in other for other in documents)
            if word in counts:
                rarity = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
                times = counts[word]
                score += (
                    rarity * times * (k1 + 1) / (times + k1 * (1 - b + b * len(document) / mean))
                )
        scores.append(score)
    return scores


@pytest.mark.parametrize("query", [*QUESTIONS, "gong gong where", "nothing known"])
def test_scores_are_those_of_the_formula(make: Make, query: str) -> None:
    index = Retrieval(pool([make(f"e{n}", text, "a") for n, text in enumerate(QUESTIONS)]))
    assert np.allclose(index.scores(query), by_definition(QUESTIONS, query), rtol=1e-12, atol=0)


def test_the_most_similar_one_comes_last_in_every_script(make: Make) -> None:
    index = Retrieval(pool([make(f"e{n}", text, "a") for n, text in enumerate(QUESTIONS)]))
    for number, text in enumerate(QUESTIONS[:-1]):
        found = index.nearest(make("asked", text, "b"), 3)
        assert len(found) == 3
        assert found[-1].example_id == f"e{number}"


def test_what_is_equally_similar_comes_in_the_order_of_the_examples(make: Make) -> None:
    shots = [make(f"e{n}", "Where is the gong?", "a") for n in range(5)]
    found = Retrieval(pool(shots)).nearest(make("asked", "The gong?", "b"), 3)
    assert [each.example_id for each in found] == ["e2", "e1", "e0"]
    nothing = Retrieval(pool(shots)).nearest(make("asked", "Bonang!", "b"), 2)
    assert [each.example_id for each in nothing] == ["e1", "e0"]


def test_nothing_of_the_questions_own_group_is_shown(make: Make) -> None:
    shots = [
        make("same-words", "Where is the gong?", "secret", group="customer"),
        make("itself", "Where is the gong?", "secret", group="other"),
        make("apart", "Where is the bonang?", "a", group="third"),
    ]
    index = Retrieval(pool(shots))
    question = make("itself", "Where is the gong?", "secret", group="customer")
    assert [each.example_id for each in index.nearest(question, 4)] == ["apart"]


def test_examples_without_a_word_are_no_reason_to_fail(make: Make) -> None:
    index = Retrieval(pool([make("a", "?!", "x"), make("b", "…", "y")]))
    assert [each.example_id for each in index.nearest(make("q", "gong", "z"), 2)] == ["b", "a"]


def test_only_what_has_room_together_is_shown(make: Make) -> None:
    shots = [make(f"e{n}", "Where is the gong?", "a") for n in range(5)]
    found = Retrieval(pool(shots, room=25)).nearest(make("asked", "The gong?", "b"), 4)
    assert len(found) == 2
