"""PDF: which lines are headings, by the size and weight of their letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from laras.sources.documents.pdf_lines import Line

_LARGER = 1.15  # than the body's letters
_RARE = 0.15  # of all letters: more of them are no headings
_RARE_BOLD = 0.25
_SAME = 0.04  # sizes that differ by less are one
_LONGEST = 120
_DEEPEST = 4
_CAPTION = re.compile(r"^(?:table|figure|fig|tabel|gambar|bagan|grafik)\b\.?\s*[\dIVX]", re.I)
_SENTENCE = re.compile(r"[.;,]$")
_ITEM = re.compile(r"^(?:[^\w\s]\s|\(?[a-z0-9]{1,2}\)\s)")


@dataclass(frozen=True, slots=True)
class Typography:
    """The size of the body's letters, the larger ones from large to small, and whether bold
    letters of the body's size are so few that they may be headings."""

    body: float = 0.0
    larger: tuple[float, ...] = ()
    bold_is_rare: bool = False


def typography(pages: Sequence[Sequence[Line]]) -> Typography:
    """What the letters of a document say about which of them are headings."""
    weights: Counter[float] = Counter()
    bold = 0
    for page in pages:
        for line in page:
            weights[round(line.size, 1)] += len(line.text)
            bold += len(line.text) if line.is_bold else 0
    if not weights:
        return Typography()
    body = max(weights, key=lambda size: (weights[size], size))
    total = sum(weights.values())
    larger: list[float] = []
    for size in sorted((size for size in weights if size >= _LARGER * body), reverse=True):
        if weights[size] < _RARE * total and not (larger and size > (1 - _SAME) * larger[-1]):
            larger.append(size)
    return Typography(body, tuple(larger), bold < _RARE_BOLD * total)


def heading_level(group: Sequence[Line], letters: Typography) -> int:
    """The level of a heading made of the lines of ``group``, from 1; 0 where it is none."""
    text = " ".join(line.text for line in group)
    if not text or len(text) > _LONGEST or _CAPTION.match(text):
        return 0
    if sum(character.isalpha() for character in text) < 0.4 * len(text):
        return 0
    size = group[0].size
    for rank, larger in enumerate(letters.larger, 1):
        if abs(size - larger) <= max(_SAME * larger, 0.06):
            return min(rank, _DEEPEST)
    is_bold = letters.bold_is_rare and all(line.is_bold for line in group)
    if (
        not is_bold
        or len(group) > 3
        or size < 0.95 * letters.body
        or _SENTENCE.search(text)
        or _ITEM.match(text)
    ):
        return 0
    return min(len(letters.larger) + 1, _DEEPEST)
