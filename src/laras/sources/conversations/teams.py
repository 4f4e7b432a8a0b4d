"""Microsoft Teams: the chatMessage lists of Microsoft Graph.

Written after https://learn.microsoft.com/graph/api/resources/chatmessage: a page of a list
(``value``), several pages in a list or as JSON lines, or the messages themselves; answers by
``replyToId`` or under ``replies``. Lists run backwards, so messages are put in order of time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import identifier, mapping, mappings, name, seconds, string
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.markup import text_of_html
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.threads import roots

_PEOPLE = ("user", "device", "phone")
# Every part is bounded, so that no text makes these slow.
_MENTION = re.compile(r"<at(?:\s[^<>]{0,200})?>([^<>]{0,200})</at>", re.IGNORECASE)
_EMOJI = re.compile(r"<emoji\s[^<>]{0,200}?alt=\"([^\"<>]{1,20})\"[^<>]{0,200}>", re.IGNORECASE)
_LINK = re.compile(
    r"<a\s[^<>]{0,200}?href=\"(https?://[^\"<>\s]{1,2000})\"[^<>]{0,2000}>([^<>]{0,500})</a>",
    re.IGNORECASE,
)
_MARKS = re.compile(r"\[(?:image|video|audio|file)\]")


@dataclass(frozen=True, slots=True)
class _Item:
    """A message with where it stands and the message it answers."""

    locator: str
    fields: Mapping[str, Any]
    parent: str


def recognises(value: Any, _context: FileContext) -> bool:
    """Whether it is a message, or a page of messages."""
    first = next(iter(mappings(mapping(value).get("value"))), mapping(value))
    return "messageType" in first and "contentType" in mapping(first.get("body"))


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of all chats and channels, the oldest first."""
    items: list[_Item] = []
    for locator, value in rows:
        page = mapping(value).get("value")
        if isinstance(page, list):
            beginning = f"{locator}, " if locator else ""
            for number, message in enumerate(mappings(page), 1):
                items += _with_replies(f"{beginning}message {number}", message)
        elif isinstance(value, Mapping) and "messageType" in value:
            items += _with_replies(locator or "message 1", value)
        else:
            yield context.rejection("unknown-shape", locator, type(value).__name__)
    items.sort(key=lambda item: seconds(item.fields.get("createdDateTime")) or 0.0)
    threads = roots(
        {identifier(i.fields.get("id")): i.parent for i in items if i.parent and _id(i)}
    )
    for item in items:
        yield _message(item, threads)


def _with_replies(locator: str, message: Mapping[str, Any]) -> Iterator[_Item]:
    yield _Item(locator, message, identifier(message.get("replyToId")))
    for number, reply in enumerate(mappings(message.get("replies")), 1):
        parent = identifier(reply.get("replyToId")) or identifier(message.get("id"))
        yield _Item(f"{locator}, reply {number}", reply, parent)


def _id(item: _Item) -> str:
    return identifier(item.fields.get("id"))


def _message(item: _Item, threads: Mapping[str, str]) -> ChatMessage:
    fields = item.fields
    sender = mapping(fields.get("from"))
    application = mapping(sender.get("application"))
    person = next((mapping(sender.get(key)) for key in _PEOPLE if sender.get(key)), application)
    body = mapping(fields.get("body"))
    content = string(body.get("content"))
    mentioned: list[str] = []
    if string(body.get("contentType")).lower() != "text":
        mentioned = [html.unescape(found) for found in _MENTION.findall(content)]
        content = _text(content)
    subject = string(fields.get("subject")).strip()
    text = "\n".join(filter(None, (subject, content)))
    channel = mapping(fields.get("channelIdentity"))
    for mention in mappings(fields.get("mentions")):
        user = mapping(mapping(mention.get("mentioned")).get("user"))
        mentioned.append(string(user.get("displayName")))
    return ChatMessage(
        author=name(person.get("displayName")) or identifier(person.get("id")),
        text=text,
        time=seconds(fields.get("createdDateTime")),
        chat=identifier(fields.get("chatId")) or identifier(channel.get("channelId")),
        thread=threads.get(_id(item), ""),
        kind=_kind(fields, text),
        locator=item.locator,
        is_bot=bool(application) and person is application,
        others=tuple(dict.fromkeys(filter(None, map(name, mentioned)))),
    )


def _text(content: str) -> str:
    """The text of a body; a link reads "label (address)", a mention "@Name"."""
    content = _MENTION.sub(r"@\1", _EMOJI.sub(r"\1", content))
    return text_of_html(_LINK.sub(_written_out, content))


def _written_out(link: re.Match[str]) -> str:
    address, label = link[1], link[2].strip()
    if not label or address.rstrip("/") in label:
        return label or address
    return f"{label} ({address})"


def _kind(fields: Mapping[str, Any], text: str) -> Kind:
    if string(fields.get("messageType")) != "message" or fields.get("deletedDateTime"):
        return "event"
    is_bare = not _MARKS.sub("", text).strip()
    return "media" if is_bare and (text or fields.get("attachments")) else "message"


FORMATS.register(
    "teams", Format("teams", "json", ("json", "jsonl", "ndjson"), recognises, messages)
)
