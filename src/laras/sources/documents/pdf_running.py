"""PDF: what runs along the edges of pages: headers, footers, page numbers, stamps in the margin.

Told by what repeats at the edges of pages, and by a number there that counts with the pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from laras.sources.documents.pdf_lines import Line

_EDGE_SHARE = 0.14  # header and footer stand in the outer seventh of a page
_EDGE_LINES = 4
_REPEATED_SHARE = 0.2  # left and right pages, and chapters, may have headers of their own
_COUNTED_SHARE = 0.3
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:(?:page|halaman|hal|hlm)\b[\s.]*)?#[\W_]*(?:(?:of|dari|/)\s*#)?[\W_]*$",
    re.IGNORECASE,
)
_OUTER_NUMBER = re.compile(r"^(\d{1,4})\b|\b(\d{1,4})$")

PAGE_NUMBERS = "page numbers"
HEADERS = "headers and footers"
MARGINS = "text in the margin"


def without_running_lines(
    pages: Sequence[Sequence[Line]],
) -> tuple[list[list[Line]], Counter[str]]:
    """Pages without what runs along their edges, and how many lines of each kind that were."""
    counts: Counter[tuple[str, int]] = Counter()
    left_out: Counter[str] = Counter()
    with_text = sum(bool(page) for page in pages)
    at_edge = [[line for line in page if _is_at_edge(line, page)] for page in pages]
    for edge in at_edge:
        counts.update({key for line in edge for key in _keys(line)})
    often = max(3, _REPEATED_SHARE * with_text)
    offset = _page_offset(at_edge, with_text)
    body = _usual_size(pages)
    kept: list[list[Line]] = []
    for number, page in enumerate(pages):
        outer = set(at_edge[number])
        sideways = [line for line in page if not line.is_upright]
        lines: list[Line] = []
        for line in page:
            kind = ""
            if line in outer and line.is_upright:
                repeated = max(counts[key] for key in _keys(line))
                if with_text > 1 and _PAGE_NUMBER.match(_pattern(line.text)):
                    kind = PAGE_NUMBERS
                elif (
                    repeated >= often
                    or (offset is not None and number + offset in _outer_numbers(line))
                    or (_outer_numbers(line) and _stands_off(line, page, body))
                ):
                    kind = HEADERS
            elif not line.is_upright and (line.left < 0.1 * line.right or len(sideways) == 1):
                # Not the turned heads of a table's columns, of which there are several.
                kind = MARGINS
            if kind:
                left_out[kind] += 1
            else:
                lines.append(line)
        kept.append(lines)
    return kept, left_out


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", text).strip().lower()


def _keys(line: Line) -> tuple[tuple[str, int], tuple[str, int]]:
    """What a line says and how far down it stands; at two heights, for it may lie between them."""
    text = _pattern(line.text)
    return (text, int(line.down // 6)), (text, -int((line.down + 3) // 6) - 1)


def _is_at_edge(line: Line, page: Sequence[Line]) -> bool:
    if _EDGE_SHARE < line.place < 1 - _EDGE_SHARE:
        return False
    upper = line.place < 0.5
    beyond = sum(
        (other.place < line.place) if upper else (other.place > line.place) for other in page
    )
    return beyond < _EDGE_LINES


def _outer_numbers(line: Line) -> list[int]:
    """The numbers with which a line begins or ends."""
    return [int(first or last) for first, last in _OUTER_NUMBER.findall(line.text)]


def _page_offset(at_edge: Sequence[Sequence[Line]], with_text: int) -> int | None:
    """What to add to a page's place in the file (from 0) for the number printed on it, where
    enough pages bear one that counts with them."""
    votes: Counter[int] = Counter()
    for number, edge in enumerate(at_edge):
        votes.update({found - number for line in edge for found in _outer_numbers(line)})
    if not votes:
        return None
    offset, pages = min(votes.items(), key=lambda vote: (-vote[1], abs(vote[0])))
    return offset if pages >= max(2, _COUNTED_SHARE * with_text) else None


def _usual_size(pages: Sequence[Sequence[Line]]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.text)
    return max(sizes, key=lambda size: sizes[size]) if sizes else 0.0


def _stands_off(line: Line, page: Sequence[Line], body: float) -> bool:
    """Whether a line is the outermost, in smaller letters than the body, and well apart from it."""
    others = [other.down for other in page if abs(other.down - line.down) > 1.0]
    if not others or line.size > 0.95 * body:
        return False
    upper = line.place < 0.5
    nearest = min(others) - line.down if upper else line.down - max(others)
    return nearest > 1.8 * line.size
