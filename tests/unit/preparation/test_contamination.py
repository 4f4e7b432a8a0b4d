"""Runs of 13 words that test and training rows share are counted and the worst are named."""

from __future__ import annotations

import pytest

from laras.preparation import contamination as measured
from laras.preparation.contamination import Overlap, contamination


def words(first: int, count: int) -> str:
    return " ".join(f"w{number}" for number in range(first, first + count))


def in_blocks(texts: list[str], size: int = 2) -> measured.Texts:
    return lambda: [texts[n : n + size] for n in range(0, len(texts), size)]


def test_rows_with_a_common_run_are_counted_and_the_longest_come_first() -> None:
    test = [words(0, 40), words(100, 13), words(200, 12), words(300, 30), "", words(500, 30)]
    train = [words(900, 50), f"x {words(10, 20)} y", words(100, 13), words(195, 30), words(300, 12)]
    train.append(words(5, 18))
    figures, worst = contamination(in_blocks(test), in_blocks(train))
    assert figures == {
        "gram_words": 13,
        "test_rows": 6,
        "rows_with_13_words": 4,
        "rows_overlapping": 2,
        "rows_overlapping_in_frequent_runs_only": 0,
        "share": pytest.approx(1 / 3),
    }
    # Words 5 to 29 stand in training, in two rows that overlap.
    assert worst == [Overlap(0, 5, 25), Overlap(1, 2, 13)]


def test_set_phrases_are_told_apart() -> None:
    phrase = words(0, 20)
    train = [f"{phrase} {words(1000 * n, 5)}" for n in range(1, 12)]
    figures, worst = contamination(in_blocks([f"a {phrase} b"]), in_blocks(train))
    assert figures["rows_overlapping"] == 0
    assert figures["rows_overlapping_in_frequent_runs_only"] == 1
    assert worst == []
    figures, _worst = contamination(in_blocks([f"a {phrase} b"]), in_blocks(train[:10]))
    assert figures["rows_overlapping"] == 1


def test_a_row_that_repeats_itself_is_one_row() -> None:
    train = [" ".join([words(0, 20)] * 30)]
    figures, worst = contamination(in_blocks([words(0, 20)]), in_blocks(train))
    assert figures["rows_overlapping"] == 1
    assert worst == [Overlap(0, 0, 20)]


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    test = [words(10 * n, 30) for n in range(20)]
    train = [words(15 * n, 25) for n in range(20)]
    whole = contamination(in_blocks(test), in_blocks(train))
    monkeypatch.setattr(measured, "BLOCK_GRAMS", 10)
    assert contamination(in_blocks(test, 1), in_blocks(train, 7)) == whole
    assert whole[0]["rows_overlapping"] == 20


def test_nothing_overlaps_with_nothing() -> None:
    figures, worst = contamination(in_blocks([]), in_blocks([]))
    assert (figures["share"], worst) == (0.0, [])
    assert contamination(in_blocks(["a b"]), in_blocks(["a b"]))[0]["rows_overlapping"] == 0
