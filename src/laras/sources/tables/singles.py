"""Tables and lists whose rows are single messages: who wrote what, when, in which conversation.

The recipe's columns say which is which (``author``, ``time``, ``thread``, ``text``, ``rating``,
``group``), or customary names do. The rows become conversations like those of any chat export.
With ``messages`` among the columns, the messages stand in a list within each row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from laras.records import Dialogue, Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.content import says_something, text_of
from laras.sources.conversations.fields import identifier, keys_told, milliseconds, name, seconds
from laras.sources.conversations.messages import ChatMessage, Role
from laras.sources.conversations.role_words import CUSTOMERS, STAFF
from laras.sources.conversations.sessions import dialogues
from laras.sources.conversations.turns import weight_in
from laras.sources.extraction import RefusedError
from laras.sources.tables.json_rows import with_inner
from laras.sources.tables.ratings import Scale
from laras.sources.tables.shapes import MessageShape, message_shape_of, shape_of

_TO_US = "end_user end-user incoming inbound in received masuk"
_FROM_US = "outgoing outbound out sent keluar"
_ROLES: dict[str, Role] = {
    **dict.fromkeys([*CUSTOMERS, *_TO_US.split()], "user"),
    **dict.fromkeys([*STAFF, *_FROM_US.split()], "assistant"),
    "system": "system",
    "developer": "system",
    "tool": "tool",
}
_LATEST_SECONDS = 1e11  # a larger number counts milliseconds: in seconds it were the year 5138

Item = tuple[str, Any] | Rejection


def are_messages(row: Mapping[str, Any], context: FileContext) -> bool:
    """Whether rows like this one are single messages, or hold lists of them that the recipe's
    columns describe."""
    columns = context.source.columns
    if context.reads_texts:
        return False
    if columns.messages:
        return bool(columns.author or columns.text)
    if message_shape_of(row, columns) is None:
        return False
    if columns.author or columns.time or columns.thread:
        return True
    # Guessed: only where chats are expected, and the row is nothing else.
    shape = shape_of(row, columns)
    whole = (shape.messages and isinstance(row.get(shape.messages), list)) or shape.answer
    return context.source.kind == "conversations" and not whole


def read_messages(items: Iterable[Item], context: FileContext) -> Iterator[Dialogue | Rejection]:
    """The conversations that rows of single messages make, and what could not be read."""
    yield from dialogues(_in_order(_messages(items, context)), context)


def _in_order(found: Iterable[ChatMessage | Rejection]) -> Iterator[ChatMessage | Rejection]:
    """Messages by their time, where all have one: tables may begin with the latest."""
    messages: list[ChatMessage] = []
    for item in found:
        if isinstance(item, Rejection):
            yield item
        else:
            messages.append(item)
    timed = [message for message in messages if message.time is not None]
    if len(timed) == len(messages):
        messages.sort(key=lambda message: message.time or 0.0)
    yield from messages


def _messages(items: Iterable[Item], context: FileContext) -> Iterator[ChatMessage | Rejection]:
    columns = context.source.columns
    rows: list[tuple[str, Mapping[str, Any], str]] = []
    for item in items:
        if isinstance(item, Rejection):
            yield item
        elif not isinstance(item[1], Mapping):
            yield context.rejection("unknown-shape", item[0], type(item[1]).__name__)
        elif columns.messages is None:
            rows.append((item[0], with_inner(item[1], columns), ""))
        else:
            inner, refused = _inner(item[0], item[1], context)
            rows += inner
            yield from refused
    shapes = [message_shape_of(row, columns) for _locator, row, _thread in rows]
    known = zip(rows, shapes, strict=True)
    scale = Scale.of(row[1].get(shape.rating) for row, shape in known if shape and shape.rating)
    untimed = 0
    for (locator, row, thread), shape in zip(rows, shapes, strict=True):
        try:
            message = _message(row, shape, thread, locator, scale)
        except RefusedError as error:
            yield context.rejection(error.reason, locator, error.fact)
            continue
        has_time = bool(shape and shape.time and row.get(shape.time) not in (None, ""))
        untimed += has_time and message.time is None
        yield message
    if untimed:
        yield context.note("bad-time", fact=str(untimed))


def _inner(
    locator: str, row: Mapping[str, Any], context: FileContext
) -> tuple[list[tuple[str, Mapping[str, Any], str]], list[Rejection]]:
    """The messages in the list of a row, which is their conversation; what else stands in the row
    (a rating, a group) is each message's."""
    columns = context.source.columns
    outer = with_inner(row, columns)
    messages = outer.get(columns.messages or "")
    if not isinstance(messages, list) or not messages:
        return [], [context.rejection("missing-value", locator, columns.messages or "")]
    shared = {
        key: outer[key]
        for key in (columns.rating, columns.group, columns.thread)
        if key and key in outer
    }
    rows: list[tuple[str, Mapping[str, Any], str]] = []
    refused: list[Rejection] = []
    for number, message in enumerate(messages, 1):
        place = f"{locator}, message {number}" if locator else f"message {number}"
        if isinstance(message, Mapping):
            rows.append((place, {**shared, **with_inner(message, columns)}, locator or "1"))
        else:
            refused.append(context.rejection("unknown-shape", place, type(message).__name__))
    return rows, refused


def _message(
    row: Mapping[str, Any],
    shape: MessageShape | None,
    thread: str,
    locator: str,
    scale: Scale,
) -> ChatMessage:
    if shape is None:
        raise RefusedError("unknown-shape", keys_told(row))
    if shape.text not in row:
        raise RefusedError("missing-value", shape.text)
    media: Counter[str] = Counter()
    text = text_of(row[shape.text], media)
    role = _role(row.get(shape.role)) if shape.role else None
    author = _author(row.get(shape.author)) if shape.author else ""
    return ChatMessage(
        author=author or (identifier(row.get(shape.role)) if shape.role and not role else ""),
        text=text,
        time=_time(row.get(shape.time)) if shape.time else None,
        thread=(identifier(row.get(shape.thread)) if shape.thread else "") or thread,
        role=role,
        kind="media" if media and not says_something(text) else "message",
        locator=locator,
        rating=scale.rating(row.get(shape.rating)) if shape.rating else None,
        customer=identifier(row.get(shape.group)) if shape.group else "",
        weight=weight_in(row.get(shape.weight), named=True) if shape.weight else None,
    )


def _role(value: object) -> Role | None:
    return _ROLES.get(value.strip().lower().replace(" ", "_")) if isinstance(value, str) else None


def _author(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "email", "id") if value.get(key)), "")
    return name(value) or identifier(value)


def _time(value: object) -> float | None:
    found = seconds(value)
    return milliseconds(value) if found is not None and found > _LATEST_SECONDS else found
