"""Discord channels in the JSON of DiscordChatExporter.

Written after its documentation (https://github.com/Tyrrrz/DiscordChatExporter). Where more than
two take part, messages that reply to each other are a thread; a thread of Discord's own is
exported as a channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import identifier, mapping, mappings, name, seconds, string
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.threads import roots

# 20 and 23 are the answers to commands, which the exporter has no names for.
_SAID = frozenset(("Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "20", "23", "19"))
_MEDIA_KEYS = ("attachments", "stickers", "embeds", "poll")


def recognises(value: Any, _context: FileContext) -> bool:
    """Whether it is the export of a channel."""
    export = mapping(value)
    if not isinstance(export.get("messages"), list) or not mapping(export.get("channel")):
        return False
    found = mappings(export.get("messages"))
    is_said = bool(found) and "isBot" in mapping(found[0].get("author"))
    return is_said or "guild" in export


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of the channel."""
    for locator, value in rows:
        export = mapping(value)
        if not recognises(export, context):
            yield context.rejection("unknown-shape", locator, type(value).__name__)
            continue
        yield from _channel(export, f"{locator}, " if locator else "")


def _channel(export: Mapping[str, Any], beginning: str) -> Iterator[ChatMessage]:
    items = mappings(export.get("messages"))
    channel = mapping(export.get("channel"))
    chat = identifier(channel.get("id")) or name(channel.get("name"))
    authors = {_author(item): _is_bot(item) for item in items if string(item.get("type")) in _SAID}
    threads: dict[str, str] = {}
    if len(authors) > 2:
        answers = {identifier(item.get("id")): _answered(item) for item in items}
        threads = roots({own: other for own, other in answers.items() if own and other})
    title = name(channel.get("name"))
    partner = title if len(authors) == 2 and authors.get(title) is False else ""
    for number, item in enumerate(items, 1):
        text = _text(item)
        yield ChatMessage(
            author=_author(item),
            text=text,
            time=seconds(item.get("timestamp")),
            chat=chat,
            thread=threads.get(identifier(item.get("id")), ""),
            kind=_kind(item, text),
            locator=f"{beginning}message {number}",
            customer=partner,
            is_bot=_is_bot(item),
            others=_others(item),
        )


def _answered(item: Mapping[str, Any]) -> str:
    """The message that it answers; a forwarded one refers to where it came from."""
    if mapping(item.get("forwardedMessage")):
        return ""
    return identifier(mapping(item.get("reference")).get("messageId"))


def _author(item: Mapping[str, Any]) -> str:
    author = mapping(item.get("author"))
    return name(author.get("nickname")) or name(author.get("name")) or identifier(author.get("id"))


def _is_bot(item: Mapping[str, Any]) -> bool:
    return mapping(item.get("author")).get("isBot") is True


def _text(item: Mapping[str, Any]) -> str:
    """What is said. Bots often say it in an embed; a person's embeds are previews of links."""
    content = string(item.get("content"))
    forwarded = string(mapping(item.get("forwardedMessage")).get("content"))
    texts = [content or forwarded]
    if _is_bot(item):
        texts += [_embedded(embed) for embed in mappings(item.get("embeds"))]
    return "\n".join(text for text in texts if text.strip())


def _embedded(embed: Mapping[str, Any]) -> str:
    lines = [string(embed.get("title")), string(embed.get("description"))]
    for field in mappings(embed.get("fields")):
        lines.append(f"{string(field.get('name'))}: {string(field.get('value'))}".strip(": "))
    return "\n".join(line for line in lines if line.strip())


def _kind(item: Mapping[str, Any], text: str) -> Kind:
    if string(item.get("type")) not in _SAID and identifier(item.get("type")) not in _SAID:
        return "event"
    has_media = any(item.get(key) for key in _MEDIA_KEYS)
    return "media" if has_media and not text.strip() else "message"


def _others(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Names under which people are mentioned, and the author's second name."""
    people = [mapping(item.get("author")), *mappings(item.get("mentions"))]
    people = [person for person in people if person.get("isBot") is not True]
    found = (name(person.get(key)) for person in people for key in ("nickname", "name"))
    return tuple(dict.fromkeys(each for each in found if each and each != _author(item)))


FORMATS.register("discord", Format("discord", "json", ("json",), recognises, messages))
