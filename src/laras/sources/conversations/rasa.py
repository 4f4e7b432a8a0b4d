"""Rasa: the events of its tracker store, as trackers, as a stream, or as rows of its SQL table.

Format as documented for the tracker store, the event broker and the HTTP API: an event is a
"user" or "bot" utterance, an action that was run, a restart, a new session. What the bot says in
place of an answer (``action_default_fallback``, ``utter_default``, the intent ``nlu_fallback``) is
a fallback. A conversation ends at a restart and where a session begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import identifier, mapping, mappings, seconds, string
from laras.sources.conversations.formats import FORMATS, JSON_SUFFIXES, Format, Rows
from laras.sources.conversations.messages import ChatMessage, Kind
from laras.sources.conversations.places import within

_FALLBACKS = """
    nlu_fallback action_default_fallback action_default_ask_rephrase action_two_stage_fallback
    action_default_ask_affirmation utter_default utter_fallback utter_ask_rephrase
    utter_please_rephrase
"""
_NEW_SESSION = frozenset(("restart", "restarted", "session_started"))
_COMMANDS = frozenset(("/restart", "/session_start", "/back"))


@dataclass(slots=True)
class _Tracker:
    """Where the conversation of one sender stands."""

    session: int = 1
    said: bool = False  # anything since the session began
    is_fallback: bool = False  # the bot did not understand what was said last
    titles: dict[str, str] = field(default_factory=dict)  # of buttons, by what they send


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is a tracker, an event of a sender, or a row of the table of events."""
    row = mapping(value)
    return _events(row) is not None or _event(row) is not None


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of all senders; each session of one is a thread."""
    trackers: dict[str, _Tracker] = {}
    fallbacks = frozenset(_FALLBACKS.split()) | {n.lower() for n in context.source.fallbacks}
    for locator, value in rows:
        row = mapping(value)
        events, event = _events(row), _event(row)
        if events is None and event is None:
            yield context.rejection("unknown-shape", locator, "Rasa")
            continue
        sender = identifier(row.get("sender_id")) or locator or "1"
        tracker = trackers.setdefault(sender, _Tracker())
        if event is not None:
            yield from _messages(event, sender, tracker, fallbacks, locator)
            continue
        nothing = True
        for number, inner in enumerate(events or [], 1):
            place = within(locator, ("event", number))
            for message in _messages(mapping(inner), sender, tracker, fallbacks, place):
                nothing = False
                yield message
        if nothing:
            yield context.rejection("empty", locator)


def _events(row: Mapping[str, Any]) -> list[Any] | None:
    """The events of a tracker."""
    events = row.get("events")
    if not isinstance(events, list) or not {"sender_id", "slots"} & row.keys():
        return None
    return events if all(isinstance(e.get("event"), str) for e in mappings(events)) else None


def _event(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The event of a stream, or of a row whose ``data`` is the event as JSON."""
    if "sender_id" not in row:
        return None
    if isinstance(row.get("event"), str) and "timestamp" in row:
        return row
    data = row.get("data")
    if not isinstance(row.get("type_name"), str) or not isinstance(data, str | Mapping):
        return None
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return None
    return {"event": row["type_name"], **mapping(data)}


def _messages(
    event: Mapping[str, Any],
    sender: str,
    tracker: _Tracker,
    fallbacks: frozenset[str],
    locator: str,
) -> Iterator[ChatMessage]:
    """The message of an event that is one; every event may change where the tracker stands."""
    kind = string(event.get("event"))
    if kind in _NEW_SESSION:
        if tracker.said:
            tracker.session += 1
        tracker.said = tracker.is_fallback = False
    elif kind == "action":
        if string(event.get("name")).lower() in fallbacks:
            tracker.is_fallback = True
    elif kind == "user":
        text = _asked(event, tracker)
        intent = mapping(mapping(event.get("parse_data")).get("intent")).get("name")
        tracker.is_fallback = string(intent).lower() in fallbacks
        yield _message(event, text, "message" if text else "event", sender, tracker, locator)
    elif kind == "bot":
        text = string(event.get("text")).strip()
        data = mapping(event.get("data"))
        for button in mappings(data.get("buttons")) + mappings(data.get("quick_replies")):
            tracker.titles[string(button.get("payload"))] = string(button.get("title")).strip()
        action = string(mapping(event.get("metadata")).get("utter_action")).lower()
        failed = tracker.is_fallback or action in fallbacks
        said: Kind = "fallback" if failed else "message"
        yield _message(event, text, said if text else "media", sender, tracker, locator)


def _asked(event: Mapping[str, Any], tracker: _Tracker) -> str:
    """What a user said. Of a pressed button only what it sends is kept; its title was said."""
    text = string(event.get("text")).strip()
    if text in _COMMANDS:
        return ""
    return tracker.titles.get(text) or text


def _message(
    event: Mapping[str, Any],
    text: str,
    kind: Kind,
    sender: str,
    tracker: _Tracker,
    locator: str,
) -> ChatMessage:
    is_bot = event.get("event") == "bot"
    tracker.said = tracker.said or kind in ("message", "fallback")
    return ChatMessage(
        author="bot" if is_bot else "user",
        text=text,
        time=seconds(event.get("timestamp")),
        thread=f"{sender} {tracker.session}",
        role="assistant" if is_bot else "user",
        kind=kind,
        locator=locator,
        customer=sender,
        is_bot=is_bot,
    )


FORMATS.register("rasa", Format("rasa", "json", JSON_SUFFIXES, recognises, messages))
