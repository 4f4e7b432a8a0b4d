"""What a message says, as one text: its text, the calls it makes, and marks for all else.

A call of a tool is a line of compact JSON, ``{"name":"cuaca","arguments":{"kota":"Solo"}}``, below
the text that came with it; several calls are several lines. It is what the model learns to write.
The tools that a conversation offers stand in its system message in the same way, a line each.
A picture, a recording, a film or a file becomes ``[image]``, ``[audio]``, ``[video]``, ``[file]``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from laras.sources.extraction import RefusedError

_TEXT_KEYS = ("text", "refusal")  # of a part; a refusal is said to the user like any text
_MEDIA = {
    "image": ("image", "image_url", "input_image", "inline_data", "inlinedata"),
    "audio": ("audio", "audio_url", "input_audio"),
    "video": ("video", "video_url", "input_video"),
    "file": ("file", "file_url", "input_file", "document", "file_data", "filedata"),
}
_MARKS = {kind: mark for mark, kinds in _MEDIA.items() for kind in kinds}
_MARK = re.compile(rf"\[(?:{'|'.join(_MEDIA)})\]")
_UNSAID = frozenset(("thinking", "redacted_thinking", "reasoning"))
_CALL_PARTS = frozenset(("tool_use", "function_call", "tool_call"))
_RESULT_PARTS = frozenset(("tool_result", "function_call_output"))


def text_of(content: object, left_out: Counter[str] | None = None) -> str:
    """The text of a message: a string, a number, or a list of parts.

    ``left_out`` counts the parts for which a mark stands; without it they are refused, as is all
    that is not known: raises :class:`RefusedError`.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, bool):
        return str(content).lower()
    if isinstance(content, int | float):
        return str(content)
    if isinstance(content, list):
        texts = (_text_of_part(part, left_out) for part in content)
        return "\n".join(text for text in texts if text is not None)
    raise RefusedError("unsupported-content", type(content).__name__)


def _text_of_part(part: object, left_out: Counter[str] | None) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise RefusedError("unsupported-content", type(part).__name__)
    for key in _TEXT_KEYS:
        if isinstance(part.get(key), str):
            text: str = part[key]
            return text
    kind = part.get("type")
    if not isinstance(kind, str):  # Gemini's parts have no type: their only key says what they are
        kind = next((key for key in part if isinstance(key, str)), "")
    if left_out is None:
        raise RefusedError("unsupported-content", kind)
    kind = kind.lower()
    if kind in _UNSAID:
        return None
    if kind in _CALL_PARTS:
        return call_line(part.get("name"), part.get("input", part.get("arguments")))
    call = part.get("functionCall")
    if isinstance(call, Mapping):
        return call_line(call.get("name"), call.get("args"))
    if kind not in _MARKS:
        raise RefusedError("unsupported-content", kind)
    left_out[_MARKS[kind]] += 1
    return f"[{_MARKS[kind]}]"


def results_in(content: object) -> list[str]:
    """The results of tools among the parts of a message, each as a text."""
    results = []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, Mapping):
            continue
        response = part.get("functionResponse")
        kind = part.get("type")
        if isinstance(kind, str) and kind in _RESULT_PARTS:
            results.append(result_text(part.get("content", part.get("output"))))
        elif isinstance(response, Mapping):
            results.append(result_text(response.get("response")))
    return results


def without_results(content: object) -> object:
    """The parts of a message but for the results of tools."""
    if not isinstance(content, list):
        return content
    return [part for part in content if not results_in([part])]


def result_text(content: object) -> str:
    """What a tool gave back: its text, or its data as compact JSON."""
    try:
        return text_of(content, Counter())
    except RefusedError:
        return compact(content)


def calls_in(message: Mapping[str, Any]) -> list[str]:
    """A line for each call of a tool under ``tool_calls`` or ``function_call``.

    Raises :class:`RefusedError` where there is something else.
    """
    calls = message.get("tool_calls") or []
    calls = list(calls) if isinstance(calls, list) else [calls]
    calls += [message["function_call"]] if message.get("function_call") else []
    return [_line_of(call) for call in calls]


def _line_of(call: object) -> str:
    function = call.get("function", call) if isinstance(call, Mapping) else call
    if not isinstance(function, Mapping):
        raise RefusedError("unsupported-content", "tool_calls")
    return call_line(function.get("name"), function.get("arguments"))


def call_line(name: object, arguments: object) -> str:
    """A call as a line of compact JSON. Arguments that are JSON in a string are taken out of it;
    a string that is none stays as it is."""
    if not isinstance(name, str) or not name:
        raise RefusedError("unsupported-content", "tool_calls")
    if isinstance(arguments, str):
        arguments = _parsed(arguments)
    return compact({"name": name, "arguments": {} if arguments in (None, "") else arguments})


def call_text(text: str) -> str:
    """A call that stands as JSON in a message of its own (ShareGPT), as the same lines; whatever
    else the message says stays as it is."""
    value = _parsed(text)
    calls = value if isinstance(value, list) else [value]
    try:
        return "\n".join(_line_of(call) for call in calls) or text
    except RefusedError:
        return text


def tools_text(tools: object) -> str:
    """The tools that a conversation offers, a line of compact JSON each."""
    if isinstance(tools, str):
        tools = _parsed(tools)
    if tools in (None, "", [], {}):
        return ""
    lines = []
    for tool in tools if isinstance(tools, list) else [tools]:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        lines.append(compact(function if isinstance(function, Mapping) else tool))
    return "\n".join(lines)


def says_something(text: str) -> bool:
    """Whether there is more in the text than marks for what is not text."""
    return bool(_MARK.sub("", text).strip())


def _parsed(text: str) -> Any:
    # Not the strict reader's parser: what it would refuse stays the text that it is.
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def compact(value: object) -> str:
    """``value`` as JSON without a space between; raises :class:`RefusedError` where it has no
    such form."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError, TypeError):
        raise RefusedError("unsupported-content", type(value).__name__) from None
