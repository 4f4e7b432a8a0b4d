"""One place in a text that holds personal data, and how the detectors look around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from laras.registry import Registry


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters ``start`` to ``end`` are of ``kind``. ``value`` is what they say in a normal form:
    a telephone number with and without its country code has the same."""

    kind: str
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Detector:
    """``find`` gives all findings of one kind. ``gate`` says, at a fraction of the cost, whether a
    text may hold any; detectors that share one have it asked once."""

    find: Callable[[str], Iterable[Finding]]
    gate: Callable[[str], bool]


DETECTORS: Registry[Detector] = Registry("personal-data")
"""Detectors by kind: those that the recipe knows, so that other packages add none. Where two find
something in the same place, the longer one is right; of equal length, the one registered first."""

_LONG_NUMBER = re.compile(r"[0-9](?:[ .()–-]{0,3}[0-9]){7}")


def holds_long_number(text: str) -> bool:
    """Whether there are eight digits with nothing but signs between them."""
    return _LONG_NUMBER.search(text) is not None


def words_before(text: str, start: int, characters: int = 32) -> str:
    """What stands before ``start``, in lower case, on the same line."""
    before = text[max(0, start - characters) : start]
    return before[before.rfind("\n") + 1 :].lower()


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a number ends where it seems to: no letter or digit beside it, nor a decimal sign or
    hyphen with more digits behind."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalnum() or before[-1:] == "_" or after[:1].isalnum() or after[:1] == "_":
        return False
    goes_on_before = before[-1:] in (".", ",", "-") and before[:1].isdigit() and len(before) == 2
    goes_on_after = after[:1] in (".", ",", "-") and after[1:].isdigit()
    return not (goes_on_before or goes_on_after)


def passes_luhn(digits: str) -> bool:
    """The check of ISO/IEC 7812-1, annex B: cards, and the first nine digits of an NPWP."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character)
        if place % 2:
            digit = digit * 2 - (9 if digit > 4 else 0)
        total += digit
    return total % 10 == 0
