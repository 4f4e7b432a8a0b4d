"""Freshdesk: tickets with their conversations as JSON, and the ticket export as CSV.

JSON as documented for the API v2 (a ticket with ``include=conversations``) and as in the export of
an account (``helpdesk_ticket`` with notes): ``incoming`` tells the customer's messages, ``private``
the notes between agents. The CSV has no replies; it is read where a column of its own, such as
"Resolution", says how a ticket was answered.
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
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.places import within

_ANSWERS = (
    *("resolution", "resolution note", "resolution notes", "solution", "reply", "agent reply"),
    *("public reply", "answer", "agent response", "response"),
    *("penyelesaian", "resolusi", "solusi", "tanggapan", "jawaban", "balasan"),
)
_SURVEY = {
    "extremely satisfied": 1.0,
    "very satisfied": 5 / 6,
    "satisfied": 4 / 6,
    "neutral": 0.5,
    "dissatisfied": 2 / 6,
    "very dissatisfied": 1 / 6,
    "extremely dissatisfied": 0.0,
    # The same in words of the classic survey, and as the API's numbers say it.
    "extremely happy": 1.0,
    "very happy": 5 / 6,
    "happy": 4 / 6,
    "unhappy": 2 / 6,
    "very unhappy": 1 / 6,
    "extremely unhappy": 0.0,
    **{str(103 - step): 1.0 - step / 6 for step in range(4)},
    **{str(-101 - step): (2 - step) / 6 for step in range(3)},
}
_CSV_MARKS = frozenset(("ticket id", "subject", "agent"))


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a ticket with its conversations or notes."""
    return _replies(_ticket_in(value)) is not None


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of tickets, each of them a thread."""
    for locator, value in rows:
        ticket = _ticket_in(value)
        replies = _replies(ticket)
        if replies is None:
            yield context.rejection("unknown-shape", locator, "Freshdesk")
        else:
            yield from _ticket(ticket, replies, locator)


def _ticket_in(value: object) -> Mapping[str, Any]:
    row = mapping(value)
    return mapping(row.get("helpdesk_ticket")) or row


def _replies(ticket: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """The replies of a ticket, or None where it is none."""
    if not {"description", "description_text", "description_html"} & ticket.keys():
        return None
    for key in ("conversations", "notes"):
        if isinstance(ticket.get(key), list):
            replies = mappings(ticket[key])
            replies = [mapping(reply.get("helpdesk_note")) or reply for reply in replies]
            if all("incoming" in reply and "private" in reply for reply in replies):
                return replies
    return None


def _ticket(
    ticket: Mapping[str, Any], replies: list[Mapping[str, Any]], locator: str
) -> Iterator[ChatMessage]:
    requester = mapping(ticket.get("requester"))
    customer = identifier(ticket.get("requester_id")) or identifier(requester.get("id"))
    shared = ChatMessage(
        author=customer,
        text="",
        thread=identifier(ticket.get("id")) or locator or "1",
        customer=customer,
        rating=_rating(ticket),
    )
    names = {customer: name(requester.get("name"))}
    described = _text(ticket, "description_text", "description", "description_html")
    subject = string(ticket.get("subject")).strip()
    yield replace(
        shared,
        author=names[customer] or customer,
        text=described if subject in described else f"{subject}\n\n{described}".strip(),
        time=seconds(ticket.get("created_at")),
        role="user",
        locator=within(locator, ("message", 1)),
    )
    for number, reply in enumerate(replies, 2):
        author = identifier(reply.get("user_id"))
        text = _text(reply, "body_text", "body", "body_html")
        yield replace(
            shared,
            author=names.get(author) or author,
            text=text,
            time=seconds(reply.get("created_at")),
            role="user" if reply["incoming"] is True else "assistant",
            kind=_kind(reply, text),
            locator=within(locator, ("message", number)),
        )


def _kind(reply: Mapping[str, Any], text: str) -> Kind:
    if reply["private"] is True:
        return "note"
    return "message" if text or not reply.get("attachments") else "media"


def _text(row: Mapping[str, Any], plain: str, *others: str) -> str:
    text = string(row.get(plain)).strip()
    return text or next(filter(None, (text_of_html(string(row.get(key))) for key in others)), "")


def _rating(ticket: Mapping[str, Any]) -> float | None:
    """The last answer to the survey's first question."""
    given = mappings(ticket.get("satisfaction_ratings")) or mappings(ticket.get("survey_results"))
    for rating in reversed(given):
        value = mapping(rating.get("ratings")).get("default_question", rating.get("rating"))
        found = _SURVEY.get(identifier(value))
        if found is not None:
            return found
    return None


def recognises_table(header: Any, context: FileContext) -> bool:
    """Whether the columns are those of the ticket export, and one of them holds answers."""
    columns = {column.lower() for column in header}
    return (
        columns >= _CSV_MARKS
        and not columns.isdisjoint(_ANSWERS)
        and not context.source.columns.answer
    )


def table_messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """A question for each ticket, and its answer where a column has one."""
    for locator, value in rows:
        row = {key.lower(): cell.strip() for key, cell in mapping(value).items()}
        answer = next((row[column] for column in _ANSWERS if row.get(column)), "")
        subject, described = row.get("subject", ""), text_of_html(row.get("description", ""))
        asked = described if subject in described else f"{subject}\n\n{described}".strip()
        shared = ChatMessage(
            author=name(row.get("full name", "")) or "customer",
            text=asked,
            thread=row.get("ticket id") or locator,
            customer=row.get("email") or row.get("contact id") or name(row.get("full name", "")),
            role="user",
            locator=locator,
            rating=_SURVEY.get(row.get("survey results", "").lower()),
            time=seconds(row.get("created time", "")),
        )
        yield shared
        agent = name(row.get("agent", "")) or "agent"
        if answer:
            text = text_of_html(answer)
            yield replace(shared, author=agent, text=text, role="assistant", time=None)


FORMATS.register("freshdesk", Format("freshdesk", "json", JSON_SUFFIXES, recognises, messages))
FORMATS.register(
    "freshdesk-table",
    Format("freshdesk-table", "table", ("csv", "tsv"), recognises_table, table_messages),
)
