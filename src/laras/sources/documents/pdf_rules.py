"""PDF: the ruling lines of a page, and the grids that they draw.

A line may be a stroke, a thin filled rectangle, an edge of a cell's box, or one of a hundred
segments of a path: all become straight lines here, joined where they continue each other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from laras.sources.documents.pdf_ruler import Frame

_THIN = 3.0  # points
_NEAR = 2.5
_SHORTEST = 8.0
_MOST_OBJECTS = 3000  # a drawing, rather than a table
_MOST_SEGMENTS = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line: its place across its direction (``at``), and where it begins and ends."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The horizontal lines of a page from top to bottom, and the vertical ones from left to right,
    in the frame in which the page is read."""

    horizontal: tuple[Rule, ...] = ()
    vertical: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of ruled cells: the places of its lines, downwards and to the right."""

    downs: tuple[float, ...]
    alongs: tuple[float, ...]


def rules_of(page: Any, frame: Frame) -> Rules:
    """The ruling lines of a page of pypdfium2."""
    from pypdfium2 import raw

    boxes: list[tuple[float, float, float, float]] = []
    for number, path in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if number >= _MOST_OBJECTS:
            return Rules()
        boxes.extend(_boxes(path))
    horizontal: list[Rule] = []
    vertical: list[Rule] = []
    for left, bottom, right, top in boxes:
        along = sorted((frame.along(left, bottom), frame.along(right, top)))
        down = sorted((frame.down(left, bottom), frame.down(right, top)))
        wide, high = along[1] - along[0], down[1] - down[0]
        if high <= _THIN or wide > _THIN:
            horizontal += [
                Rule(at, *along) for at in ({down[0], down[1]} if high > _THIN else down[:1])
            ]
        if wide <= _THIN or high > _THIN:
            vertical += [
                Rule(at, *down) for at in ({along[0], along[1]} if wide > _THIN else along[:1])
            ]
    return Rules(_joined(horizontal), _joined(vertical))


def _boxes(path: Any) -> Iterable[tuple[float, float, float, float]]:
    """The path's straight segments, each as left, bottom, right, top; else its bounds."""
    from pypdfium2 import raw

    count = raw.FPDFPath_CountSegments(path.raw)
    if count > _MOST_SEGMENTS:
        return []
    if count <= 5:  # a line, or a rectangle
        return [path.get_bounds()]
    matrix = path.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    segments = []
    before: tuple[float, float] | None = None
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(path.raw, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        here = matrix.on_point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_BEZIERTO:
            return []
        if kind == raw.FPDF_SEGMENT_LINETO and before is not None:
            (a, b), (c, d) = before, here
            if min(abs(a - c), abs(b - d)) <= _THIN:
                segments.append((min(a, c), min(b, d), max(a, c), max(b, d)))
        before = here
    return segments


def _joined(rules: list[Rule]) -> tuple[Rule, ...]:
    """Lines that lie on each other or go on from each other as one."""
    joined: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.at / _NEAR), rule.start)):
        last = joined[-1] if joined else None
        if last and abs(last.at - rule.at) <= _NEAR and rule.start <= last.end + _NEAR:
            joined[-1] = Rule(last.at, last.start, max(last.end, rule.end))
        else:
            joined.append(rule)
    long_enough = (rule for rule in joined if rule.end - rule.start >= _SHORTEST)
    return tuple(sorted(long_enough, key=lambda rule: (rule.at, rule.start)))


def grids_in(rules: Rules) -> list[Grid]:
    """Grids of at least two rows and two columns, whose lines meet."""
    grids: list[Grid] = []
    open_rules = list(rules.horizontal)
    while open_rules:
        first = open_rules.pop(0)
        group = [first]
        for rule in list(open_rules):
            if _same_extent(rule, first) and _are_tied(group[-1], rule, rules.vertical):
                group.append(rule)
                open_rules.remove(rule)
        top, bottom = group[0].at, group[-1].at
        if bottom - top < _SHORTEST:
            continue
        inside = [
            rule
            for rule in rules.horizontal
            if top < rule.at < bottom
            and _lies_within(rule, first)
            and _length(rule) > 0.3 * _length(first)
        ]
        downs = _distinct([rule.at for rule in group + inside])
        inner = [
            rule.at
            for rule in rules.vertical
            if rule.start < bottom - _NEAR
            and rule.end > top + _NEAR
            and first.start + _NEAR < rule.at < first.end - _NEAR
            and min(rule.end, bottom) - max(rule.start, top) > 0.3 * (bottom - top)
        ]
        alongs = _distinct([first.start, *inner, first.end])
        if len(downs) >= 3 and len(alongs) >= 3:
            grids.append(Grid(downs, alongs))
    return grids


def _length(rule: Rule) -> float:
    return rule.end - rule.start


def _same_extent(rule: Rule, other: Rule) -> bool:
    near = 2 * _NEAR
    return abs(rule.start - other.start) <= near and abs(rule.end - other.end) <= near


def _lies_within(rule: Rule, other: Rule) -> bool:
    return rule.start >= other.start - _NEAR and rule.end <= other.end + _NEAR


def _are_tied(upper: Rule, lower: Rule, vertical: tuple[Rule, ...]) -> bool:
    """Whether a vertical line leads from one to the other."""
    return any(
        rule.start <= upper.at + _NEAR
        and rule.end >= lower.at - _NEAR
        and upper.start - _NEAR <= rule.at <= upper.end + _NEAR
        for rule in vertical
    )


def _distinct(places: list[float]) -> tuple[float, ...]:
    distinct: list[float] = []
    for place in sorted(places):
        if not distinct or place - distinct[-1] > _THIN:
            distinct.append(place)
    return tuple(distinct)
