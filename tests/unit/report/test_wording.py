"""Numbers as people of either language write them, and text that hides nothing."""

from __future__ import annotations

import math

import pytest

from laras import translation
from laras.report.wording import (
    duration,
    number,
    percent,
    probability,
    shortened,
    signed,
    significant,
    size,
    visible,
    whole,
)


def test_numbers_follow_the_language() -> None:
    assert (number(1234.5, 1), whole(1_234_567)) == ("1,234.5", "1,234,567")
    translation.set_language("id")
    assert (number(1234.5, 1), whole(1_234_567)) == ("1.234,5", "1.234.567")


def test_what_was_not_measured_is_a_dash() -> None:
    assert number(None, 2) == whole(None) == duration(None) == size(None) == percent(None) == "–"


def test_infinity_and_not_a_number_are_said() -> None:
    assert number(math.inf, 2) == "∞"
    assert number(-math.inf, 2) == "−∞"
    assert number(math.nan, 2) == "not a number"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (signed(0.25, 2), "+0.25"),
        (signed(-0.25, 2), "−0.25"),
        (significant(0.0123), "0.012"),
        (significant(123.4), "123"),
        (significant(0.0), "0"),
        (probability(0.00001), "< 0.0001"),
        (probability(0.012), "0.012"),
        (duration(4.2), "4.2 s"),
        (duration(190), "3 min 10 s"),
        (duration(7500), "2 h 05 min"),
        (duration(3599.7), "1 h 00 min"),
        (size(612_000_000), "612.0 MB"),
        (size(12), "12 B"),
        (percent(0.025), "2.5 %"),
    ],
)
def test_quantities_are_written_for_people(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.fault(55)
def test_characters_that_deceive_are_written_out() -> None:
    assert visible("a\u202eb\u200bc\x1b[0m\ud800") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+001B⟩[0m⟨U+D800⟩"


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    text = "Selamat pagi\n\tनमस्ते 👩\u200d🚒 العربية 中文"
    assert visible(text) == text


def test_making_visible_twice_changes_nothing_more() -> None:
    once = visible("\u2066x\u2069")
    assert visible(once) == once


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert shortened("abcdef", 3) == "abc … (3 more characters)"
    assert shortened("abc", 3) == "abc"
