"""Messages of any chat format to turns: who speaks, what they say, and whom the model plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from laras.records import Turn
from laras.sources.extraction import RefusedError

_SPEAKER_KEYS = ("role", "from", "speaker", "author", "sender", "name")
_CONTENT_KEYS = ("content", "value", "text", "utterance", "message", "body")
_SYSTEM_NAMES = frozenset(("system", "developer"))
_TOOL_NAMES = frozenset(("tool", "function", "observation", "tool_response", "function_response"))
_CALL_KEYS = ("tool_calls", "function_call")
_CALL_NAMES = frozenset(("function_call", "tool_call"))


def turns_from(messages: object, assistant_names: Sequence[str]) -> list[Turn]:
    """Turns of a list of messages: mappings with a speaker and a text, or pairs of texts (first
    the user's, then the assistant's).

    Raises :class:`RefusedError`, with the reason, for anything else.
    """
    if not isinstance(messages, list) or not messages:
        raise RefusedError("missing-value", "messages")
    assistants = {name.lower() for name in assistant_names}
    turns: list[Turn] = []
    for message in messages:
        if isinstance(message, Mapping):
            turns.append(_turn(message, assistants))
        elif isinstance(message, list) and len(message) == 2:
            user, assistant = (text_of(part) for part in message)
            turns += [Turn("user", user), Turn("assistant", assistant)]
        else:
            raise RefusedError("unknown-shape", type(message).__name__)
    return turns


def _turn(message: Mapping[str, Any], assistants: set[str]) -> Turn:
    speaker_key = next((key for key in _SPEAKER_KEYS if isinstance(message.get(key), str)), None)
    content_key = next((key for key in _CONTENT_KEYS if key in message), None)
    if speaker_key is None or any(message.get(key) for key in _CALL_KEYS):
        # What the model would say there is a call in a form of its own, not text.
        reason = "unknown-shape" if speaker_key is None else "unsupported-content"
        raise RefusedError(reason, ", ".join(sorted(map(str, message))[:8]))
    if content_key is None:
        raise RefusedError("unknown-shape", ", ".join(sorted(map(str, message))[:8]))
    role = role_of(message[speaker_key], assistants, is_role=speaker_key == "role")
    weight = message.get("weight")
    trained = False if weight == 0 and role == "assistant" else None
    return Turn(role, text_of(message[content_key]), trained)


def role_of(name: str, assistants: set[str], *, is_role: bool) -> str:
    """The role that a speaker called ``name`` has. ``assistants`` holds lower-case names;
    ``is_role``: the name is a role already, as in OpenAI's format."""
    lower = name.strip().lower()
    if lower in assistants or (is_role and lower == "assistant"):
        return "assistant"
    if lower in _CALL_NAMES:
        raise RefusedError("unsupported-content", name)
    if lower in _SYSTEM_NAMES:
        return "system"
    if lower in _TOOL_NAMES:
        return "tool"
    return "user"


def text_of(content: object) -> str:
    """The text of a message: a string, or OpenAI's list of parts, all of them text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, bool):
        return str(content).lower()
    if isinstance(content, int | float):
        return str(content)
    if isinstance(content, list):
        texts = []
        for part in content:
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, Mapping) and isinstance(part.get("text"), str):
                texts.append(part["text"])
            else:
                kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
                raise RefusedError("unsupported-content", str(kind))
        return "\n".join(texts)
    raise RefusedError("unsupported-content", type(content).__name__)


def merged(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], int]:
    """Turns with neighbours of one role as one turn, and how many without text were left out.

    Messages of which one is to be trained and the other is not stay apart: as one turn they
    would be both.
    """
    result: list[Turn] = []
    left_out = 0
    for turn in turns:
        content = turn.content.strip()
        if not content:
            left_out += 1
        elif result and (result[-1].role, result[-1].trained) == (turn.role, turn.trained):
            result[-1] = replace(result[-1], content=f"{result[-1].content}\n{content}")
        else:
            result.append(replace(turn, content=content))
    return tuple(result), left_out
