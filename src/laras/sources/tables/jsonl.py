"""JSON and JSON lines: a row a line, or a list of rows; each bad one named by its line.

Python's parser takes more than JSON has (NaN, 1e999, half a surrogate pair) and fails in its own
ways on the rest (deep nesting, numbers of 5,000 digits). All of that is a bad row here.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from laras.sources.context import READERS, FileContext, Record
from laras.sources.encoding import UndecodableError, decode, normalised_newlines
from laras.sources.tables.rows import read_row

_MAX_DIGITS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r]*")
_LIST_KEYS = ("data", "rows", "examples", "items", "records", "dialogues", "conversations", "train")
_ASCII_ONLY = re.compile(rb"\A[\x00-\x7f]*\Z")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A value and the line on which it begins; ``reason`` and ``fact``: why there is no value.

    ``item`` is its number in a list, of which many may stand on one line.
    """

    line: int
    value: Any = None
    fact: str = ""
    item: int = 0
    reason: str = "bad-json"

    @property
    def locator(self) -> str:
        """Where it stands, different for each value of a file."""
        return f"item {self.item}, line {self.line}" if self.item else f"line {self.line}"


def read_jsonl(context: FileContext) -> Iterator[Record]:
    """A record for each line."""
    data = context.read_bytes()
    try:
        decoded = decode(data)
    except UndecodableError as error:
        # Lines stand for themselves: where most are UTF-8, only the others are lost.
        if not _is_mostly_utf8(data):
            yield context.rejection("bad-encoding", fact=error.fact)
            return
        yield from _records(_byte_lines(data), context)
        return
    if decoded.guessed:
        yield context.note("guessed-encoding", fact=decoded.encoding)
    yield from _records(_lines(decoded.text), context)


def read_json(context: FileContext) -> Iterator[Record]:
    """A record for each item of a list, or for the one object that the file is."""
    try:
        decoded = decode(context.read_bytes())
    except UndecodableError as error:
        yield context.rejection("bad-encoding", fact=error.fact)
        return
    if decoded.guessed:
        yield context.note("guessed-encoding", fact=decoded.encoding)
    text = decoded.text
    start = _skip_space(text, 0)
    if start < len(text) and text[start] == "[":
        yield from _records(_items(text, start), context)
        return
    whole = _parse(text, 1)
    if whole.fact and _begins_with_object_line(text):
        yield from _records(_lines(text), context)
    else:
        yield from _records(iter([whole] if text.strip() else []), context)


def _records(parsed: Iterator[_Parsed | None], context: FileContext) -> Iterator[Record]:
    blank = empty = True
    blank_lines = 0
    first_blank = 0
    for number, item in enumerate(parsed, 1):
        if item is None:
            blank_lines += 1
            first_blank = first_blank or number
            continue
        empty = False
        if item.fact:
            yield context.rejection(item.reason, item.locator, item.fact)
            continue
        if item.item == 1 and not _may_be_row(item.value, context):
            # A list of something else altogether (names, numbers): that is said once.
            yield context.rejection("unknown-shape", fact=type(item.value).__name__)
            return
        blank = False
        yield from _value(item.value, item.locator, context)
    if empty:
        yield context.rejection("empty")
    elif blank_lines and not blank:
        yield context.note("blank-line", f"line {first_blank}", str(blank_lines))


def _may_be_row(value: Any, context: FileContext) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and context.reads_texts)


def _value(value: Any, locator: str, context: FileContext) -> Iterator[Record]:
    if isinstance(value, str) and context.reads_texts:
        value = {"text": value}
    if isinstance(value, dict):
        rows = _rows_within(value)
        if rows is None:
            yield from read_row(value, locator, context)
            return
        for name, row in rows:
            yield from read_row(row, f"{locator}, {name}", context)
    else:
        yield context.rejection("unknown-shape", locator, type(value).__name__)


def _rows_within(value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]] | None:
    """Rows that an object wraps: in a list under a customary key, or each under a key of its own.
    None where the object is a row itself."""
    for key in _LIST_KEYS:
        items = value.get(key)
        holds_rows = isinstance(items, list) and all(isinstance(item, dict) for item in items)
        if not holds_rows or not items:
            continue
        # A conversation is a list of objects too: of messages, which have a speaker and a text.
        if any(isinstance(inner, list | dict) for inner in items[0].values()) or key == "data":
            return [(f"{key} {number}", item) for number, item in enumerate(items, 1)]
    if len(value) > 1 and all(isinstance(item, dict) for item in value.values()):
        return list(value.items())
    return None


def _lines(text: str) -> Iterator[_Parsed | None]:
    """Each line parsed; None for a blank one. Only ``\\n`` ends one: a string may hold U+2028."""
    for number, line in enumerate(text.rstrip().split("\n"), 1):
        yield _parse(line, number) if line.strip() else None


def _byte_lines(data: bytes) -> Iterator[_Parsed | None]:
    for number, line in enumerate(data.rstrip().split(b"\n"), 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield _Parsed(number, fact=f"0x{line[error.start]:02x} is not UTF-8")
            continue
        yield _parse(normalised_newlines(text), number) if text.strip() else None


def _is_mostly_utf8(data: bytes) -> bool:
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


def _items(text: str, start: int) -> Iterator[_Parsed | None]:
    """Items of the list that begins at ``start``, each with its line. After an item that is no
    JSON at all, where the next one begins is anyone's guess: reading ends there."""
    at = _skip_space(text, start + 1)
    line, counted, number = 1, 0, 0
    if text[at : at + 1] == "]":
        return
    while True:
        line, counted, number = line + text.count("\n", counted, at), at, number + 1
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield _Parsed(line, fact=_fact(error), item=number)
            return
        yield replace(_checked(value, line), item=number)
        at = _skip_space(text, at)
        mark = text[at : at + 1]
        if mark == ",":
            at = _skip_space(text, at + 1)
            continue
        rest = text[_skip_space(text, at + 1) :]
        if mark != "]" or rest:
            line += text.count("\n", counted, at)
            yield _Parsed(
                line, item=number + 1, fact="',' or ']' expected" if mark != "]" else "extra data"
            )
        return


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _begins_with_object_line(text: str) -> bool:
    """Whether the first line is an object by itself: JSON lines under another name."""
    first = text.lstrip().split("\n", 1)[0]
    return first.startswith("{") and not _parse(first, 1).fact


def _parse(text: str, line: int) -> _Parsed:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        inner = error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0
        return _Parsed(line + inner, fact=_fact(error))
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


def _checked(value: Any, line: int) -> _Parsed:
    """The value, if its numbers are finite, its texts whole and its keys different."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\0" in item:
                return _Parsed(line, fact="NUL")
            if _SURROGATE.search(item):
                return _Parsed(line, fact="lone surrogate")
        elif isinstance(item, _Unusable):
            return _Parsed(line, fact=item.text)
        elif isinstance(item, _Duplicate):
            return _Parsed(line, fact=repr(item.key), reason="duplicate-keys")
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return _Parsed(line, value)


READERS.register("jsonl", read_jsonl)
READERS.register("ndjson", read_jsonl)
READERS.register("json", read_json)
