"""PDF: lines to paragraphs.

A PDF knows where letters stand, not what belongs together. What is used here: the distance
between lines, the size of their letters, and where they begin and end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from laras.sources.documents.pdf_lines import Line
from laras.sources.documents.pdf_words import LINE_HYPHENS, join

_BULLET = re.compile(r"^(?:[•▪◦●○■□–‣⁃*\-]\s+|\(?\d{1,2}[.)]\s|\(?[a-z][.)]\s)")
_SIGN_BULLET = re.compile(r"^[•▪◦●○■□‣⁃\x84\uf0b7]\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_LEADERS = re.compile(r"(?:\s?\.){5,}\s*")  # the dots of a table of contents
_NOTE_MARK = re.compile(r"([^\W\d_]{3}|[^\x00-\x7f]|[.,;:!?)\]\"'])\^(\d{1,3})(?!\d)")
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)]?\s|^(?:chapter|bab)\b", re.IGNORECASE)
_HEADING = 1.15  # larger than the body's letters by so much
_NEAR_LINES = 6
_UNSURE = 0.25  # of the column's width: so much room says more than how the sentence goes on
SENTENCE_END = (".", "!", "?", ":", "”", "’", '"', ")", "。", "؟", "।")


def paragraphs(lines: Sequence[Line], body_size: float) -> list[list[Line]]:
    """Lines that belong together; code keeps its lines in one group."""
    gaps = [
        after.down - before.down
        for before, after in pairwise(lines)
        if 0 < after.down - before.down < 3 * max(before.size, body_size, 1.0)
    ]
    usual_gap = median(gaps) if gaps else 0.0
    groups: list[list[Line]] = []
    for index in range(len(lines)):
        is_within = bool(groups) and (
            _wraps_heading(lines[index], groups[-1][-1], body_size)
            or not _begins(lines, index, groups[-1], usual_gap)
        )
        if is_within:
            groups[-1].append(lines[index])
        else:
            groups.append([lines[index]])
    return groups


def _wraps_heading(line: Line, before: Line, body_size: float) -> bool:
    """Whether a line in large letters goes on from the one above: titles have wider lines, and
    are cut by sense rather than where the line is full."""
    return (
        line.size > _HEADING * body_size
        and abs(line.size - before.size) < 0.03 * line.size
        and line.is_bold == before.is_bold
        and 0 < line.down - before.down < 1.35 * line.size
        and not _NUMBERED.match(line.text)
    )


def _begins(page: Sequence[Line], index: int, group: list[Line], usual_gap: float) -> bool:
    """Whether line ``index`` begins a paragraph: after a gap, with a bullet, in letters of
    another size or weight, indented, in the next column, or after a line that had room for its
    first word."""
    line, before = page[index], group[-1]
    gap = line.down - before.down
    if line.is_fixed and before.is_fixed:
        return not 0 < gap < 2.5 * max(usual_gap, line.size)
    if line.is_fixed != before.is_fixed:
        return True
    hyphenated = before.text.endswith(LINE_HYPHENS)
    finished = before.text.endswith(SENTENCE_END)
    if _BULLET.match(line.text) or _SIGN_BULLET.match(line.text):
        return not hyphenated
    if _LEADERS.search(before.text):  # an entry of a table of contents
        return True
    if abs(gap) < 0.5 * usual_gap:  # the same line: a footnote mark, a cell, a formula
        return False
    if abs(line.size - before.size) > 0.1 * max(before.size, 1.0):
        return True
    if gap < 0:  # the next column
        return not hyphenated and (finished or not line.text[0].islower())
    if gap > 1.4 * usual_gap:
        return True
    if _ends_heading(line, before, group):
        return True
    indented = line.left > before.left + max(0.8 * line.size, 4.0)
    return not hyphenated and (
        _had_room(page, index, group, usual_gap) or (indented and finished and len(group) > 1)
    )


def _ends_heading(line: Line, before: Line, group: list[Line]) -> bool:
    """Whether bold lines alone stand before a line that is not bold, or the other way round."""
    if line.is_bold == before.is_bold:
        return False
    if before.is_bold:
        return all(other.is_bold for other in group) and not line.text[0].islower()
    return before.text.endswith(SENTENCE_END)


def _had_room(page: Sequence[Line], index: int, group: list[Line], usual_gap: float) -> bool:
    """Whether the line before ended although the first word of this one would have fitted."""
    line, before = page[index], page[index - 1]
    if line.right < line.left:  # written from right to left: these measures would mislead
        return False
    width = max(line.right - line.left, 0.0)
    word = len(line.text.split(" ", 1)[0]) + 2  # the space before it, and a letter to spare
    needed = width * word / max(len(line.text), 1)
    column = [
        other.right
        for other in [*group[-_NEAR_LINES:], *_below(page, index, usual_gap)]
        if abs(other.left - before.left) < 3 * max(other.size, 1.0)
    ]
    end = max(column, default=before.right)
    if line.text[0].islower() and not before.text.endswith(SENTENCE_END):
        needed += _UNSURE * (end - before.left)  # cut short by hand, for all one can tell
    return before.right + needed < end


def _below(page: Sequence[Line], index: int, usual_gap: float) -> Iterator[Line]:
    """Line ``index`` and the next ones as long as they follow closely: what stands above or
    further down may be as wide as the page, and this a column."""
    yield page[index]
    for before, line in pairwise(page[index : index + _NEAR_LINES]):
        if not 0 < line.down - before.down < 1.6 * usual_gap:
            return
        yield line


def one_text(group: Sequence[Line], words: Counter[str]) -> str:
    """The lines of a paragraph as one."""
    text = group[0].text
    for line in group[1:]:
        text = join(text, line.text, words)
    text = _SIGN_BULLET.sub("- ", text)
    text = _LEADERS.sub(" … ", _CONTROL.sub("", text))
    if "^" in text:
        text = _NOTE_MARK.sub(r"\1[^\2]", text)
    return re.sub(r"[ \t]+", " ", text).strip()


def code_text(group: Sequence[Line]) -> str:
    """Lines in letters of one width, as a block of code that keeps lines and indentation."""
    left = min(line.left for line in group)
    width = median((line.right - line.left) / max(len(line.text), 1) for line in group)
    lines = [
        " " * round((line.left - left) / max(width, 1.0)) + _CONTROL.sub("", line.text)
        for line in group
    ]
    return "\n".join(["```", *lines, "```"])
