"""Lines on pages to running text: headers and footers dropped, words and paragraphs rejoined.

A PDF knows where letters stand, not what belongs together. What is used here: the distance
between lines, the size of their letters, where they begin and end, and what repeats on pages.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_EDGE_SHARE = 0.12  # header and footer stand in the outer eighth of a page
_EDGE_LINES = 4
_REPEATED_SHARE = 0.4  # left and right pages may have headers of their own
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:(?:page|halaman|hal|hlm)\b[\s.]*)?#[\W_]*(?:(?:of|dari|/)\s*#)?[\W_]*$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^(?:[•▪◦●○■□–‣⁃*\-]\s+|\(?\d{1,2}[.)]\s|\(?[a-z][.)]\s)")
_SIGN_BULLET = re.compile(r"^[•▪◦●○■□‣⁃\x84\uf0b7]\s*")
_SENTENCE_END = (".", "!", "?", ":", "”", "’", '"', ")", "。", "؟", "।")
_LINE_HYPHENS = ("\ufffe", "\x02", "\xad", "-", "\u2010")
_CERTAIN_HYPHENS = ("\ufffe", "\x02", "\xad")
_LAST_WORD = re.compile(r"(\w+)$")
_FIRST_WORD = re.compile(r"^(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_LEADERS = re.compile(r"(?:\s?\.){5,}\s*")  # the dots of a table of contents
_MAX_HEADING = 120
_NEAR_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its text, its left and right end, its distance from the page's top (points), the
    size of its letters, and its place on the page (0 top, 1 bottom)."""

    text: str
    left: float
    right: float
    down: float
    size: float
    place: float


@dataclass(frozen=True, slots=True)
class JoinedPages:
    """Running text, the offset in it at which each page begins, and its first heading."""

    text: str
    page_starts: tuple[int, ...]
    first_heading: str


def join_pages(pages: list[list[Line]]) -> JoinedPages:
    """The text of ``pages``: paragraphs apart by a blank line, headings as ``#`` lines."""
    kept = _without_running_lines(pages)
    words = Counter(
        word.lower() for page in kept for line in page for word in _WORD.findall(line.text)
    )
    body_size, heading_sizes = _sizes(kept)
    paragraphs: list[str] = []
    starts: list[int] = []
    length = 0
    first_heading = ""
    unfinished = False  # the paragraph before may go on, on this page

    def add(text: str) -> None:
        nonlocal length
        length += len(text) + (2 if paragraphs else 0)
        paragraphs.append(text)

    for page in kept:
        starts.append(length + (2 if paragraphs else 0))
        for group in _paragraphs(page, body_size):
            level = _heading_level(group, heading_sizes)
            text = _one_text(group, words)
            if not text:
                continue
            if level:
                first_heading = first_heading or text
                add("#" * level + " " + text)
                unfinished = False
                continue
            if unfinished and text[0].islower():
                joined = _join(paragraphs[-1], text, words)
                length += len(joined) - len(paragraphs[-1])
                starts[-1] = min(starts[-1], length - len(text)) if starts else 0
                paragraphs[-1] = joined
            else:
                add(text)
            unfinished = False
        unfinished = bool(paragraphs) and _may_go_on(paragraphs[-1])
    text = "\n\n".join(paragraphs)
    return JoinedPages(text, tuple(min(start, len(text)) for start in starts), first_heading)


def _may_go_on(paragraph: str) -> bool:
    return not paragraph.endswith(_SENTENCE_END) and not paragraph.startswith("#")


def _without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages without headers, footers and page numbers: what stands at the edge, repeatedly."""
    counts: Counter[str] = Counter()
    with_text = sum(bool(page) for page in pages)
    for page in pages:
        counts.update({_pattern(line.text) for line in page if _is_at_edge(line, page)})
    often = max(3, _REPEATED_SHARE * with_text)

    def is_running(line: Line, page: list[Line]) -> bool:
        if not _is_at_edge(line, page):
            return False
        pattern = _pattern(line.text)
        number = with_text > 1 and _PAGE_NUMBER.match(pattern) is not None
        return number or counts[pattern] >= often

    return [[line for line in page if not is_running(line, page)] for page in pages]


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", text).strip().lower()


def _is_at_edge(line: Line, page: list[Line]) -> bool:
    if _EDGE_SHARE < line.place < 1 - _EDGE_SHARE:
        return False
    upper = line.place < 0.5
    beyond = sum(
        (other.place < line.place) if upper else (other.place > line.place) for other in page
    )
    return beyond < _EDGE_LINES


def _sizes(pages: list[list[Line]]) -> tuple[float, list[float]]:
    """The size of the body's letters, and the larger ones, from large to small."""
    weights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            weights[round(line.size, 1)] += len(line.text)
    if not weights:
        return 0.0, []
    body = max(weights, key=lambda size: weights[size])
    total = sum(weights.values())
    # Letters larger than the body's are headings where they are few.
    larger = [
        size for size, weight in weights.items() if size >= 1.15 * body and weight < 0.15 * total
    ]
    return body, sorted(larger, reverse=True)


def _heading_level(group: list[Line], heading_sizes: list[float]) -> int:
    text = " ".join(line.text for line in group)
    size = round(group[0].size, 1)
    if size not in heading_sizes or len(text) > _MAX_HEADING:
        return 0
    if sum(character.isalpha() for character in text) < 0.4 * len(text):
        return 0
    return min(heading_sizes.index(size) + 1, 3)


def _paragraphs(page: list[Line], body_size: float) -> list[list[Line]]:
    """Lines that belong together."""
    gaps = [
        after.down - before.down
        for before, after in pairwise(page)
        if 0 < after.down - before.down < 3 * max(before.size, body_size, 1.0)
    ]
    usual_gap = median(gaps) if gaps else 0.0
    groups: list[list[Line]] = []
    for index, line in enumerate(page):
        if groups and not _begins(page, index, groups[-1], usual_gap):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _begins(page: list[Line], index: int, group: list[Line], usual_gap: float) -> bool:
    """Whether line ``index`` begins a paragraph: after a gap, with a bullet, in letters of
    another size, indented, in the next column, or after a line that had room for its first word.
    """
    line, before = page[index], group[-1]
    gap = line.down - before.down
    hyphenated = before.text.endswith(_LINE_HYPHENS)
    finished = before.text.endswith(_SENTENCE_END)
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
    indented = line.left > before.left + max(0.8 * line.size, 4.0)
    return not hyphenated and (_had_room(page, index) or (indented and finished and len(group) > 1))


def _had_room(page: list[Line], index: int) -> bool:
    """Whether the line before ended although the first word of this one would have fitted."""
    line, before = page[index], page[index - 1]
    if line.right < line.left:  # written from right to left: these measures would mislead
        return False
    width = max(line.right - line.left, 0.0)
    word = len(line.text.split(" ", 1)[0]) + 2  # the space before it, and a letter to spare
    needed = width * word / max(len(line.text), 1)
    near = page[max(index - _NEAR_LINES, 0) : index + _NEAR_LINES]
    column = [
        other.right for other in near if abs(other.left - before.left) < 3 * max(other.size, 1.0)
    ]
    return before.right + needed < max(column, default=before.right)


def _one_text(group: list[Line], words: Counter[str]) -> str:
    text = group[0].text
    for line in group[1:]:
        text = _join(text, line.text, words)
    text = _SIGN_BULLET.sub("- ", text)
    text = _LEADERS.sub(" … ", _CONTROL.sub("", text))
    return re.sub(r"[ \t]+", " ", text).strip()


def _join(before: str, after: str, words: Counter[str]) -> str:
    """Two lines as one. A hyphen at the end of the line goes where it only broke the word."""
    if not before.endswith(_LINE_HYPHENS):
        return f"{before} {after}"
    stem, hyphen = before[:-1], before[-1]
    left, right = _LAST_WORD.search(stem), _FIRST_WORD.match(after)
    if left is None or right is None:
        return f"{before} {after}" if hyphen not in _CERTAIN_HYPHENS else stem + after
    whole = (left.group(1) + right.group(1)).lower()
    compound = f"{left.group(1)}-{right.group(1)}".lower()
    if words[whole] or words[compound]:
        keeps = words[compound] > words[whole]
    else:
        keeps = _is_compound(left.group(1), right.group(1))
    return f"{stem}-{after}" if keeps else stem + after


def _is_compound(left: str, right: str) -> bool:
    """Whether the hyphen belongs to the word: before a capital or a digit, between parts of
    which one repeats the other (Indonesian anak-anak, berjalan-jalan, buku-bukunya)."""
    if not right[0].islower() or left[-1].isdigit():
        return True
    a, b = left.lower(), right.lower()
    return len(a) > 2 and len(b) > 2 and (b.startswith(a) or a.endswith(b) or a.endswith(b[:4]))
