"""JSON as it is defined, read value by value: each with its line, or why there is none.

Python's parser takes more than JSON has (NaN, 1e999, half a surrogate pair) and fails in its own
ways on the rest (deep nesting, numbers of 5,000 digits). All of that is a bad value here.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from laras.sources.encoding import normalised_newlines

_MAX_DIGITS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r]*")
_ASCII_ONLY = re.compile(rb"\A[\x00-\x7f]*\Z")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value and the line on which it begins; ``reason`` and ``fact``: why there is no value.

    ``item`` is its number in a list, of which many may stand on one line; ``line`` is 0 for the
    value that is the whole file.
    """

    line: int
    value: Any = None
    fact: str = ""
    item: int = 0
    reason: str = "bad-json"
    under: str = ""  # the key that the recipe names behind a "#"

    @property
    def locator(self) -> str:
        """Where it stands, different for each value of a file."""
        places = (
            self.under,
            f"item {self.item}" if self.item else "",
            f"line {self.line}" if self.line else "",
        )
        return ", ".join(filter(None, places))


def lines(text: str) -> Iterator[Parsed | None]:
    """Each line parsed; None for a blank one. Only ``\\n`` ends one: a string may hold U+2028."""
    for number, line in enumerate(text.rstrip().split("\n"), 1):
        yield parse(line, number) if line.strip() else None


def byte_lines(data: bytes) -> Iterator[Parsed | None]:
    for number, line in enumerate(data.rstrip().split(b"\n"), 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield Parsed(number, fact=f"0x{line[error.start]:02x} is not UTF-8")
            continue
        yield parse(normalised_newlines(text), number) if text.strip() else None


def is_mostly_utf8(data: bytes) -> bool:
    """Whether more of the lines beyond ASCII are UTF-8 than are not, or hold a NUL."""
    good = bad = 0
    for line in data.split(b"\n"):
        if _ASCII_ONLY.match(line):
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
    return good >= bad


def items_of(text: str, start: int, *, is_whole: bool = True) -> Iterator[Parsed | None]:
    """Items of the list that begins at ``start``, each with its line. After an item that is no
    JSON at all, where the next one begins is anyone's guess: reading ends there. ``is_whole``:
    nothing may follow the list."""
    at = skip_space(text, start + 1)
    line, counted, number = 1, 0, 0
    if text[at : at + 1] == "]":
        return
    while True:
        line, counted, number = line + text.count("\n", counted, at), at, number + 1
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Parsed(line, fact=_fact(error), item=number)
            return
        yield replace(_checked(value, line), item=number)
        at = skip_space(text, at)
        mark = text[at : at + 1]
        if mark == ",":
            at = skip_space(text, at + 1)
            continue
        if mark != "]" or (is_whole and skip_space(text, at + 1) < len(text)):
            line += text.count("\n", counted, at)
            yield Parsed(
                line, item=number + 1, fact="',' or ']' expected" if mark != "]" else "extra data"
            )
        return


def values_under(text: str, fragment: str) -> Iterator[Parsed | None]:
    """The items of the list, or the one value, that stands under ``fragment``: a key, or several
    with ``/`` between them (RFC 6901)."""
    at, line = skip_space(text, 0), 1
    try:
        for name in fragment.removeprefix("/").split("/"):
            at = _value_of(text, at, name.replace("~1", "/").replace("~0", "~"))
        if text[at : at + 1] == "[":
            items = items_of(text, at, is_whole=False)
            yield from (item and replace(item, under=fragment) for item in items)
            return
        line += text.count("\n", 0, at)
        value, _end = _DECODER.raw_decode(text, at)
    except KeyError:
        yield Parsed(line, fact=repr(fragment[:40]), under=fragment, reason="no-such-key")
        return
    except (ValueError, RecursionError) as error:
        yield Parsed(line, fact=_fact(error), under=fragment)
        return
    yield replace(_checked(value, line), under=fragment)


def _value_of(text: str, start: int, key: str) -> int:
    """Where in the object that begins at ``start`` the value of ``key`` begins."""
    at, mark = start, "{"
    while text[at : at + 1] == mark:
        name, at = _DECODER.raw_decode(text, skip_space(text, at + 1))
        at = skip_space(text, at)
        if not isinstance(name, str) or text[at : at + 1] != ":":
            break
        at = skip_space(text, at + 1)
        if name == key:
            return at
        _value, at = _DECODER.raw_decode(text, at)
        at, mark = skip_space(text, at), ","
    raise KeyError(key)


def skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def begins_with_object_line(text: str) -> bool:
    """Whether the first line is an object by itself: JSON lines under another name."""
    first = text.lstrip().split("\n", 1)[0]
    return first.startswith("{") and not parse(first, 1).fact


def parse(text: str, line: int) -> Parsed:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        inner = error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0
        return Parsed(line + inner, fact=_fact(error))
    return _checked(value, line)


def _fact(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


class _Unusable:
    """Stands in a parsed value for a number that JSON does not have, until its row is checked."""

    def __init__(self, text: str) -> None:
        self.text = text[:20]


class _Duplicate:
    """Stands for an object with a key twice, of which Python's parser would keep the last."""

    def __init__(self, key: str) -> None:
        self.key = key[:40]


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    (most, _times), *_others = Counter(key for key, _value in pairs).most_common(1)
    return _Duplicate(most)


def _whole_number(text: str) -> Any:
    return int(text) if len(text) <= _MAX_DIGITS else _Unusable(text)


def _number(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else _Unusable(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_Unusable,
    parse_int=_whole_number,
    parse_float=_number,
)


def _checked(value: Any, line: int) -> Parsed:
    """The value, if its numbers are finite, its texts whole and its keys different."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\0" in item:
                return Parsed(line, fact="NUL")
            if _SURROGATE.search(item):
                return Parsed(line, fact="lone surrogate")
        elif isinstance(item, _Unusable):
            return Parsed(line, fact=item.text)
        elif isinstance(item, _Duplicate):
            return Parsed(line, fact=repr(item.key), reason="duplicate-keys")
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return Parsed(line, value)
