"""PDF: the order in which the lines of a page are read.

The order of a page's content is nearly always right, and knows more than geometry does. It is
given up only where it can't be: where lines run across the gap between two columns of prose, or
where it goes back up the page without having moved on to the next column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from laras.sources.documents.pdf_lines import Line

_COLUMN_GAP = 0.9  # of the letters' height
_LONG_SIDE = 18  # characters of prose on either side of the gap
_LEAST_LINES = 5
_MOST_LINES = 2000  # of a page whose order is doubted: more is no page that anyone reads
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True, slots=True)
class _Box:
    lines: tuple[Line, ...]
    left: float
    right: float
    top: float
    bottom: float


def in_reading_order(lines: list[Line]) -> list[Line]:
    """The lines of a page as they are read; those across two columns of prose are cut in two."""
    if len(lines) < 2:
        return lines
    letters = "".join(line.text for line in lines)
    leftwards = len(_RIGHT_TO_LEFT.findall(letters)) > 0.5 * len(letters)
    gutter = _gutter(lines)
    if gutter is not None:
        cut = [part for line in lines for part in _cut(line, gutter)]
        boxes = [_box([line]) for line in cut]
    elif len(lines) <= _MOST_LINES and _goes_back(lines):
        boxes = _blocks(lines)
    else:
        return lines
    return [line for box in _ordered(boxes, leftwards, 0) for line in box.lines]


def by_geometry(lines: Sequence[Line]) -> list[Line]:
    """Lines whose order says nothing (of a picture), from top to bottom, column by column."""
    return [
        line for box in _ordered([_box([line]) for line in lines], False, 0) for line in box.lines
    ]


def _gutter(lines: Sequence[Line]) -> float | None:
    """The middle of the gap between two columns of prose whose lines were drawn side by side."""
    gaps = []
    for line in lines:
        for at, (before, after) in enumerate(pairwise(line.pieces)):
            left_side = sum(len(piece.text) for piece in line.pieces[: at + 1])
            right_side = sum(len(piece.text) for piece in line.pieces[at + 1 :])
            wide = after.left - before.right > _COLUMN_GAP * line.size
            if wide and min(left_side, right_side) >= _LONG_SIDE:
                gaps.append((before.right, after.left))
    if len(gaps) < _LEAST_LINES:
        return None
    place = max(((a + b) / 2 for a, b in gaps), key=lambda x: sum(a < x < b for a, b in gaps))
    through = sum(a < place < b for a, b in gaps)
    return place if through >= max(_LEAST_LINES, 0.25 * len(lines)) else None


def _cut(line: Line, gutter: float) -> list[Line]:
    for at, (before, after) in enumerate(pairwise(line.pieces), 1):
        if before.right < gutter < after.left:
            return [
                replace(
                    line,
                    text=" ".join(piece.text for piece in pieces),
                    left=pieces[0].left,
                    right=pieces[-1].right,
                    pieces=pieces,
                )
                for pieces in (line.pieces[:at], line.pieces[at:])
            ]
    return [line]


def _goes_back(lines: Sequence[Line]) -> bool:
    """Whether the content goes up to stand above what was already there in the same column."""
    for at, (before, line) in enumerate(pairwise(lines), 1):
        if line.down > before.down - 1.5 * max(before.size, line.size):
            continue
        left, right = min(line.left, line.right), max(line.left, line.right)
        for other in lines[:at]:
            if other.down > line.down + line.size:
                shared = min(right, max(other.left, other.right)) - max(
                    left, min(other.left, other.right)
                )
                if shared > 0.2 * max(right - left, 1.0):
                    return True
    return False


def _box(lines: list[Line]) -> _Box:
    return _Box(
        tuple(lines),
        min(min(line.left, line.right) for line in lines),
        max(max(line.left, line.right) for line in lines),
        min(line.down - 0.7 * line.size for line in lines),
        max(line.down + 0.2 * line.size for line in lines),
    )


def _blocks(lines: Sequence[Line]) -> list[_Box]:
    """Lines that stand right below each other in the content, which nothing should part."""
    groups: list[list[Line]] = []
    for line in lines:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and abs(line.size - last.size) <= 0.1 * last.size
            and -0.5 * line.size < line.down - last.down < 1.7 * line.size
            and min(line.right, last.right) > max(line.left, last.left)
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_box(group) for group in groups]


def _ordered(boxes: list[_Box], leftwards: bool, depth: int) -> list[_Box]:
    """Columns one after the other, strips that span them in between: a recursive cut along white
    stripes (Nagy and Seth's X-Y cut), in which strips that share a gutter are first put together,
    so that a gap at the same height in two columns does not part them."""
    if len(boxes) < 2 or depth > 20:
        return boxes
    gutter = _white_stripe(boxes)
    if gutter is not None:
        left = [box for box in boxes if box.right <= gutter]
        right = [box for box in boxes if box.right > gutter]
        sides = (right, left) if leftwards else (left, right)
        return [box for side in sides for box in _ordered(side, leftwards, depth + 1)]
    strips = _strips(boxes)
    if len(strips) == 1:
        return sorted(boxes, key=lambda box: (box.top, box.left))
    together: list[list[_Box]] = []
    for strip in strips:
        if together and _white_stripe(together[-1] + strip) is not None:
            together[-1] = together[-1] + strip
        else:
            together.append(strip)
    if len(together) == 1:
        together = strips
    return [box for strip in together for box in _ordered(strip, leftwards, depth + 1)]


def _white_stripe(boxes: Sequence[_Box]) -> float | None:
    """The middle of the widest white stripe from top to bottom between boxes side by side."""
    best, widest = None, 4.0  # points
    reached = float("-inf")
    for box in sorted(boxes, key=lambda box: box.left):
        if box.left - reached > widest and reached > float("-inf"):
            middle = (reached + box.left) / 2
            if _are_side_by_side(boxes, middle):
                best, widest = middle, box.left - reached
        reached = max(reached, box.right)
    return best


def _are_side_by_side(boxes: Sequence[_Box], gutter: float) -> bool:
    left = [box for box in boxes if box.right <= gutter]
    right = [box for box in boxes if box.right > gutter]
    top = max(min(box.top for box in left), min(box.top for box in right))
    bottom = min(max(box.bottom for box in left), max(box.bottom for box in right))
    return bottom > top


def _strips(boxes: Sequence[_Box]) -> list[list[_Box]]:
    strips: list[list[_Box]] = []
    reached = float("-inf")
    for box in sorted(boxes, key=lambda box: (box.top, box.left)):
        if box.top >= reached - 1.0:
            strips.append([])
        strips[-1].append(box)
        reached = max(reached, box.bottom)
    return strips
