"""Dates of text exports: days or months first, decided by all dates of a file together.

"03/04/2026" alone says nothing. A file of hundreds does: an order is right if all its dates exist
and they run forward. Where both orders pass, nothing tells, and that is said.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DateOrder = Literal["auto", "day-first", "month-first"]
Numbers = tuple[str, str, str]

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_LETTERS = re.compile(r"[^\W\d_]+")
# How the halves of a day are written where clocks have twelve hours. Others count to 24.
_AFTERNOON = frozenset(
    ("pm", "p", "ptg", "petang", "tengahari", "malam", "م", "下午", "午後", "오후")
)
_MORNING = frozenset(("am", "a", "pg", "pagi", "ص", "上午", "午前", "凌晨", "오전"))


@dataclass(frozen=True, slots=True)
class Order:
    """Where year, month and day stand among the three numbers of a date; ``is_decided``: whether
    the file, or the recipe, tells days from months."""

    year: int
    month: int
    day: int
    is_decided: bool = True


_DAY_FIRST = Order(2, 1, 0)
_MONTH_FIRST = Order(2, 0, 1)
_YEAR_FIRST = Order(0, 1, 2)


def order_of(dates: Sequence[Numbers], wanted: DateOrder) -> Order:
    """The order of all dates of a file; ``wanted``: what the recipe says.

    The best has the fewest dates that don't exist, then the fewest steps back in time. Days are
    first where both do equally well, as almost everywhere on earth.
    """
    if any(len(first) == 4 for first, _second, _third in dates):
        return _YEAR_FIRST
    candidates = [_DAY_FIRST, _MONTH_FIRST]
    if wanted != "auto":
        return _DAY_FIRST if wanted == "day-first" else _MONTH_FIRST
    if all(len(third) <= 2 for _first, _second, third in dates):
        candidates.append(_YEAR_FIRST)
    scores = [_mistakes(dates, candidate) for candidate in candidates]
    best = candidates[scores.index(min(scores))]
    same = scores[0] == scores[1] == min(scores) and any(a != b for a, b, _year in dates)
    return Order(best.year, best.month, best.day, is_decided=not same)


@lru_cache(maxsize=8192)
def day_of(numbers: Numbers, order: Order) -> tuple[int, int, int] | None:
    """Year, month and day, or None where there is no such day."""
    year, month, day = (int(numbers[place]) for place in (order.year, order.month, order.day))
    if year < 100:
        year += 2000
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12):
        return None
    return (year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def hour_of(hour: int, marks: str) -> int | None:
    """The hour from 0 to 23; ``marks``: what stands around the clock time ("p. m.", "PTG")."""
    letters = "".join(_LETTERS.findall(marks)).casefold()
    if letters in _AFTERNOON and hour < 12:
        hour += 12
    elif letters in _MORNING and hour == 12:
        hour = 0
    return hour if 0 <= hour <= 23 else None


def seconds_of(
    day: tuple[int, int, int] | None, hour: int | None, minute: int, second: int
) -> float | None:
    """Seconds since 1970, a local time taken as UTC; None where there is no such time."""
    if day is None or hour is None or minute > 59 or second > 60:
        return None
    return float(calendar.timegm((*day, hour, minute, second)))


def _mistakes(dates: Sequence[Numbers], order: Order) -> tuple[int, int]:
    impossible = backward = 0
    before: tuple[int, int, int] | None = None
    for numbers in dates:
        day = day_of(numbers, order)
        if day is None:
            impossible += 1
            continue
        backward += before is not None and day < before
        before = day
    return impossible, backward
