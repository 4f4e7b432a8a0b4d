"""Zendesk: tickets with their comments, as JSON lines of an export or as answers of the API.

Format as documented for the Support API: a ticket has a ``requester_id``, its comments have an
``author_id``. Comments with ``public: false`` are notes between agents. Names and roles come from
``users`` beside the tickets, or within a ticket, where there are any.
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

_SCORES = {"good": 1.0, "goodwithcomment": 1.0, "bad": 0.0, "badwithcomment": 0.0}
_SYSTEM_AUTHORS = frozenset(("-1", "0"))  # triggers and automations

Users = Mapping[str, Mapping[str, Any]]


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a ticket with comments, or an object that holds such tickets."""
    row = mapping(value)
    return _is_ticket(row) or any(_is_ticket(ticket) for ticket in mappings(row.get("tickets"))[:1])


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of tickets, each of them a thread."""
    for locator, value in rows:
        row = mapping(value)
        if _is_ticket(row):
            yield from _ticket(row, locator, {})
        elif isinstance(row.get("tickets"), list):
            users = _users(row.get("users"))
            for number, ticket in enumerate(row["tickets"], 1):
                place = within(locator, ("ticket", number))
                if _is_ticket(mapping(ticket)):
                    yield from _ticket(ticket, place, users)
                else:
                    yield context.rejection("unknown-shape", place, "Zendesk")
        else:
            yield context.rejection("unknown-shape", locator, "Zendesk")


def _is_ticket(row: Mapping[str, Any]) -> bool:
    comments = row.get("comments")
    if not isinstance(comments, list) or "requester_id" not in row:
        return False
    return not comments or any("author_id" in comment for comment in mappings(comments)[:1])


def _ticket(row: Mapping[str, Any], locator: str, users: Users) -> Iterator[ChatMessage]:
    users = {**users, **_users(row.get("users"))}
    requester = identifier(row.get("requester_id")) or identifier(
        mapping(row.get("requester")).get("id")
    )
    score = string(mapping(row.get("satisfaction_rating")).get("score"))
    shared = ChatMessage(
        author="",
        text="",
        thread=identifier(row.get("id")) or locator or "1",
        customer=requester,
        rating=_SCORES.get(score.lower()),
    )
    comments = mappings(row["comments"])
    if not comments:  # what the ticket began with is its description, too
        description = {"author_id": requester, "created_at": row.get("created_at")}
        comments = [{**description, "body": row.get("description")}]
    subject = string(row.get("subject")).strip()
    for number, comment in enumerate(comments, 1):
        text = _text(comment)
        if number == 1 and subject and subject not in text:
            text = f"{subject}\n\n{text}".strip()
        author = identifier(comment.get("author_id"))
        user = users.get(author, {})
        yield replace(
            shared,
            author=name(user.get("name")) or author,
            text=text,
            time=seconds(comment.get("created_at")),
            role=_role(author, requester, user),
            kind=_kind(comment, author, text),
            locator=within(locator, ("comment", number)),
        )


def _text(comment: Mapping[str, Any]) -> str:
    for key in ("plain_body", "body"):
        text = string(comment.get(key))
        if text.strip():
            return text.replace("&nbsp;", " ").replace("\xa0", " ").strip()
    return text_of_html(string(comment.get("html_body")))


def _role(author: str, requester: str, user: Mapping[str, Any]) -> Role:
    """Who asked is the user even where an agent asked; other people are what their role says."""
    if author == requester or user.get("role") == "end-user":
        return "user"
    return "assistant"


def _kind(comment: Mapping[str, Any], author: str, text: str) -> Kind:
    if comment.get("public") is False:
        return "note"
    if author in _SYSTEM_AUTHORS:
        return "event"
    return "message" if text or not comment.get("attachments") else "media"


def _users(value: object) -> Users:
    return {identifier(user.get("id")): user for user in mappings(value)}


FORMATS.register("zendesk", Format("zendesk", "json", JSON_SUFFIXES, recognises, messages))
