"""Telegram's ``result.json``, of one chat or of all, as Telegram Desktop exports it.

Written after the schema at https://core.telegram.org/import-export. In groups, messages that
reply to each other are a thread; a chat of two is cut by time alone, where replies only point.
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
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.threads import roots

_TYPES = ("message", "service", "unsupported")
_OF_TWO = ("personal_chat", "bot_chat")
_MEDIA_KEYS = (
    *("photo", "file", "media_type", "location_information", "contact_information", "poll"),
    *("game_title", "invoice_information", "giveaway_information", "live_location_period_seconds"),
)
_LISTS = ("chats", "left_chats")
_MENTIONS = ("mention", "mention_name", "text_mention")
_PERSONAL = (*_MENTIONS, "email", "phone", "bank_card")


def recognises(value: Any, _context: FileContext) -> bool:
    """Whether it is an export: of a chat, or with a list of them."""
    export = mapping(value)
    if any(isinstance(mapping(export.get(key)).get("list"), list) for key in _LISTS):
        return True
    found = mappings(export.get("messages"))
    first = found[0] if found else {}
    dated = "date_unixtime" in first or "date" in first
    return first.get("type") in _TYPES and dated and "sender_name" not in first


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of every chat."""
    for locator, value in rows:
        export = mapping(value)
        if not recognises(export, context):
            yield context.rejection("unknown-shape", locator, type(value).__name__)
            continue
        owner = "user" + identifier(mapping(export.get("personal_information")).get("user_id"))
        lists = [mappings(mapping(export.get(key)).get("list")) for key in _LISTS]
        chats = [chat for part in lists for chat in part]
        beginning = f"{locator}, " if locator else ""
        if not chats:
            yield from _chat(export, beginning, "", owner)
        for number, chat in enumerate(chats, 1):
            yield from _chat(chat, f"{beginning}chat {number}, ", f"chat {number}", owner)


def _chat(
    chat: Mapping[str, Any], beginning: str, default_id: str, owner: str
) -> Iterator[ChatMessage]:
    items = mappings(chat.get("messages"))
    ids = {_author(item) for item in items if item.get("type") == "message"}
    is_of_two = len(ids) <= 2
    title = name(chat.get("name"))
    own_id = identifier(chat.get("id")) or default_id or title
    is_bot_chat = chat.get("type") == "bot_chat"
    topics = {identifier(i.get("id")) for i in items if i.get("action") == "topic_created"}
    threads = {} if is_of_two else _threads(items, topics)
    partner = title if is_of_two and title in ids and not is_bot_chat else ""
    if not partner and is_of_two and chat.get("type", _OF_TWO[0]) in _OF_TWO and not is_bot_chat:
        others = {_author(i) for i in items if identifier(i.get("from_id")) != owner} - {""}
        owners = {_author(i) for i in items if identifier(i.get("from_id")) == owner}
        partner = others.pop() if owners and len(others) == 1 else ""
    for number, item in enumerate(items, 1):
        author = _author(item)
        text = _text(item.get("text"))
        root = threads.get(identifier(item.get("id")), "")
        yield ChatMessage(
            author=author,
            text=text,
            time=_time(item),
            chat=f"{own_id} {root}" if root in topics else own_id,
            thread="" if root in topics else root,
            kind=_kind(item, text),
            locator=f"{beginning}message {number}",
            customer=partner,
            is_bot=is_bot_chat and author == title,
            others=_others(item),
        )


def _threads(items: list[Mapping[str, Any]], topics: set[str]) -> dict[str, str]:
    """The thread of each message; a topic of a forum is a root, but no thread: it never ends."""
    parents = {}
    for item in items:
        own, replied = identifier(item.get("id")), identifier(item.get("reply_to_message_id"))
        if own and replied and own != replied and own not in topics:
            parents[own] = replied
    inner = {reply: parent for reply, parent in parents.items() if parent not in topics}
    in_threads = roots(inner)
    return {**{own: parent for own, parent in parents.items() if parent in topics}, **in_threads}


def _author(item: Mapping[str, Any]) -> str:
    return (
        name(item.get("from"))
        or name(item.get("actor"))
        or identifier(item.get("from_id"))
        or identifier(item.get("actor_id"))
    )


def _time(item: Mapping[str, Any]) -> float | None:
    exact = seconds(item.get("date_unixtime"))
    return seconds(item.get("date")) if exact is None else exact


def _kind(item: Mapping[str, Any], text: str) -> Kind:
    if item.get("type") != "message":
        return "event"
    has_media = any(item.get(key) for key in _MEDIA_KEYS)
    return "media" if has_media and not text.strip() else "message"


def _text(value: Any) -> str:
    """The text: a string, or a list of strings and of parts with a format of their own."""
    if not isinstance(value, list):
        return string(value)
    texts: list[str] = []
    follows_part = follows_personal = False
    for part in value:
        text = string(part) or string(mapping(part).get("text"))
        address = string(mapping(part).get("href"))
        kind = mapping(part).get("type")
        # Two parts may meet without the space that was between them.
        if kind == "link" and follows_part and texts and texts[-1][-1:].strip(" \n([{<\"'"):
            text = f" {text}"
        # What is personal would not be told from the word that it touches.
        is_personal = kind in _PERSONAL
        if (is_personal or follows_personal) and texts and _touch(texts[-1], text):
            text = f" {text}"
        if kind == "text_link" and address.startswith(("http://", "https://")):
            text = f"{text} ({address})" if address.rstrip("/") not in text else text
        if text:
            texts.append(text)
            follows_part, follows_personal = isinstance(part, Mapping), is_personal
    return "".join(texts)


def _touch(before: str, after: str) -> bool:
    return before[-1:].isalnum() and (after[:1].isalnum() or after[:1] in ("@", "+", "("))


def _others(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of people that the message mentions, forwards or sends as a contact."""
    contact = mapping(item.get("contact_information"))
    full = f"{string(contact.get('first_name'))} {string(contact.get('last_name'))}"
    mentioned = [
        string(part.get("text"))
        for part in mappings(item.get("text"))
        if part.get("type") in _MENTIONS
    ]
    members = item.get("members")
    added = members if isinstance(members, list) else []
    found = (name(each) for each in (item.get("forwarded_from"), full, *mentioned, *added))
    return tuple(filter(None, found))


FORMATS.register("telegram", Format("telegram", "json", ("json",), recognises, messages))
