"""Messenger and Instagram: the ``message_N.json`` of Meta's "Download your information".

Its texts are UTF-8 written as if they were Latin-1, and its messages run backwards; both are put
right. The export of end-to-end encrypted chats has other keys and neither fault. Meta describes
neither; written after the files' own keys as its help pages name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations import fields
from laras.sources.conversations.fields import mapping, mappings, milliseconds, string
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind

_SENDERS = ("sender_name", "senderName")
_TIMES = ("timestamp_ms", "timestamp")
_MEDIA_KEYS = (
    *("photos", "videos", "audio_files", "gifs", "sticker", "files", "share", "media"),
    *("bumped_message_metadata",),
)
_SAID_TYPES = ("", "generic", "share", "text", "link", "media")
# Lines that the apps write themselves, in the language of the account.
_EVENTS = re.compile(
    r"(?:reacted [^\n]{1,20} to (?:your|a|their|his|her) message|liked a message"
    r"|[^\n]{0,100}\b(?:missed (?:a|your) (?:video |voice |audio )?(?:call|chat)"
    r"|called you|started (?:a|an) (?:video |voice |audio )?(?:call|chat))[^\n]{0,60}"
    r"|(?:menanggapi|bereaksi|memberi tanggapan) [^\n]{1,20} (?:ke|pada|terhadap) pesan[^\n]{0,20}"
    r"|menyukai (?:sebuah )?pesan|[^\n]{0,100}\b(?:panggilan|obrolan) (?:video|suara) tak terjawab"
    r"[^\n]{0,60})\.?",
    re.IGNORECASE,
)
_ATTACHED = re.compile(
    r"[^\n]{0,100}\b(?:sent an attachment|sent a (?:photo|video|voice message|gif|sticker|link)"
    r"|mengirim (?:sebuah )?(?:lampiran|foto|video|pesan suara|gif|stiker))\.?",
    re.IGNORECASE,
)


def recognises(value: Any, _context: FileContext) -> bool:
    """Whether its messages have Meta's keys."""
    found = mappings(mapping(value).get("messages"))
    first = found[0] if found else {}
    return any(key in first for key in _SENDERS) and any(key in first for key in _TIMES)


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of the chat, the oldest first."""
    for locator, value in rows:
        export = mapping(value)
        if not recognises(export, context):
            yield context.rejection("unknown-shape", locator, type(value).__name__)
            continue
        found = list(_messages(export, f"{locator}, " if locator else ""))
        times = [message.time for message in found if message.time is not None]
        if len(times) > 1 and times[0] > times[-1]:
            found.reverse()
        yield from found


def repaired(text: str) -> str:
    """``text`` as it was, where its UTF-8 was written down byte by byte; else ``text``."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _messages(export: Mapping[str, Any], beginning: str) -> Iterator[ChatMessage]:
    people = _participants(export)
    title = _name(export.get("title")) or _name(export.get("threadName")).rpartition("_")[0]
    items = mappings(export.get("messages"))
    authors = {_author(item) for item in items} - {""}
    partner = title if title in authors | set(people) and len(authors | set(people)) == 2 else ""
    for number, item in enumerate(items, 1):
        kind, text = _content(item)
        yield ChatMessage(
            author=_author(item),
            text=text,
            time=_time(item),
            chat=string(export.get("thread_path")) or title,
            kind=kind,
            locator=f"{beginning}message {number}",
            customer=partner,
            others=people if number == 1 else (),
        )


def _participants(export: Mapping[str, Any]) -> tuple[str, ...]:
    given = export.get("participants")
    listed = given if isinstance(given, list) else []
    found = (_name(mapping(each).get("name")) or _name(each) for each in listed)
    return tuple(filter(None, found))


def _content(item: Mapping[str, Any]) -> tuple[Kind, str]:
    text = repaired(string(item.get("content")) or string(item.get("text"))).strip()
    kind = string(item.get("type")).lower()
    is_unsent = item.get("is_unsent") is True or item.get("isUnsent") is True
    if is_unsent or "call_duration" in item or kind not in _SAID_TYPES or _EVENTS.fullmatch(text):
        return "event", text
    has_media = any(item.get(key) for key in _MEDIA_KEYS)
    if _ATTACHED.fullmatch(text):
        return "media", ""
    return ("media" if has_media and not text else "message"), text


def _time(item: Mapping[str, Any]) -> float | None:
    return next((milliseconds(item[key]) for key in _TIMES if key in item), None)


def _author(item: Mapping[str, Any]) -> str:
    return next((_name(item[key]) for key in _SENDERS if key in item), "")


def _name(value: object) -> str:
    return fields.name(repaired(value)) if isinstance(value, str) else ""


FORMATS.register("messenger", Format("messenger", "json", ("json",), recognises, messages))
