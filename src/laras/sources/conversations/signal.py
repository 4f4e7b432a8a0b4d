"""Signal, as signal-export writes it: a text of lines, or an object a line.

``[2026-03-01, 09:15] Name: text`` (older versions) or ``[2026-03-01 09:15:20] Name: text``, with
quotes, reactions and attachments in Markdown; ``data.json`` has the same as JSON lines. "Me" is
whose phone it was. Written after https://github.com/carderne/signal-export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import mapping, mappings, name, seconds, string
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind

_HEAD = re.compile(
    r"\ufeff?\[(\d{4}-\d{2}-\d{2})(,?) (\d{2}:\d{2})(:\d{2})?\] ([^\n]{1,100}?):(?: |$)"
)
_KEYS = frozenset(("date", "sender", "body"))
_OWNER = "Me"
_REACTIONS = re.compile(r"\n?\(- [^\n]{1,500} -\)[ ]*$", re.MULTILINE)
_STICKER = re.compile(r"\n?\(\( [^\n()]{1,40} \)\)[ ]*$", re.MULTILINE)
_ATTACHMENT = re.compile(r"!?\[[^\[\]\n]{0,200}\]\((?:\./)?media/[^()\n]{1,300}\)")
_EVENTS = re.compile(
    r"\(This message was deleted\)"
    r"|(?:Incoming|Outgoing|Missed) (?:(?:voice|video|audio|group) )?call(?: \([^()\n]{1,40}\))?",
    re.IGNORECASE,
)


def recognises_text(beginning: str, _context: FileContext) -> bool:
    """Whether the first line with text is Signal's. WhatsApp on an iPhone that writes dates this
    way has seconds behind a comma, and its marks."""
    first = next((line for line in beginning.split("\n") if line.strip()), "")
    head = _HEAD.match(first)
    return bool(head) and not (head[2] and head[4]) and "\u200e" not in beginning  # type: ignore[index]


def messages_of_text(text: str, _context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of the text, in the order of its lines."""
    found: list[tuple[int, re.Match[str], list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        head = _HEAD.match(line)
        if head:
            found.append((number, head, [line[head.end() :]]))
        elif found:
            found[-1][2].append(line)
    partner = _partner({name(head[5]) for _number, head, _lines in found})
    for number, head, lines in found:
        kind, content = _understood("\n".join(lines))
        yield ChatMessage(
            author=name(head[5]),
            text=content,
            time=seconds(f"{head[1]}T{head[3]}{head[4] or ''}"),
            kind=kind,
            locator=f"line {number}",
            customer=partner,
        )


def recognises_lines(value: Any, _context: FileContext) -> bool:
    """Whether the first object is a message of ``data.json``."""
    return mapping(value).keys() >= _KEYS


def messages_of_lines(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of the objects."""
    items: list[tuple[str, Mapping[str, Any]]] = []
    for locator, value in rows:
        if recognises_lines(value, context):
            items.append((locator or "message 1", value))
        else:
            yield context.rejection("unknown-shape", locator, type(value).__name__)
    partner = _partner({name(item.get("sender")) for _locator, item in items})
    for locator, item in items:
        kind, text = _understood(string(item.get("body")))
        if item.get("deleted") is True or item.get("call") is True:
            kind = "event"
        elif not text and (mappings(item.get("attachments")) or item.get("sticker")):
            kind = "media"
        yield ChatMessage(
            author=name(item.get("sender")),
            text=text,
            time=seconds(item.get("date")),
            kind=kind,
            locator=locator,
            customer=partner,
            others=tuple(filter(None, (name(r.get("name")) for r in mappings(item["reactions"]))))
            if "reactions" in item
            else (),
        )


def _partner(authors: set[str]) -> str:
    """With whom the owner of the phone writes, where it is one person."""
    others = authors - {_OWNER, ""}
    return others.pop() if _OWNER in authors and len(others) == 1 else ""


def _understood(text: str) -> tuple[Kind, str]:
    """What a message is, and its own words: no quotes of others, reactions or attachments."""
    lines = text.strip().split("\n")
    while lines and (lines[0].startswith(">") or not lines[0].strip()):
        lines.pop(0)
    said = "\n".join(lines)
    without = _ATTACHMENT.sub("", _STICKER.sub("", _REACTIONS.sub("", said))).strip()
    if _EVENTS.fullmatch(without):
        return "event", without
    return ("media" if said.strip() and not without else "message"), without


FORMATS.register(
    "signal",
    Format("signal", "text", ("txt", "text", "md"), recognises_text, messages_of_text),
)
FORMATS.register(
    "signal-lines",
    Format(
        "signal-lines", "json", ("json", "jsonl", "ndjson"), recognises_lines, messages_of_lines
    ),
)
