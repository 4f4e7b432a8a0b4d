"""Intercom: conversations of its REST API, each with its first message and its later parts.

Format as documented for the Conversations API (2.x): ``source`` began the conversation,
``conversation_parts`` continue it. Notes between colleagues are notes; assignments, openings and
closings are events unless something was said with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
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
from laras.sources.conversations.markup import text_of_html
from laras.sources.conversations.messages import ChatMessage, Kind, Role
from laras.sources.conversations.places import within

_SAID = frozenset(("comment", "message", "quick_reply", "conversation", "open", "close"))
_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "lead", "contact", "visitor"), "user"),
    **dict.fromkeys(("admin", "bot", "team", "ai_agent"), "assistant"),
}
_MOST_STARS = 5


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a conversation with its parts."""
    row = mapping(value)
    parts = mapping(row.get("conversation_parts"))
    return isinstance(row.get("source"), Mapping) and isinstance(
        parts.get("conversation_parts"), list
    )


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of conversations, each of them a thread."""
    for locator, value in rows:
        if not recognises(value, context):
            yield context.rejection("unknown-shape", locator, "Intercom")
            continue
        yield from _conversation(value, locator)


def _conversation(row: Mapping[str, Any], locator: str) -> Iterator[ChatMessage]:
    source = mapping(row["source"])
    contacts = mappings(mapping(row.get("contacts")).get("contacts"))
    author = mapping(source.get("author"))
    customer = next((identifier(contact.get("id")) for contact in contacts), "")
    if not customer and _ROLES.get(string(author.get("type"))) == "user":
        customer = identifier(author.get("id"))
    shared = ChatMessage(
        author="",
        text="",
        thread=identifier(row.get("id")) or locator or "1",
        customer=customer,
        rating=_rating(mapping(row.get("conversation_rating")).get("rating")),
        others=tuple(filter(None, (name(contact.get("name")) for contact in contacts))),
    )
    subject = text_of_html(string(source.get("subject")))
    first = {"part_type": "conversation", "created_at": row.get("created_at"), **source}
    parts = mappings(mapping(row["conversation_parts"])["conversation_parts"])
    for number, part in enumerate([first, *parts], 1):
        text = text_of_html(string(part.get("body")))
        if number == 1 and subject and subject not in text:
            text = f"{subject}\n\n{text}".strip()
        yield _message(part, text, within(locator, ("message", number)), shared)


def _message(part: Mapping[str, Any], text: str, locator: str, shared: ChatMessage) -> ChatMessage:
    author = mapping(part.get("author"))
    author_kind = string(author.get("type"))
    return replace(
        shared,
        author=name(author.get("name")) or author_kind,
        text=text,
        time=seconds(part.get("created_at")),
        role=_ROLES.get(author_kind),
        kind=_kind(part, text),
        locator=locator,
        is_bot=author_kind in ("bot", "ai_agent"),
    )


def _kind(part: Mapping[str, Any], text: str) -> Kind:
    part_type = string(part.get("part_type"))
    if part_type.startswith("note"):
        return "note"
    if part.get("redacted") is True:
        return "event"
    if part_type in _SAID and text and text != "[image]":
        return "message"
    return "media" if text or part.get("attachments") else "event"


def _rating(value: object) -> float | None:
    """Stars from 1 to 5 as a number from 0 to 1."""
    stars = seconds(value)
    if stars is None or not 1 <= stars <= _MOST_STARS:
        return None
    return (stars - 1) / (_MOST_STARS - 1)


FORMATS.register("intercom", Format("intercom", "json", JSON_SUFFIXES, recognises, messages))
