"""Texts are compared by their words, and words in numbers are the same words."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.grams import (
    distinct,
    grams_of,
    in_common,
    is_short,
    runs,
    similarity,
    word_counts,
)
from laras.preparation.likeness import key, key_bytes, words
from oracles import jaccard, shingles

# Letters of several scripts and kinds, marks, signs, spaces, and what NFKC takes apart.
CHARACTERS = st.sampled_from("aAbß_9éfiＡ²ñ ıİคำकि日ア’“.,- \n\t\x00\x1f\u200b\u0301\ud800😀")
TEXTS = st.lists(st.text(st.one_of(CHARACTERS, st.characters()), max_size=60), max_size=8)


def test_case_spaces_and_compatibility_forms_do_not_make_texts_different() -> None:
    assert key("Ｓatu  Dua\nTIGA") == key("satu dua tiga")
    assert key_bytes("Ｓatu  Dua").hex() == key("satu dua")


def test_words_are_found_in_scripts_without_spaces_and_with_marks() -> None:
    assert words("Halo, dunia! Rp5.000") == ["halo", "dunia", "rp5", "000"]
    assert words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"]
    assert words("日本語") == ["日", "本", "語"]


@settings(deadline=None)
@given(TEXTS)
def test_hashed_words_are_those_that_the_pattern_finds(texts: list[str]) -> None:
    found = [word for text in texts for word in words(text)]
    assert word_counts(texts).tolist() == [len(words(text)) for text in texts]
    hashes = [number for run in runs(texts, 1) for number in run.tolist()]
    of_word: dict[str, int] = {}
    for word, number in zip(found, hashes, strict=True):
        assert of_word.setdefault(word, number) == number
    assert len(set(of_word.values())) == len(of_word)


@settings(deadline=None)
@given(TEXTS)
def test_a_text_has_the_same_numbers_whatever_stands_beside_it(texts: list[str]) -> None:
    together = grams_of(texts)
    assert [grams.tolist() for grams in together] == [
        grams_of([text])[0].tolist() for text in texts
    ]


def test_long_batches_are_hashed_in_pieces_with_the_same_outcome() -> None:
    texts = [f"kata{n} " * 4000 + "akhir" for n in range(40)]
    assert [g.tolist() for g in grams_of(texts)] == [grams_of([t])[0].tolist() for t in texts]


@given(
    st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30)
)
def test_similarity_of_numbers_is_that_of_words(left: list[str], right: list[str]) -> None:
    one, other = (distinct(grams) for grams in grams_of([" ".join(left), " ".join(right)]))
    sets = shingles(" ".join(left)), shingles(" ".join(right))
    if len(left) >= 5 and len(right) >= 5:
        assert similarity(one, other) == jaccard(*sets)
        assert in_common(one, other) == len(sets[0] & sets[1])


def test_short_texts_are_one_number_that_no_run_of_five_has() -> None:
    short, same, other, five, none = grams_of(["ya mau", "Ya, mau!", "ya saja", "a b c d e", ""])
    assert short.tolist() == same.tolist() != other.tolist()
    assert [len(short), len(five), len(none)] == [1, 1, 0]
    assert [is_short(grams) for grams in (short, five, none)] == [True, False, True]


def test_runs_of_any_length_tell_places_apart() -> None:
    three = runs(["a b a b a b a", "a b a"], 3)
    assert [len(found) for found in three] == [5, 1]
    assert len(set(three[0].tolist())) == 2
    assert three[1][0] == three[0][0]
