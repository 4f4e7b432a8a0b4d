"""Slack's workspace export: a folder per channel, in it a file per day; people in ``users.json``.

Written after https://slack.com/help/articles/220556107. A thread is one conversation, though its
answers may stand in the files of later days: it is told where it begins, and passed over (with a
note) where it goes on. What is in no thread is cut by time.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import (
    identifier,
    iso_time,
    mapping,
    mappings,
    name,
    seconds,
    string,
)
from laras.sources.conversations.formats import FORMATS, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.slack_markup import plain, source_text

_DAY_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.json")
_LISTS = frozenset(
    f"{kind}.json"
    for kind in (
        *("users", "org_users", "channels", "groups", "dms", "mpims", "integration_logs"),
        *("canvases", "lists", "file_conversations", "huddle_transcripts"),
    )
)
_SAID = frozenset(("", "bot_message", "thread_broadcast", "file_share", "me_message"))
_DAY_S = 86_400.0
_LATEST = 4e9  # the year 2096: what Slack never wrote yet


def recognises(value: Any, _context: FileContext) -> bool:
    """Whether the first item of the list is a message of Slack."""
    first = mapping(value)
    return first.get("type") == "message" and "ts" in first and "date_unixtime" not in first


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of one channel on one day, and the later answers to its threads."""
    people, bots = _people(context.sibling("../users.json") or b"")
    channel = posixpath.basename(posixpath.dirname(context.file.path))
    own: dict[str, Mapping[str, Any]] = {}
    found: list[tuple[str, Mapping[str, Any]]] = []
    for number, (locator, value) in enumerate(rows, 1):
        if recognises(value, context):
            found.append((locator or f"message {number}", value))
            own[identifier(value.get("ts"))] = value
        else:
            yield context.rejection("unknown-shape", locator, type(value).__name__)
    others = _OtherDays(context)
    elsewhere = 0
    for locator, item in found:
        root = identifier(item.get("thread_ts"))
        if root and root not in own and _is_told_before(root, item, others):
            elsewhere += 1
        else:
            yield _message(locator, item, channel, people, bots)
    for locator, item in _later_answers(own, others):
        yield _message(locator, item, channel, people, bots)
    if elsewhere:
        yield context.note("thread-elsewhere", fact=str(elsewhere))


def _message(
    locator: str,
    item: Mapping[str, Any],
    channel: str,
    people: Mapping[str, str],
    bots: frozenset[str],
) -> ChatMessage:
    user = identifier(item.get("user"))
    profile = mapping(item.get("user_profile"))
    bot = mapping(item.get("bot_profile"))
    text, mentioned = plain(source_text(item), people)
    author = (
        people.get(user)
        or name(profile.get("display_name"))
        or name(profile.get("real_name"))
        or name(item.get("username"))
        or name(bot.get("name"))
        or user
        or identifier(item.get("bot_id"))
    )
    is_bot = item.get("subtype") == "bot_message" or bool(item.get("bot_id")) or user in bots
    other = name(profile.get("real_name"))
    return ChatMessage(
        author=author,
        text=text,
        time=seconds(item.get("ts")),
        thread=identifier(item.get("thread_ts")),
        chat=channel,
        kind=_kind(item, text),
        locator=locator,
        is_bot=is_bot,
        others=tuple(filter(None, (*mentioned, "" if other == author else other))),
    )


def _kind(item: Mapping[str, Any], text: str) -> Kind:
    if string(item.get("subtype")) not in _SAID or item.get("hidden") is True:
        return "event"
    return "media" if item.get("files") and not text.strip() else "message"


class _OtherDays:
    """The channel's other files, each read once, its messages by their time stamp."""

    def __init__(self, context: FileContext) -> None:
        self._context = context
        self._own = posixpath.basename(context.file.path)
        self._days: dict[str, dict[str, tuple[str, Mapping[str, Any]]]] = {}

    def message(self, ts: str) -> tuple[str, Mapping[str, Any]] | None:
        """A message and where it stands. It is looked for in the files around its day: whose
        midnight it is that parts them depends on the workspace."""
        time = seconds(ts)
        if time is None or not _DAY_FILE.fullmatch(self._own):
            return None
        for shift in (0.0, _DAY_S, -_DAY_S):
            day = iso_time(min(max(time + shift, 0.0), _LATEST))[:10]
            found = self._of(f"{day}.json").get(ts)
            if found:
                return found
        return None

    def _of(self, file: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
        if file == self._own:
            return {}
        if file not in self._days:
            items = _items(self._context.sibling(file) or b"")
            self._days[file] = {
                identifier(item.get("ts")): (f"{file}, message {number}", item)
                for number, item in enumerate(items, 1)
            }
        return self._days[file]


def _is_told_before(root: str, answer: Mapping[str, Any], others: _OtherDays) -> bool:
    """Whether the file in which the thread begins is read too, and knows of the answer."""
    found = others.message(root)
    return found is not None and identifier(answer.get("ts")) in _answers(found[1])


def _later_answers(
    own: Mapping[str, Mapping[str, Any]], others: _OtherDays
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Answers in the files of other days to threads that begin here."""
    wanted: dict[str, str] = {}
    for root, item in own.items():
        if identifier(item.get("thread_ts")) in ("", root):
            wanted |= {answer: root for answer in _answers(item) if answer not in own}
    for answer in sorted(wanted):
        found = others.message(answer)
        if found and identifier(found[1].get("thread_ts")) == wanted[answer]:
            yield found


def _answers(parent: Mapping[str, Any]) -> set[str]:
    return {identifier(reply.get("ts")) for reply in mappings(parent.get("replies"))} - {""}


def _items(data: bytes) -> tuple[Mapping[str, Any], ...]:
    """The objects of a list; none where it is no such JSON."""
    try:
        return tuple(mappings(json.loads(data.decode("utf-8-sig"))))
    except (ValueError, RecursionError):
        return ()


@lru_cache(maxsize=2)
def _people(data: bytes) -> tuple[Mapping[str, str], frozenset[str]]:
    """Names by id, and the ids of bots. Every file of an export asks for them, hence the cache."""
    names: dict[str, str] = {}
    bots: set[str] = set()
    for user in _items(data):
        own_id, profile = identifier(user.get("id")), mapping(user.get("profile"))
        keys = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
        found = next(filter(None, map(name, (*keys, user.get("name")))), "")
        if own_id and found:
            names[own_id] = found
        if user.get("is_bot") is True:
            bots.add(own_id)
    return names, frozenset(bots)


def recognises_list(value: Any, context: FileContext) -> bool:
    """Whether it is one of the lists at the top of an export, of people, channels and the like."""
    if posixpath.basename(context.file.path) not in _LISTS or not isinstance(value, Mapping):
        return False
    customary = {"profile", "team_id", "members", "created", "creator", "channel", "service_id"}
    return bool(customary & value.keys())


def no_messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """Nothing is said in a list; how long it is, is noted."""
    count = sum(1 for _row in rows)
    yield context.note("chat-list", fact=str(count))


FORMATS.register("slack", Format("slack", "json", ("json",), recognises, messages))
FORMATS.register(
    "slack-list", Format("slack-list", "json", ("json",), recognises_list, no_messages)
)
