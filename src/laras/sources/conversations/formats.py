"""The formats of chat exports: how one is recognised, and where its messages come from.

A file under ``conversations`` is shown to the registry before anything else is tried: a text by
its beginning, JSON by its first value, a table by its header. To add a format, write a file that
yields :class:`ChatMessage` and registers a :class:`Format`, and name it in :data:`_MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

from laras.records import Dialogue, Rejection
from laras.registry import Registry
from laras.sources.context import FileContext
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.sessions import dialogues

Form = Literal["text", "json", "table"]
Messages = Iterator[ChatMessage | Rejection]
Rows = Iterator[tuple[str, Any]]

JSON_SUFFIXES = ("json", "jsonl", "ndjson", "parquet", "pq")
"""Of files whose rows are JSON values."""

BEGINNING_CHARACTERS = 20_000
"""How much of a text its format is recognised by."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of chat exports.

    ``form`` decides what ``recognises`` and ``messages`` are given, besides the file's context
    (its name, the recipe's source with its column map):

    - "text": the first :data:`BEGINNING_CHARACTERS` of the text; all of it as one ``str``.
    - "json": the first value of the file; an iterator of (locator, value). A file that is one
      object has one value, with the locator "". The items of a list, and the lines of JSON lines,
      are values of their own, with locators like "item 2, line 3" and "line 3".
    - "table": the names of the columns; an iterator of (locator, mapping of name to cell).

    ``recognises`` must be certain: what it accepts is not offered to any other. ``messages``
    never raises for bad content: a value that can't be used is a :class:`Rejection` made by
    ``context.rejection``. Locators of messages differ within a file ("line 3, message 2").
    ``suffixes``: of the files in which the format is looked for, without the dot.
    """

    name: str
    form: Form
    suffixes: tuple[str, ...]
    recognises: Callable[[Any, FileContext], bool]
    messages: Callable[[Any, FileContext], Messages]


FORMATS: Registry[Format] = Registry("chat-format")
"""Chat formats by name, asked in the order in which they were registered; then those that other
packages add as entry points of the group ``laras.chat-format``."""

# Formats register themselves when imported; imported when the first chat file is met.
_MODULES = (
    "whatsapp",
    "signal",
    "telegram",
    "slack",
    "discord",
    "messenger",
    "teams",
    "intercom",
    "zendesk",
    "freshdesk",
    "rasa",
    "dialogflow",
    "botpress",
    "oasst",
)


def format_of(form: Form, beginning: Any, context: FileContext) -> Format | None:
    """The format of a file that begins with ``beginning`` (see :class:`Format`), if it is one.

    None under ``documents`` and ``articles``, where a chat is a text like any other.
    """
    if context.reads_texts:
        return None
    _import_formats()
    suffix = context.file.path.rpartition(".")[2].lower()
    for candidate in FORMATS.all().values():
        if candidate.form != form or suffix not in candidate.suffixes:
            continue
        if candidate.recognises(beginning, context):
            return candidate
    return None


def read_text(text: str, context: FileContext) -> Iterator[Dialogue | Rejection] | None:
    """The dialogues of a text, or None where it is no chat export."""
    found = format_of("text", text[:BEGINNING_CHARACTERS], context)
    return None if found is None else dialogues(found.messages(text, context), context)


def read_rows(
    found: Format, rows: Iterable[tuple[str, Any] | Rejection], context: FileContext
) -> Iterator[Dialogue | Rejection]:
    """The dialogues of JSON values or table rows in the format ``found``; rows that could not be
    read go to the ledger as they come."""
    unread: list[Rejection] = []

    def good() -> Rows:
        for row in rows:
            if isinstance(row, Rejection):
                unread.append(row)
            else:
                yield row

    def messages() -> Messages:
        for message in found.messages(good(), context):
            yield from unread
            unread.clear()
            yield message
        yield from unread

    yield from dialogues(messages(), context)


@cache
def _import_formats() -> None:
    for module in _MODULES:
        import_module(f"laras.sources.conversations.{module}")
