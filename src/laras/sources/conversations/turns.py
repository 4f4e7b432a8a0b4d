"""Messages of any chat format to turns: who speaks, what they say, and whom the model plays.

Roles: ``developer`` is a system message; calls of tools are said by the assistant and trained like
its other turns, their results are of role "tool". In a dialogue of a USER and a SYSTEM who
answers (DSTC8, MultiWOZ), the system is the assistant.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from laras.records import Turn
from laras.sources.conversations.content import (
    call_line,
    call_text,
    calls_in,
    result_text,
    results_in,
    text_of,
    without_results,
)
from laras.sources.conversations.fields import keys_told, name
from laras.sources.conversations.role_words import GENERIC, is_organisation
from laras.sources.extraction import RefusedError

__all__ = ["merged", "people_in", "role_of", "text_of", "turns_from", "weight_in", "weighted"]

_SPEAKER_KEYS = ("role", "from", "speaker", "author", "sender", "name")
_CONTENT_KEYS = ("content", "value", "text", "utterance", "message", "body", "parts")
_SYSTEM_NAMES = frozenset(("system", "developer"))
_TOOL_NAMES = frozenset(("tool", "function", "observation", "tool_response", "function_response"))
_CALL_NAMES = frozenset(("function_call", "tool_call"))
_NO_PEOPLE = GENERIC | _SYSTEM_NAMES | _TOOL_NAMES | _CALL_NAMES | {""}


def turns_from(
    messages: object,
    assistant_names: Sequence[str],
    left_out: Counter[str] | None = None,
    *,
    weight_key: str = "weight",
) -> list[Turn]:
    """Turns of a list of messages: mappings with a speaker and a text, or pairs of texts (first
    the user's, then the assistant's).

    ``left_out`` counts pictures and the like, in whose place a mark stands; without it they are
    refused. ``weight_key``: what a message of the assistant says its weight under. Raises
    :class:`RefusedError`, with the reason, for anything else.
    """
    if not isinstance(messages, list) or not messages:
        raise RefusedError("missing-value", "messages")
    assistants = {name.lower() for name in assistant_names}
    if _system_answers(messages, assistants):
        assistants.add("system")
    turns: list[Turn] = []
    for number, message in enumerate(messages):
        if _is_of_a_log(message):
            turns.append(Turn("assistant" if number % 2 else "user", text_of(message["text"])))
        elif isinstance(message, Mapping):
            turns += _turns(message, assistants, left_out, weight_key)
        elif isinstance(message, list) and len(message) == 2:
            user, assistant = (text_of(part) for part in message)
            turns += [Turn("user", user), Turn("assistant", assistant)]
        else:
            raise RefusedError("unknown-shape", type(message).__name__)
    return turns


def people_in(messages: object) -> list[str]:
    """Whom a list of messages names, in order, each once: who speaks (OpenAI's ``name`` beside the
    role, the speaker elsewhere), but for roles and for the names of tools."""
    names: dict[str, None] = {}
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, Mapping):
            continue
        speaker = message.get(_speaker_key(message) or "", "")
        if speaker.strip().lower() in _TOOL_NAMES | _CALL_NAMES:
            continue
        for key in _SPEAKER_KEYS[1:]:
            person = name(message.get(key))
            if person.lower() not in _NO_PEOPLE and not is_organisation(person):
                names[person] = None
    return list(names)


def _is_of_a_log(message: object) -> bool:
    """Whether it is a message of MultiWOZ's log: nobody is named, the two speak in turn."""
    return (
        isinstance(message, Mapping)
        and {"text", "metadata"} <= message.keys()
        and _speaker_key(message) is None
    )


def _system_answers(messages: Sequence[object], assistants: set[str]) -> bool:
    """Whether a speaker called "system" is one of two who speak in turn, rather than what is
    said to the assistant before it begins."""
    names = []
    for message in messages:
        key = _speaker_key(message) if isinstance(message, Mapping) else None
        if key is None or key == "role":
            return False
        names.append(message[key].strip().lower())  # type: ignore[index]
    return set(names) == {"user", "system"} and not assistants & {"user"} and "system" in names[1:]


def _speaker_key(message: Mapping[str, Any]) -> str | None:
    return next((key for key in _SPEAKER_KEYS if isinstance(message.get(key), str)), None)


def _turns(
    message: Mapping[str, Any],
    assistants: set[str],
    left_out: Counter[str] | None,
    weight_key: str,
) -> list[Turn]:
    """The turns of one message: one, but for results of tools that come with a user's words."""
    speaker_key = _speaker_key(message)
    if message.get("type") == "function_call":  # OpenAI's items of a response name no speaker
        return [Turn("assistant", call_line(message.get("name"), message.get("arguments")))]
    if message.get("type") == "function_call_output":
        return [Turn("tool", result_text(message.get("output")))]
    content_key = next((key for key in _CONTENT_KEYS if key in message), None)
    calls = calls_in(message)
    if speaker_key is None or (content_key is None and not calls):
        raise RefusedError("unknown-shape", keys_told(message))
    speaker = message[speaker_key]
    role = role_of(speaker, assistants, is_role=speaker_key == "role")
    content = message[content_key] if content_key else None
    results = [Turn("tool", text) for text in results_in(content)]
    if results:
        content = without_results(content)
    text = result_text(content) if role == "tool" else text_of(content, left_out)
    if speaker.strip().lower() in _CALL_NAMES:
        text = call_text(text)
    if calls:
        role = "assistant"
        text = "\n".join([text, *calls] if text.strip() else calls)
    if results and not text.strip():
        return results
    weight = weight_in(message.get(weight_key)) if role == "assistant" else None
    return [*results, weighted(Turn(role, text), weight)]


def weighted(turn: Turn, weight: float | None) -> Turn:
    """``turn`` with the ``weight`` that its message has (0: context only; None: it has none). Only
    the assistant's count."""
    if weight is None or turn.role != "assistant":
        return turn
    return replace(turn, weight=weight) if weight else replace(turn, trained=False)


def weight_in(value: object, *, named: bool = False) -> float | None:
    """The weight that a value is, None where there is none; ``named``: by the recipe, so that a
    text (a cell of a table) may say it too. :class:`RefusedError` where it is no number from 0."""
    if named and isinstance(value, str):
        try:
            value = float(value.replace(",", ".")) if value.strip() else None
        except ValueError:
            raise RefusedError("bad-weight", str(value)[:40]) from None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError("bad-weight", str(value)[:40])
    if not (value >= 0 and math.isfinite(value)):
        raise RefusedError("bad-weight", str(value)[:40])
    return float(value)


def role_of(name: str, assistants: set[str], *, is_role: bool) -> str:
    """The role that a speaker called ``name`` has. ``assistants`` holds lower-case names;
    ``is_role``: the name is a role already, as in OpenAI's format."""
    lower = name.strip().lower()
    if lower in assistants or lower in _CALL_NAMES or (is_role and lower == "assistant"):
        return "assistant"
    if lower in _SYSTEM_NAMES:
        return "system"
    if lower in _TOOL_NAMES:
        return "tool"
    return "user"


def merged(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], int]:
    """Turns with neighbours of one role as one turn, and how many without text were left out.

    Messages of which one is to be trained and the other is not stay apart: as one turn they
    would be both. So do those of unlike weight.
    """
    result: list[Turn] = []
    left_out = 0
    for turn in turns:
        content = turn.content.strip()
        if not content:
            left_out += 1
        elif result and replace(result[-1], content=turn.content) == turn:
            result[-1] = replace(result[-1], content=f"{result[-1].content}\n{content}")
        else:
            result.append(replace(turn, content=content))
    return tuple(result), left_out
