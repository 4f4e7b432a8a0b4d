"""Rows equal or similar to a held-out row are found exactly, whatever fits into memory at once."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation import overlap_index, separate
from laras.preparation.grams import distinct, grams_of
from laras.preparation.likeness import key, words
from laras.preparation.passages import Parts
from laras.preparation.separate import Side
from oracles import crossings, jaccard, shingles

BASE = " ".join(f"kata{n}" for n in range(60))
Pairs = set[tuple[int, int]]


def keys_and_words(texts: list[str]) -> tuple[list[str], list[str]]:
    return [key(text) for text in texts], [" ".join(words(text)) for text in texts]


def changed(generator: random.Random, count: int) -> str:
    parts = BASE.split()
    for place in generator.sample(range(60), count):
        parts[place] = f"lain{generator.random()}"
    return " ".join(parts)


def found_in(rows: list[str], held_out: list[str], threshold: float) -> Pairs:
    found = crossings(*keys_and_words(rows), *keys_and_words(held_out), threshold)
    assert len({(one.row, one.held_out) for one in found}) == len(found)
    return {(one.row, one.held_out) for one in found}


def by_brute_force(rows: list[str], held_out: list[str], threshold: float) -> Pairs:
    sets = [[shingles(" ".join(words(text))) for text in texts] for texts in (rows, held_out)]
    return {
        (row, other)
        for row, left in enumerate(sets[0])
        for other, right in enumerate(sets[1])
        if key(rows[row]) == key(held_out[other]) or jaccard(left, right) >= threshold
    }


def test_rows_equal_or_similar_to_a_held_out_row_are_found() -> None:
    generator = random.Random(1)
    rows = [changed(generator, n % 5) for n in range(60)]
    held_out = [changed(generator, n % 3) for n in range(20)]
    found = crossings(*keys_and_words(rows), *keys_and_words(held_out), 0.8)
    assert {(one.row, one.held_out) for one in found} == by_brute_force(rows, held_out, 0.8)
    assert any(one.exact for one in found)
    assert not all(one.exact for one in found)
    for one in found:
        sets = (shingles(" ".join(words(t))) for t in (rows[one.row], held_out[one.held_out]))
        assert one.similarity == pytest.approx(jaccard(*sets))


TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from("abcdefgh"), max_size=25).map(" ".join),
        st.builds(
            lambda seed, count: changed(random.Random(seed), count),
            st.integers(0, 3),
            st.integers(0, 6),
        ),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([0.1, 0.5, 2 / 3, 0.8, 1.0]))
def test_the_join_is_that_of_brute_force(
    rows: list[str], held_out: list[str], threshold: float
) -> None:
    assert found_in(rows, held_out, threshold) == by_brute_force(rows, held_out, threshold)


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(2)
    rows = [changed(generator, n % 6) for n in range(50)]
    held_out = [changed(generator, n % 4) for n in range(30)]
    whole = found_in(rows, held_out, 0.7)
    assert len(whole) > 300
    monkeypatch.setattr(separate, "BLOCK_GRAMS", 100)
    monkeypatch.setattr(overlap_index, "_PAIRS_AT_ONCE", 7)
    assert found_in(rows, held_out, 0.7) == whole


def side(rows: list[Parts], start: int = 0) -> Side:
    keys = np.arange(start, start + 2 * len(rows), dtype=np.uint64).reshape(-1, 2)

    def blocks() -> list[list[Parts]]:
        return [rows[n : n + 3] for n in range(0, len(rows), 3)]

    return Side(keys, blocks)


def text_of(seed: int, length: int) -> str:
    generator = random.Random(seed)
    return " ".join(f"k{generator.randrange(10_000)}" for _word in range(length))


def test_conversations_are_alike_where_question_and_answer_are() -> None:
    answers = [text_of(n, 60) for n in range(3)]
    questions = [text_of(n, 3 + n) for n in range(10, 20)]

    def chat(question: int, answer: int) -> Parts:
        return tuple(grams_of([questions[question], answers[answer]]))

    rows = [chat(q, a) for q in range(10) for a in range(2)]
    held_out = [chat(3, 0), chat(4, 2), (grams_of([answers[0]])[0],)]
    found = separate.separate(side(rows), side(held_out, 1000), 0.8)
    assert [(one.row, one.held_out) for one in found] == [(6, 0)]


def test_boilerplate_makes_no_row_leave() -> None:
    notice = text_of(0, 400)
    rows = [(grams_of([f"{text_of(n, 20)} {notice}"])[0],) for n in range(1, 30)]
    held_out = [(grams_of([f"{text_of(n, 20)} {notice}"])[0],) for n in range(29, 35)]
    common = distinct(grams_of([notice])[0])
    assert len(separate.separate(side(rows), side(held_out, 1000), 0.8)) == 29 * 6
    found = separate.separate(side(rows), side(held_out, 1000), 0.8, common)
    assert [(one.row, one.held_out) for one in found] == [(28, 0)]
