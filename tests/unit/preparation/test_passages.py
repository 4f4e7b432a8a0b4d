"""What stands in very many records makes no two of them alike."""

from __future__ import annotations

import random

from laras.preparation.grams import Hashes, distinct, grams_of
from laras.preparation.passages import (
    COMMON_RECORDS,
    NOTHING_COMMON,
    Compared,
    Passages,
    common_grams,
    likeness,
)


def text_of(seed: int, length: int) -> str:
    generator = random.Random(seed)
    return " ".join(f"k{generator.randrange(10_000)}" for _word in range(length))


NOTICE = text_of(0, 200)


def common_of(texts: list[str]) -> Hashes:
    return common_grams([(grams,) for grams in grams_of(texts)])


def compared(text: str, common: Hashes) -> Compared:
    return Compared((grams_of([text])[0],), Passages(common))


def test_grams_of_many_records_are_common_and_those_of_fewer_are_not() -> None:
    under_notice = [f"{text_of(n, 20)} {NOTICE}" for n in range(1, COMMON_RECORDS + 1)]
    assert common_of(under_notice).tolist() == distinct(grams_of([NOTICE])[0]).tolist()
    assert len(common_of(under_notice[:-1])) == 0
    # One record that says it often is one record.
    assert len(common_of([" ".join([NOTICE] * 30)])) == 0


def test_what_is_left_of_a_record_is_its_own_passages() -> None:
    common = distinct(grams_of([NOTICE])[0])
    own = text_of(7, 20)
    passages = Passages(common)
    for text in (f"{own} {NOTICE}", f"{NOTICE} {own}", f"{NOTICE} {own} {NOTICE}"):
        (left,) = passages.own((grams_of([text])[0],))
        assert left.tolist() == grams_of([own])[0].tolist()


def test_names_filled_into_a_form_are_no_passages() -> None:
    words = NOTICE.split()
    form = " ".join([*words[:60], *text_of(3, 4).split(), *words[60:]])
    grams = grams_of([form])[0]
    assert Passages(distinct(grams_of([NOTICE])[0])).own((grams,))[0] is grams


def test_a_common_phrase_is_no_passage() -> None:
    phrase = " ".join(NOTICE.split()[:11])  # seven 5-grams
    grams = grams_of([f"{phrase} {text_of(6, 2)}"])[0]
    assert Passages(distinct(grams_of([phrase])[0])).own((grams,))[0] is grams


def test_different_texts_under_one_notice_are_not_alike() -> None:
    common = distinct(grams_of([NOTICE])[0])
    one, other = f"{text_of(1, 20)} {NOTICE}", f"{text_of(2, 20)} {NOTICE}"
    assert likeness(compared(one, NOTHING_COMMON), compared(other, NOTHING_COMMON), 0.8) > 0.8
    assert likeness(compared(one, common), compared(other, common), 0.8) == 0.0
    assert likeness(compared(one, common), compared(one.upper(), common), 0.8) == 1.0
    # The notice alone has nothing of its own, and is not like a text under it.
    assert likeness(compared(one, common), compared(NOTICE, common), 0.8) == 0.0
    assert likeness(compared(NOTICE, common), compared(f"{NOTICE} ya", common), 0.8) > 0.9


def test_a_record_that_is_mostly_its_own_is_compared_as_a_whole() -> None:
    common = distinct(grams_of([NOTICE])[0])
    grams = grams_of([f"{text_of(5, 100)} {NOTICE}"])[0]
    assert Passages(common).own((grams,))[0] is grams


def test_the_same_text_under_different_notices_is_not_alike_as_a_whole() -> None:
    notices = NOTICE, text_of(99, 200)
    common = distinct(grams_of([f"{notices[0]} {notices[1]}"])[0])
    own = text_of(1, 20)
    pair = [compared(f"{own} {notice}", common) for notice in notices]
    assert likeness(*pair, 0.8) == 0.0


def test_every_part_must_be_alike() -> None:
    passages = Passages(NOTHING_COMMON)
    answer = text_of(1, 200)
    questions = [text_of(n, 10) for n in (2, 3)]
    one, other = (Compared(tuple(grams_of([q, answer])), passages) for q in questions)
    assert likeness(one, other, 0.8) == 0.0
    assert likeness(one, one, 0.8) == 1.0
    alone = Compared(tuple(grams_of([answer])), passages)
    assert likeness(one, alone, 0.8) == 0.0
