"""How content somebody was, on whatever scale an export has, as a number from 0 to 1.

The scale is told from all values of a file: up to 1, stars up to 5, points up to 10 or 100, grades
from A, or words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_GOOD = """
    good great excellent amazing happy satisfied positive like liked up yes true thumbs_up puas
    baik bagus suka sangat_puas goodwithcomment 👍 😀 🤩 😃
"""
_BAD = """
    bad poor terrible unhappy unsatisfied dissatisfied negative dislike disliked down no false
    thumbs_down buruk jelek kecewa tidak_puas tidak_suka badwithcomment 👎 😠 🙁
"""
_MIDDLE = "neutral ok okay average netral biasa cukup 😐"
_WORDS = {
    **dict.fromkeys(_GOOD.split(), 1.0),
    **dict.fromkeys(_BAD.split(), 0.0),
    **dict.fromkeys(_MIDDLE.split(), 0.5),
}
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_OF_MOST = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*/\s*(\d{1,4})")
_SPACE = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of the ratings of one file: the least and the most that a number can be, and the
    worst of its grades."""

    least: float = 0.0
    most: float = 1.0
    worst_grade: str = "E"

    @classmethod
    def of(cls, values: Iterable[object]) -> Scale:
        """The smallest customary scale that holds all ``values``."""
        values = list(values)
        numbers = [number for value in values if (number := _number(value)) is not None]
        grades = {grade for value in values if (grade := _grade(value))}
        worst = max([*grades, "B"]) if grades else "E"
        highest = max(numbers, default=1.0)
        if highest <= 1.0:
            return cls(0.0 if min(numbers, default=0.0) >= 0.0 else -1.0, 1.0, worst)
        if highest <= 5.0:
            return cls(0.0 if 0.0 in numbers else 1.0, 5.0, worst)
        return cls(0.0, next((m for m in (10.0, 100.0) if highest <= m), highest), worst)

    def rating(self, value: object) -> float | None:
        """The rating from 0 to 1 that ``value`` stands for; None for what is none."""
        if isinstance(value, str):
            match = _OF_MOST.fullmatch(value.strip())
            if match and float(match[2]) > 0:
                return min(float(match[1].replace(",", ".")) / float(match[2]), 1.0)
            word = _SPACE.sub("_", value.strip().lower())
            if word in _WORDS:
                return _WORDS[word]
            grade = _grade(value)
            if grade:
                return 1.0 - (ord(grade) - ord("A")) / max(ord(self.worst_grade) - ord("A"), 1)
        if isinstance(value, bool):
            return float(value)
        number = _number(value)
        if number is None:
            return None
        return min(max((number - self.least) / (self.most - self.least), 0.0), 1.0)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip().replace(",", "."))
    if not isinstance(value, int | float) or abs(value) > 1e9:
        return None
    return float(value) if math.isfinite(value) else None


def _grade(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) == 1 and "A" <= text <= "F" else ""
