"""Hashes of all lines of many texts at once, equal for lines that look alike.

Lines are alike if their letters and signs are, in this order: upper and lower case (of ASCII),
digits and spaces don't count, so that "Page 3" and "PAGE 12" are one. The work is done on the
bytes of all texts side by side. A line's hash is a polynomial in its bytes modulo 2**64, taken from
running sums, with a number drawn at random for each value of a byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from laras.sources.code_fences import holds_fence, with_code

LONGEST_LINE = 300  # bytes
LEAST_LETTERS = 3
_AT_ONCE = 1 << 20  # bytes; what is computed for each of them stays small

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_GENERATOR = np.random.default_rng(20_260_401)
_RANDOM = _GENERATOR.integers(1, 2**63, size=256, dtype=np.uint64)
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_BYTES = np.arange(256, dtype=np.uint8)
_IS_SPACE = np.isin(_BYTES, np.frombuffer(b" \t\r\n\x0b\x0c", dtype=np.uint8))
_IS_DIGIT = (ord("0") <= _BYTES) & (ord("9") >= _BYTES)
_IS_UPPER = (ord("A") <= _BYTES) & (ord("Z") >= _BYTES)
_IS_LOWER = (ord("a") <= _BYTES) & (ord("z") >= _BYTES)
# Above ASCII, characters are counted by their first byte; C2 and E2 lead to signs, most of all.
_IS_LETTER = _IS_UPPER | _IS_LOWER | ((_BYTES >= 0xC3) & (_BYTES != 0xE2))
# The value of a capital is that of its small letter, 32 places on; what doesn't count has none.
_VALUE = np.where(_IS_UPPER, np.roll(_RANDOM, -32), _RANDOM)
_VALUE[_IS_SPACE | _IS_DIGIT] = 0
_MARKS = np.frombuffer(b"#|", dtype=np.uint8)
_STAR, _COLON = b"*:"


class Lines(NamedTuple):
    """Of all lines in order: the hash, and whether it may be boilerplate. ``counts``: how many
    lines each text has.

    Headings, table rows, code, lines that introduce something and what is nearly without letters
    repeat for good reasons.
    """

    hashes: Hashes
    eligible: npt.NDArray[np.bool_]
    counts: Numbers


def lines_of(texts: Sequence[str]) -> Lines:
    """The lines of ``texts``."""
    parts: list[Lines] = []
    portion: list[str] = []
    size = 0
    for text in texts:
        portion.append(text)
        size += len(text)
        if size >= _AT_ONCE:
            parts.append(_some_lines(portion))
            portion, size = [], 0
    if portion or not parts:
        parts.append(_some_lines(portion))
    return Lines(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _some_lines(texts: Sequence[str]) -> Lines:
    counts = np.array([text.count("\n") + 1 for text in texts], dtype=np.int64)
    if not texts:
        return Lines(np.empty(0, np.uint64), np.empty(0, np.bool_), counts)
    data = np.frombuffer("\n".join([*texts, ""]).encode("utf-8", "replace"), dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    hashes = _hash(data, starts, ends)
    eligible = _eligible(data, starts, ends)
    first = 0
    for text, count in zip(texts, counts.tolist(), strict=True):
        if holds_fence(text):
            eligible[first : first + count] &= ~_in_code(text)
        first += count
    return Lines(hashes, eligible, counts)


def _hash(data: npt.NDArray[np.uint8], starts: Numbers, ends: Numbers) -> Hashes:
    counted = np.flatnonzero(_VALUE[data])
    values = _VALUE[data[counted]]
    powers, inverses = _powers(1 << (len(values) + 1).bit_length())
    sums = np.concatenate(([np.uint64(0)], np.cumsum(values * powers[: len(values)])))
    first, last = np.searchsorted(counted, starts), np.searchsorted(counted, ends)
    hashes: Hashes = (sums[last] - sums[first]) * inverses[first]
    return hashes ^ (hashes >> np.uint64(29))


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The first ``count`` powers of the base and of its inverse, modulo 2**64."""
    return _cumulative(_BASE, count), _cumulative(_INVERSE, count)


def _cumulative(base: int, count: int) -> Hashes:
    factors = np.full(count, base, dtype=np.uint64)
    factors[0] = 1
    powers: Hashes = np.cumprod(factors)
    return powers


def _eligible(data: npt.NDArray[np.uint8], starts: Numbers, ends: Numbers) -> npt.NDArray[np.bool_]:
    visible = np.flatnonzero(~_IS_SPACE[data])
    if not len(visible):
        return np.zeros(len(starts), dtype=np.bool_)
    place = np.searchsorted(visible, starts)
    last_place = np.searchsorted(visible, ends) - 1
    some = last_place >= place
    first = visible[np.minimum(place, len(visible) - 1)]
    last = visible[np.maximum(last_place, 0)]
    second = data[np.minimum(first + 1, len(data) - 1)]
    stars = (data[first] == _STAR) & (second == _STAR)
    letters = np.concatenate(([0], np.cumsum(_IS_LETTER[data], dtype=np.int64)))
    eligible: npt.NDArray[np.bool_] = (
        some
        & (last - first < LONGEST_LINE)
        & ~np.isin(data[first], _MARKS)
        & ~stars
        & (data[last] != _COLON)
        & (letters[ends] - letters[starts] >= LEAST_LETTERS)
    )
    return eligible


def _in_code(text: str) -> npt.NDArray[np.bool_]:
    """Which lines of ``text`` are fences or between two of them."""
    return np.array([is_code for is_code, _line in with_code(text.split("\n"))], dtype=np.bool_)
