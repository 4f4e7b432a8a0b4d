"""Manuscripts: the numbers that count lines in the margin, taken out of the lines of a PDF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from laras.sources.documents.pdf_lines import Line

_NUMBER = re.compile(r"^\d{1,4}$")
_LEADING = re.compile(r"^\d{1,4}\s+")
_FEWEST = 8  # on a page
LINE_NUMBERS = "line numbers"


def without_line_numbers(
    pages: Sequence[Sequence[Line]],
) -> tuple[list[list[Line]], Counter[str]]:
    """The pages without the numbers of their lines, and how many numbers that were."""
    left_out: Counter[str] = Counter()
    kept = []
    for page in pages:
        numbers = _numbers(page)
        if not _count_lines([numbers[at] for at in sorted(numbers, key=lambda at: page[at].down)]):
            kept.append(list(page))
            continue
        left_out[LINE_NUMBERS] += len(numbers)
        kept.append(
            [
                _without_number(line) if at in numbers else line
                for at, line in enumerate(page)
                if at not in numbers or not _NUMBER.match(line.text)
            ]
        )
    return kept, left_out


def _numbers(page: Sequence[Line]) -> dict[int, int]:
    """Of the lines that are, or begin with, a number at the page's usual left edge of such: it."""
    begin = {
        at: int(line.pieces[0].text)
        for at, line in enumerate(page)
        if line.pieces and _NUMBER.match(line.pieces[0].text)
    }
    if not begin:
        return {}
    # Numbers of a column end at the same place, whatever their digits.
    ends = Counter(round(page[at].pieces[0].right / 3) for at in begin)
    usual = max(ends, key=lambda end: ends[end])
    return {
        at: number
        for at, number in begin.items()
        if abs(page[at].pieces[0].right / 3 - usual) <= 1.5
    }


def _count_lines(numbers: Sequence[int]) -> bool:
    """Whether numbers, from top to bottom, count on by one step, be it 1 or 5."""
    if len(numbers) < _FEWEST:
        return False
    steps = Counter(after - before for before, after in pairwise(numbers))
    step, times = steps.most_common(1)[0]
    return step in (1, 2, 5, 10) and times >= 0.8 * (len(numbers) - 1)


def _without_number(line: Line) -> Line:
    rest = line.pieces[1:]
    if not rest:
        return replace(line, text=_LEADING.sub("", line.text))
    text = " ".join(piece.text for piece in rest)
    return replace(line, text=text, left=rest[0].left, pieces=rest)
