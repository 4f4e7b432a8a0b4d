"""WhatsApp's text export, in the forms of Android and iOS and of any language and country.

Android: ``05/01/24, 14.05 - Name: text``; iOS: ``[05/01/24 14.05.33] Name: text``. Dates, clocks
and the words between them follow the phone's settings, so they are told by their form. A line
without such a beginning goes on with the message above it. The app's own lines have no name.
The format has no documentation of its own but the app's help page on exporting a chat.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations import signal
from laras.sources.conversations.dates import day_of, hour_of, order_of, seconds_of
from laras.sources.conversations.fields import name as visible_name
from laras.sources.conversations.formats import FORMATS, Format
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.whatsapp_texts import understood

# Each part is bounded, and what may stand between date and clock holds no digit, so that a line
# is given up after a fixed number of steps whatever it holds.
_HEAD = re.compile(
    r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff \t]{0,6}(\[)?"
    r"(\d{1,4})[ ]?[./-][ ]?(\d{1,2})[ ]?[./-][ ]?(\d{1,4})"
    r"([^\d\n\[\]]{1,16})(\d{1,2})[.:](\d{2})(?:[.:](\d{2}))?([^\d\n\[\]:-]{0,16}?)"
    r"(?(1)\][ \u00a0\u202f]?|[ \u00a0\u202f][-–—][ \u00a0\u202f])"
)
_AUTHOR = re.compile(r"([^\n]{1,100}?):(?:[ \u00a0\u202f]|$)")
_SECOND_NAME = re.compile(r"([^\n]{1,60}?): ")
_QUOTES = re.compile('["“”„«»]')
_TIMES_THAT_TELL = 3
_TITLE = re.compile(
    r"(?:WhatsApp Chat with|WhatsApp Chat -|Chat WhatsApp dengan|Chat WhatsApp -|Obrolan WhatsApp"
    r" dengan|Chat de WhatsApp con|WhatsApp-Chat mit|Discussion WhatsApp avec) (.{1,100})",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Line:
    """A message as it stands: the line it begins on, the parts of its head, and its text."""

    number: int
    head: re.Match[str]
    author: str
    text: str
    more: list[str]

    @property
    def body(self) -> str:
        """All lines of the text."""
        return "\n".join([self.text, *self.more]) if self.more else self.text


def recognises(beginning: str, context: FileContext) -> bool:
    """Whether the first lines are a chat: one of the first three begins with date and time, and
    somebody says something. Signal's text, which looks like that of some iPhones, is not."""
    if signal.recognises_text(beginning, context):
        return False
    lines = [line for line in beginning.split("\n") if line.strip()]
    if not any(_HEAD.match(line) for line in lines[:3]):
        return False
    heads = [(_HEAD.match(line), line) for line in lines]
    return any(head and _AUTHOR.match(line, head.end()) for head, line in heads)


def messages(text: str, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of an export, in the order of its lines."""
    lines = list(_lines(text))
    _restore_names_with_colons(lines)
    dates = [(line.head[2], line.head[3], line.head[4]) for line in lines]
    order = order_of(dates, context.source.date_order)
    if not order.is_decided:
        yield context.note("undecided-date-order", f"line {lines[0].number}")
    partner = _partner(lines, context)
    for line in lines:
        _bracket, first, second, third, before, hour, minute, seconds, after = line.head.groups()
        marks = after if after.strip() else before
        time = seconds_of(
            day_of((first, second, third), order),
            hour_of(int(hour), marks),
            int(minute),
            int(seconds or 0),
        )
        kind, body, mentions = understood(line.body) if line.author else ("event", "", ())
        yield ChatMessage(
            author=line.author,
            text=body,
            time=time,
            kind=kind,
            locator=f"line {line.number}",
            customer=partner,
            others=mentions,
        )


def _lines(text: str) -> Iterator[_Line]:
    line: _Line | None = None
    for number, content in enumerate(text.split("\n"), 1):
        head = _HEAD.match(content)
        if head is None:
            if line is not None:
                line.more.append(content)
            continue
        if line is not None:
            yield line
        named = _AUTHOR.match(content, head.end())
        author = _author(named[1]) if named else ""
        body = content[named.end() if named and author else head.end() :]
        line = _Line(number, head, author, body, [])
    if line is not None:
        yield line


def _author(name: str) -> str:
    """The name, or "" where it is the beginning of one of the app's own lines: those quote what
    they tell of ("Ani changed the subject to "Promo: March"")."""
    if _QUOTES.search(name):
        return ""
    # "~" marks people who are not in the phone's address book.
    return visible_name(name.lstrip("\u200e\u200f\u202a ").removeprefix("~"))


def _restore_names_with_colons(lines: Sequence[_Line]) -> None:
    """A name like "CS: Rina" was cut at its colon. It shows: all that "CS" says begins "Rina: "."""
    beginnings: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        second = _SECOND_NAME.match(line.text) if line.author else None
        if line.author:
            beginnings[line.author][second[1] if second else ""] += 1
    restored = {
        author: second
        for author, found in beginnings.items()
        for second, times in found.items()
        if second and len(found) == 1 and times >= _TIMES_THAT_TELL
    }
    for line in lines:
        second_name = restored.get(line.author)
        if second_name is not None:
            line.author = f"{line.author}: {second_name}"
            line.text = line.text[len(second_name) + 2 :]


def _partner(lines: Sequence[_Line], context: FileContext) -> str:
    """With whom the chat is, where the file's name says so and no third person takes part."""
    stem = context.file.path.rpartition("/")[2].rpartition(".")[0]
    folder = context.file.path.rpartition("/")[0].rpartition("/")[2]
    authors = {line.author for line in lines if line.author}
    if len(authors) > 2:
        return ""
    for name in (stem, folder.removesuffix(".zip")):  # iOS: "WhatsApp Chat - Ani.zip/_chat.txt"
        title = _TITLE.fullmatch(visible_name(name))
        if title and title[1].strip() in authors:
            return title[1].strip()
    return ""


FORMATS.register("whatsapp", Format("whatsapp", "text", ("txt", "text"), recognises, messages))
