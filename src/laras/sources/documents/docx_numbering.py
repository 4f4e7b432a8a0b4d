"""Numbers and bullets of lists in DOCX, as Word shows them ("1.", "2.3", "a)").

Word stores no number with a paragraph, only which list and level it belongs to. A definition
(``abstractNum``) says how the levels look; lists (``num``) that share one go on counting each
other's items, unless they say where to start anew. ECMA-376 part 1, 17.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{W}val"
_PLACE = re.compile(r"%([1-9])")
_MAX_COUNT = 100_000
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str = "bullet"
    pattern: str = ""
    start: int = 1


@dataclass(slots=True)
class _List:
    definition: str
    levels: dict[int, _Level] = field(default_factory=dict)
    starts_anew: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists of one document, and how far each has been counted."""

    def __init__(self, root: Any | None) -> None:
        self._lists = dict(_lists(root)) if root is not None else {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def next_label(self, list_id: str, level: int) -> str:
        """What stands before the next item of a list at a level, counted from 0: ``-`` for a
        bullet, ``""`` where nothing does."""
        found = self._lists.get(list_id)
        if found is None:
            return "-"
        shape = found.levels.get(level, _Level())
        if shape.kind == "bullet":
            return "-"
        counts = self._counts.setdefault(found.definition, {})
        if level in found.starts_anew and (list_id, level) not in self._begun:
            counts[level] = found.starts_anew[level]
        else:
            counts[level] = min(counts.get(level, shape.start - 1) + 1, _MAX_COUNT)
        self._begun.add((list_id, level))
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]

        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            other = found.levels.get(at, _Level("decimal"))
            return _written(counts.setdefault(at, other.start), other.kind)

        return _PLACE.sub(number, shape.pattern).strip()


def _lists(root: Any) -> Iterator[tuple[str, _List]]:
    definitions: dict[str, dict[int, _Level]] = {}
    styled: dict[str, str] = {}  # name of a list style: the definition that is made for it
    borrowed: dict[str, str] = {}  # definition: the list style that it takes its levels from
    for definition in root.iterchildren(f"{W}abstractNum"):
        name = definition.get(f"{W}abstractNumId", "")
        definitions[name] = dict(_levels(definition))
        if value_of(definition, "styleLink"):
            styled[value_of(definition, "styleLink")] = name
        if value_of(definition, "numStyleLink"):
            borrowed[name] = value_of(definition, "numStyleLink")
    for number in root.iterchildren(f"{W}num"):
        name = value_of(number, "abstractNumId")
        name = styled.get(borrowed[name], name) if name in borrowed else name
        found = _List(name, dict(definitions.get(name, {})))
        for override in number.iterchildren(f"{W}lvlOverride"):
            level = integer(override.get(f"{W}ilvl"))
            found.levels.update(_levels(override))
            start = override.find(f"{W}startOverride")
            if start is not None:
                found.starts_anew[level] = integer(start.get(_VAL))
        yield number.get(f"{W}numId", ""), found


def _levels(definition: Any) -> Iterator[tuple[int, _Level]]:
    for level in definition.iterchildren(f"{W}lvl"):
        kind = value_of(level, "numFmt") or "decimal"
        start = level.find(f"{W}start")
        first = 1 if start is None else integer(start.get(_VAL))
        yield integer(level.get(f"{W}ilvl")), _Level(kind, value_of(level, "lvlText"), first)


def value_of(element: Any, name: str) -> str:
    """The value of a child that has one, else ""."""
    child = element.find(f"{W}{name}")
    return "" if child is None else str(child.get(_VAL, ""))


def integer(value: str | None) -> int:
    """A small whole number, 0 for anything else."""
    return int(value[:5]) if value and value.isdecimal() else 0


def _written(count: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter") and count > 0:
        # After z come aa, bb, cc.
        letter = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        digits = ""
        for value, sign in _ROMAN:
            digits += sign * (count // value)
            count %= value
        return digits if kind == "lowerRoman" else digits.upper()
    if kind == "decimalZero":
        return f"{count:02}"
    return "" if kind == "none" else str(count)
