"""Botpress Cloud: messages, conversations and users as its API lists them.

Format as documented for the Chat and Runtime APIs: a message has a ``direction`` (incoming from a
user, outgoing from the bot), a ``payload`` whose type says what it holds, a ``conversationId``
and a ``userId``. Listings begin with the latest message, so messages go by their time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import (
    identifier,
    mapping,
    mappings,
    name,
    seconds,
    string,
)
from laras.sources.conversations.formats import FORMATS, JSON_SUFFIXES, Format, Rows
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.places import within

_TEXT_KEYS = ("text", "markdown", "title", "value")
_DIRECTIONS = ("incoming", "outgoing")
_MAX_DEPTH = 3

Names = Mapping[str, str]


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a message, or an object with a list of messages."""
    row = mapping(value)
    return _is_message(row) or any(_is_message(item) for item in mappings(row.get("messages"))[:1])


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of all conversations, each of them a thread, in the order of their times."""
    found: list[tuple[float, int, ChatMessage]] = []
    for locator, value in rows:
        row = mapping(value)
        listed = row.get("messages")
        if _is_message(row):
            items: list[tuple[str, Any]] = [(locator, row)]
        elif isinstance(listed, list):
            numbered = enumerate(listed, 1)
            items = [(within(locator, ("message", number)), item) for number, item in numbered]
        else:
            yield context.rejection("unknown-shape", locator, "Botpress")
            continue
        names = {
            identifier(user.get("id")): name(user.get("name")) or _tagged_name(user)
            for user in mappings(row.get("users"))
        }
        for place, item in items:
            if not _is_message(mapping(item)):
                yield context.rejection("unknown-shape", place, "Botpress")
                continue
            message = _message(item, place, names)
            found.append((message.time or 0.0, len(found), message))
    for _time, _number, message in sorted(found, key=lambda item: item[:2]):
        yield message


def _is_message(row: Mapping[str, Any]) -> bool:
    return (
        row.get("direction") in _DIRECTIONS
        and isinstance(row.get("payload"), Mapping)
        and "conversationId" in row
    )


def _message(row: Mapping[str, Any], locator: str, names: Names) -> ChatMessage:
    is_bot = row["direction"] == "outgoing"
    user = identifier(row.get("userId"))
    text = _text(row["payload"])
    return ChatMessage(
        author="bot" if is_bot else names.get(user) or "user",
        text=text,
        time=seconds(row.get("createdAt")),
        thread=identifier(row["conversationId"]) or locator,
        role="assistant" if is_bot else "user",
        kind="message" if text else "media",
        locator=locator,
        customer="" if is_bot else user,
        is_bot=is_bot,
    )


def _text(payload: Mapping[str, Any], depth: int = 0) -> str:
    """What a message shows: its text, the choices under it, the titles of its cards."""
    lines = [string(payload.get(key)).strip() for key in _TEXT_KEYS]
    lines += [string(payload.get("subtitle")).strip()]
    lines = list(dict.fromkeys(line for line in lines if line))[:2]
    lines += [
        f"- {label}"
        for option in mappings(payload.get("options"))
        if (label := string(option.get("label")).strip())
    ]
    if depth < _MAX_DEPTH:
        for item in mappings(payload.get("items")):
            inner = mapping(item.get("payload")) or item
            text = _text(inner, depth + 1)
            lines += [text] if text else []
    return "\n".join(lines)


def _tagged_name(user: Mapping[str, Any]) -> str:
    tags = mapping(user.get("tags"))
    return next((name(value) for key, value in tags.items() if key.endswith("name")), "")


FORMATS.register("botpress", Format("botpress", "json", JSON_SUFFIXES, recognises, messages))
