"""Days before months or after them, decided by all dates of a file."""

from __future__ import annotations

import pytest

from laras.sources.conversations.dates import day_of, hour_of, order_of, seconds_of


def dates(*texts: str) -> list[tuple[str, str, str]]:
    return [tuple(text.split("/")) for text in texts]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("texts", "first", "expected", "is_decided"),
    [
        (("05/01/24", "13/01/24"), "05/01/24", (2024, 1, 5), True),
        (("01/05/24", "01/13/24"), "01/05/24", (2024, 1, 5), True),
        (("2024/01/05",), "2024/01/05", (2024, 1, 5), True),
        (("24/1/5", "24/2/4", "24/12/30", "25/1/1"), "24/1/5", (2024, 1, 5), True),
        # Both exist, but only with months in the middle do they run forward.
        (("11/02/24", "12/02/24", "01/03/24"), "01/03/24", (2024, 3, 1), True),
        (("02/11/24", "02/12/24", "03/01/24"), "03/01/24", (2024, 3, 1), True),
        (("05/01/24", "06/02/24"), "05/01/24", (2024, 1, 5), False),
        (("03/03/24",), "03/03/24", (2024, 3, 3), True),
    ],
)
def test_the_order_is_decided_by_all_dates(texts, first, expected, is_decided):
    order = order_of(dates(*texts), "auto")
    assert day_of(dates(first)[0], order) == expected
    assert order.is_decided is is_decided


def test_the_recipe_decides_where_it_says_so():
    ambiguous = dates("05/01/24", "06/02/24")
    month_first = order_of(ambiguous, "month-first")
    assert day_of(ambiguous[0], month_first) == (2024, 5, 1)
    assert month_first.is_decided
    assert order_of(ambiguous, "day-first").is_decided
    assert day_of(("2024", "1", "5"), order_of(dates("2024/1/5"), "month-first")) == (2024, 1, 5)


@pytest.mark.parametrize(
    "numbers",
    [("31", "02", "24"), ("0", "1", "24"), ("1", "13", "24"), ("1", "1", "0"), ("1", "1", "9999")],
)
def test_a_day_that_does_not_exist_is_none(numbers):
    order = order_of([("13", "1", "24")], "auto")
    found = day_of(numbers, order)
    assert found is None or found[0] == 2000


@pytest.mark.parametrize(
    ("hour", "marks", "expected"),
    [
        (9, "", 9),
        (9, "\u202fPM", 21),
        (12, " p. m.", 12),
        (12, "AM", 0),
        (0, " a. m.", 0),
        (9, "PTG", 21),
        (3, " 오후 ", 15),
        (21, "PM", 21),
        (9, " klo ", 9),
        (24, "", None),
    ],
)
def test_hours_of_twelve_and_of_twenty_four(hour, marks, expected):
    assert hour_of(hour, marks) == expected


def test_a_time_that_does_not_exist_is_none():
    assert seconds_of((2024, 1, 5), 14, 5, 33) == 1704463533.0
    assert seconds_of(None, 14, 5, 33) is None
    assert seconds_of((2024, 1, 5), None, 5, 33) is None
    assert seconds_of((2024, 1, 5), 14, 61, 0) is None
