"""Page numbers, and the headers and footers beside them, inside one running text.

A number alone on a line proves nothing. What is taken for a page's number comes at least three
times, counts upwards, and either says that it is one or stands a page's length from the next.
Headers and footers are the lines that repeat next to such numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate, islice, pairwise
from statistics import median

from laras.sources.code_fences import fence_of

_LEAST_PAGES = 3
_COUNTING_SHARE = 0.6  # pages are missing, or two texts were joined
_NEAR_LINES = 3
_NAMED_DISTANCE = 150  # characters from one number to the next, where a word or dashes mark it
_BARE_DISTANCE = 600
_LONGEST_HEADER = 120

_PAGE_WORD = r"(?:halaman|hal|hlm|page|pg)\b[. \t]{0,3}"
_NUMBER_LINE = re.compile(
    rf"[ \t]*+(?P<left>[|•·–—-]{{0,3}})[ \t]*+(?P<word>{_PAGE_WORD})?(?P<number>\d{{1,4}})"
    r"(?P<total>[ \t]{0,3}(?:/|dari|of)[ \t]{0,3}\d{1,4})?[ \t]*+(?P<right>[|•·–—-]{0,3})[ \t]*",
    re.IGNORECASE,
)
_TITLE_LINE = re.compile(
    rf"[ \t]*+(?P<title>\S.{{2,{_LONGEST_HEADER}}}?)[ \t]{{0,8}}"
    rf"(?:[|•·–—-][ \t]{{0,8}}{_PAGE_WORD}|[|•·][ \t]{{0,8}}|[ \t]{_PAGE_WORD})"
    r"(?P<number>\d{1,4})[ \t]{0,8}",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+")
# Two searches that begin with one character or class each: only such can leap.
_NUMBER_GATE = re.compile(
    r"\n[ \t|•·–—-]{0,8}(?:[HhPp][a-zA-Z. ]{1,8})?\d{1,4}[^\n.,;:)]{0,16}(?=\n)"
)
_TITLE_GATE = re.compile(
    r"[HhPp|•·](?:(?:al|AL|lm|LM|age|AGE|g)[a-zA-Z. ]{0,8}| ?)\d{1,4}[ \t]{0,8}\n"
)


def may_hold_page_numbers(text: str) -> bool:
    """Whether it is worth looking at the lines of ``text``."""
    return any(
        sum(1 for _found in islice(gate.finditer(text), _LEAST_PAGES)) == _LEAST_PAGES
        for gate in (_NUMBER_GATE, _TITLE_GATE)
    )


def drop_page_furniture(text: str, fixes: Counter[str]) -> str:
    """``text`` without page numbers and the lines that repeat beside them; ``fixes`` counts."""
    lines = text.split("\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    numbers = _page_numbers(lines, offsets)
    if not numbers:
        return text
    headers = _repeated_beside(lines, numbers)
    fixes["page-numbers"] += len(numbers)
    if headers:
        fixes["page-headers"] += len(headers)
    gone = numbers | headers
    return "\n".join(line for index, line in enumerate(lines) if index not in gone)


def _page_numbers(lines: list[str], offsets: list[int]) -> set[int]:
    found: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for index, line in enumerate(lines):
        if len(line) <= 2 * _LONGEST_HEADER and (named := _numbered(line)):
            style, number = named
            found.setdefault(style, []).append((index, number))
    pages: set[int] = set()
    for style, places in found.items():
        distances = [offsets[b] - offsets[a] for (a, _), (b, _) in pairwise(places)]
        steps = [second - first for (_, first), (_, second) in pairwise(places)]
        if len(places) < _LEAST_PAGES:
            continue
        least = _BARE_DISTANCE if style == ("bare",) else _NAMED_DISTANCE
        counting = sum(step in (1, 2) for step in steps)
        if median(distances) >= least and counting >= _COUNTING_SHARE * len(steps):
            pages |= {index for index, _number in places}
    return pages


def _numbered(line: str) -> tuple[tuple[str, ...], int] | None:
    """How a page's number stands on ``line``, and the number; None where there is none."""
    if not _DIGIT.search(line, len(line) - 16):
        return None
    if found := _NUMBER_LINE.fullmatch(line):
        left, right = found["left"], found["right"]
        if found["word"] or found["total"]:
            return ("named",), int(found["number"])
        if bool(left) != bool(right):
            return None  # an item of a list
        return ("dashes" if left else "bare",), int(found["number"])
    if line.startswith(("#", "|")):
        return None
    if found := _TITLE_LINE.fullmatch(line):
        return ("title", _shape(found["title"])), int(found["number"])
    return None


def _repeated_beside(lines: list[str], numbers: set[int]) -> set[int]:
    """Lines next to page numbers, or next to such lines, whose like stands by most numbers."""
    least = max(_LEAST_PAGES, _COUNTING_SHARE * (len(numbers) - 1))
    headers: set[int] = set()
    for step in (-1, 1):
        edge = sorted(numbers)
        for _line in range(_NEAR_LINES):
            beside: dict[str, list[int]] = {}
            for start in edge:
                index = _nearest(lines, start, step)
                if index is not None and _may_be_header(lines[index]):
                    beside.setdefault(_shape(lines[index]), []).append(index)
            edge = [i for places in beside.values() if len(places) >= least for i in places]
            headers.update(edge)
    return headers - numbers


def _may_be_header(line: str) -> bool:
    bare = line.strip()
    if not 3 <= len(bare) <= _LONGEST_HEADER:
        return False
    return not (bare.startswith(("#", "|", "- ")) or fence_of(bare))


def _nearest(lines: list[str], start: int, step: int) -> int | None:
    """The next line from ``start`` that is not blank, a blank line or two away at most."""
    for index in range(start + step, start + 4 * step, step):
        if not 0 <= index < len(lines):
            return None
        if lines[index].strip():
            return index
    return None


def _shape(line: str) -> str:
    return _DIGITS.sub("0", " ".join(line.casefold().split()))
