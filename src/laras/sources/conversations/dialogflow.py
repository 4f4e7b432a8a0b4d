"""Dialogflow ES and CX: what was asked and answered in each turn of a session.

Formats as documented: responses of DetectIntent (ES and CX), also wrapped in entries of Cloud
Logging; the interaction log of CX in BigQuery, whose ``request`` and ``response`` hold JSON; and
flat rows of a history with ``queryText`` and ``fulfillmentText``. A turn whose intent
``isFallback``, or that matched nothing, is answered by a fallback. Events have no words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from laras.records import Rejection
from laras.sources.context import FileContext
from laras.sources.conversations.fields import identifier, mapping, mappings, seconds, string
from laras.sources.conversations.formats import FORMATS, JSON_SUFFIXES, Format, Rows
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.places import within

_ASKED = ("queryText", "query_text", "text", "transcript")
_ANSWERED = ("fulfillmentText", "fulfillment_text")
_ANSWER_LISTS = (
    *("fulfillmentMessages", "fulfillment_messages", "responseMessages", "response_messages"),
)
_SESSIONS = ("session", "sessionId", "session_id", "conversation_name", "conversationName")
_TIMES = ("request_time", "requestTime", "timestamp", "receiveTimestamp", "createTime", "time")
_FALLBACK_ACTIONS = frozenset(("input.unknown",))
_FALLBACK_INTENTS = frozenset(("default fallback intent", "default negative intent"))
_FEEDBACK = {"THUMBS_UP": 1.0, "THUMBS_DOWN": 0.0}
_FALLBACK_MATCHES = frozenset(("NO_MATCH", "NO_INPUT"))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One exchange of a session."""

    row: Mapping[str, Any]  # what stands around the result
    result: Mapping[str, Any]
    request: Mapping[str, Any]


def recognises(value: Any, context: FileContext) -> bool:
    """Whether it is one turn of a session."""
    return _turn(value) is not None


def messages(rows: Rows, context: FileContext) -> Iterator[ChatMessage | Rejection]:
    """The messages of sessions, each of them a thread, in the order of their turns where that is
    said."""
    names = _FALLBACK_INTENTS | {name.lower() for name in context.source.fallbacks}
    found: list[tuple[tuple[float, int], str, _Turn]] = []
    for number, (locator, value) in enumerate(rows):
        turn = _turn(value)
        if turn is None:
            yield context.rejection("unknown-shape", locator, "Dialogflow")
            continue
        found.append(((_position(turn.row), number), locator, turn))
    for _position_in_session, locator, turn in sorted(found, key=lambda item: item[0]):
        yield from _messages(turn, names, locator)


def _turn(value: object) -> _Turn | None:
    row = mapping(value)
    if isinstance(row.get("jsonPayload"), Mapping):
        row = {**row, **row["jsonPayload"]}
    response = _object(row.get("response")) or row
    result = mapping(response.get("queryResult") or response.get("query_result"))
    if not result and any(key in row for key in _ASKED[:2]) and any(k in row for k in _ANSWERED):
        result = row
    if not result:
        return None
    known = (*_ASKED, *_ANSWERED, *_ANSWER_LISTS, "triggerIntent", "triggerEvent", "match")
    if not any(key in result for key in known):
        return None
    return _Turn({**response, **row}, result, _object(row.get("request")))


def _object(value: object) -> Mapping[str, Any]:
    """An object, or the one that a text holds as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return mapping(value)


def _position(row: Mapping[str, Any]) -> float:
    """Turns have a number, or a time; without either they keep their order in the file."""
    number = seconds(row.get("turn_position", row.get("turnPosition")))
    return number if number is not None else _time(row) or 0.0


def _time(row: Mapping[str, Any]) -> float | None:
    for key in _TIMES:
        value = row.get(key)
        found = seconds(value.removesuffix(" UTC") if isinstance(value, str) else value)
        if found is not None:
            return found
    return None


def _messages(turn: _Turn, names: frozenset[str], locator: str) -> Iterator[ChatMessage]:
    sessions = (turn.row.get(key) or turn.request.get(key) for key in _SESSIONS)
    session = next((identifier(value) for value in sessions if value), "")
    thread = session.rpartition("/")[2] or locator or "1"
    time = _time(turn.row)
    asked = next((t for key in _ASKED if (t := string(turn.result.get(key)).strip())), "")
    if not asked:
        asked = string(mapping(mapping(turn.request.get("queryInput")).get("text")).get("text"))
    yield ChatMessage(
        author="user",
        text=asked,
        time=time,
        thread=thread,
        role="user",
        kind="message" if asked.strip() else "event",
        locator=within(locator, ("message", 1)),
    )
    answer = _answer(turn.result)
    feedback = _object(turn.row.get("bot_answer_feedback"))
    yield ChatMessage(
        author="bot",
        text=answer,
        time=time,
        thread=thread,
        role="assistant",
        kind="event" if not answer else "fallback" if _failed(turn.result, names) else "message",
        locator=within(locator, ("message", 2)),
        rating=_FEEDBACK.get(string(feedback.get("rating"))),
        is_bot=True,
    )


def _answer(result: Mapping[str, Any]) -> str:
    """What was answered: the texts of all messages, each once; else the text that stands for them
    on channels without rich messages."""
    texts: list[object] = []
    for key in _ANSWER_LISTS:
        for message in mappings(result.get(key)):
            text = mapping(message.get("text")).get("text")
            texts += text[:1] if isinstance(text, list) else [text]
            simple = mapping(message.get("simpleResponses"))
            for response in mappings(simple.get("simpleResponses")):
                texts.append(response.get("displayText") or response.get("textToSpeech"))
    said = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    if not said:
        said = [t for key in _ANSWERED if (t := string(result.get(key)).strip())][:1]
    return "\n".join(dict.fromkeys(said))


def _failed(result: Mapping[str, Any], names: frozenset[str]) -> bool:
    intent = mapping(result.get("intent"))
    match = mapping(result.get("match"))
    name = string(intent.get("displayName") or result.get("intent") or result.get("intentName"))
    return (
        intent.get("isFallback") is True
        or result.get("isFallback") is True
        or string(result.get("action")) in _FALLBACK_ACTIONS
        or string(match.get("matchType")) in _FALLBACK_MATCHES
        or name.strip().lower() in names
    )


FORMATS.register("dialogflow", Format("dialogflow", "json", JSON_SUFFIXES, recognises, messages))
