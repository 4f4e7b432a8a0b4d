"""What a chat template makes of messages, and where each message's content lies in it.

The template is run twice: once on the messages, and once with each content wrapped in marks
from a private-use plane. Marks taken out, both must be equal; then the marks tell content and
template apart, character by character. A template that changes content can't be followed and
is refused. What the template writes around the contents is remembered by the roles of messages:
where a text is the same frame around other contents, the marks need not be asked again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, pairwise
from typing import Any, NamedTuple

from laras.errors import ModelRefused
from laras.models.opaque import Frame
from laras.models.template_errors import BrokenTemplate, TemplateObjection
from laras.models.template_process import templates
from laras.records import Message
from laras.translation import _

_MOST_FRAMES = 1000
_Roles = tuple[str | bool, ...]  # of the messages, and whether an answer is asked for
_PLANE = range(0xF0000, 0xFFFF0, 4)  # four private-use characters at a time


class Rendered(NamedTuple):
    """The text, and for each message the characters ``(start, end)`` of its content."""

    text: str
    spans: tuple[tuple[int, int], ...]


class Renderer:
    """One template, ready to run in a child process. ``special_tokens``: what it may print
    (``bos_token``...)."""

    def __init__(self, text: str, special_tokens: dict[str, str], today: date) -> None:
        self.text = text
        self._special_tokens = special_tokens
        self._frames: dict[_Roles, list[str]] = {}
        self._today = today
        try:
            templates().compile(text, today)
        except BrokenTemplate as error:
            raise _broken(error) from error

    def plain(self, messages: Sequence[Message], *, prompt: bool) -> str:
        """The text that the template makes; ``prompt`` asks for the start of an answer."""
        variables = {
            **self._variables(prompt=prompt),
            "messages": [{"role": each.role, "content": each.content} for each in messages],
        }
        try:
            return templates().render(self.text, self._today, variables)
        except TemplateObjection as error:
            has_system = any(each.role == "system" for each in messages)
            raise ModelRefused(
                "model.template-refuses-messages",
                _("The chat template refuses these messages: {reason}").format(reason=error),
                hint=_system_hint() if has_system else None,
            ) from error
        except BrokenTemplate as error:
            raise _broken(error) from error

    def frame(self, roles: Sequence[str]) -> Frame | None:
        """What the template writes around any contents that are not blank of messages of these
        ``roles``; None where that may depend on them (see :mod:`laras.models.opaque`)."""
        variables = self._variables(prompt=False)
        found = templates().frame(self.text, self._today, roles, variables)
        return None if found is None else Frame(*found)

    def _variables(self, *, prompt: bool) -> dict[str, Any]:
        return {
            **self._special_tokens,
            "add_generation_prompt": prompt,
            "tools": None,
            "documents": None,
        }

    def with_spans(self, messages: Sequence[Message], *, prompt: bool) -> Rendered:
        """The same text, with the place of each content (white space that it strips left out)."""
        wanted = self.plain(messages, prompt=prompt)
        roles: _Roles = (*(each.role for each in messages), prompt)
        if (known := self._as_before(roles, messages, wanted)) is not None:
            return known
        marked = self._marked(messages, prompt=prompt)
        if marked is None or marked.text != wanted:
            messages = [
                self._as_stripped(messages, place, wanted, prompt=prompt)
                for place in range(len(messages))
            ]
            marked = self._marked(messages, prompt=prompt)
        if marked is None or marked.text != wanted:
            raise ModelRefused(
                "model.template-rewrites-content",
                _("The chat template changes what is in the messages."),
                hint=_("Give a template that prints contents as they are: model.chat_template."),
            )
        if len(self._frames) < _MOST_FRAMES:
            edges = [0, *(edge for span in marked.spans for edge in span), len(marked.text)]
            pieces = [marked.text[start:end] for start, end in pairwise(edges)]
            self._frames[roles] = pieces[::2]
        return marked

    def _as_before(
        self, roles: _Roles, messages: Sequence[Message], wanted: str
    ) -> Rendered | None:
        """The places of contents in ``wanted``, where it is what the template wrote around the
        contents of other messages of the same ``roles``, around these."""
        frame = self._frames.get(roles)
        if frame is None:
            return None
        contents = [each.content for each in messages]
        if wanted != "".join([*chain.from_iterable(zip(frame, contents)), frame[-1]]):  # noqa: B905
            return None
        spans = []
        position = 0
        for before, content in zip(frame, contents, strict=False):
            position += len(before)
            spans.append((position, position + len(content)))
            position += len(content)
        return Rendered(wanted, tuple(spans))

    def _as_stripped(
        self, messages: Sequence[Message], place: int, wanted: str, *, prompt: bool
    ) -> Message:
        """The message without the outer white space that the template takes away anyway."""
        message = messages[place]
        for content in (
            message.content.strip(),
            message.content.lstrip(),
            message.content.rstrip(),
            message.content.strip("\n"),
            message.content.lstrip("\n"),
        ):
            if content == message.content:
                continue
            stripped = replace(message, content=content)
            others = [*messages[:place], stripped, *messages[place + 1 :]]
            if self.plain(others, prompt=prompt) == wanted:
                return stripped
        return message

    def _marked(self, messages: Sequence[Message], *, prompt: bool) -> Rendered | None:
        """Text and spans by marks; None where the template moved, doubled or tore a content."""
        opening, closing, zero, one = _free_characters(self.text, messages)
        wrapped = [
            replace(each, content=f"{opening}{_number(place, zero, one)}{each.content}{closing}")
            for place, each in enumerate(messages)
        ]
        rendered = self.plain(wrapped, prompt=prompt)
        found: dict[int, tuple[int, int]] = {}
        pieces: list[str] = []
        length = end_of_last = 0
        pattern = f"{opening}([{zero}{one}]+)([^{opening}{closing}]*){closing}"
        for match in re.finditer(pattern, rendered):
            before = rendered[end_of_last : match.start()]
            start = length + len(before)
            place = int(match[1].replace(zero, "0").replace(one, "1"), 2)
            if place in found:
                return None
            found[place] = (start, start + len(match[2]))
            pieces += [before, match[2]]
            length = start + len(match[2])
            end_of_last = match.end()
        text = "".join([*pieces, rendered[end_of_last:]])
        if any(mark in text for mark in (opening, closing, zero, one)):
            return None
        for place, message in enumerate(messages):
            if place not in found:
                raise _dropped(message)
            start, end = found[place]
            if text[start:end] != message.content:
                return None
        spans = tuple(found[place] for place in range(len(messages)))
        return Rendered(text, spans) if list(spans) == sorted(spans) else None


def _number(place: int, zero: str, one: str) -> str:
    return f"{place:b}".replace("0", zero).replace("1", one)


def _free_characters(template: str, messages: Sequence[Message]) -> list[str]:
    """Four characters that stand neither in the template nor in a message."""
    taken = set(template).union(*(each.content for each in messages))
    for first in _PLANE:
        marks = [chr(first + offset) for offset in range(4)]
        if taken.isdisjoint(marks):
            return marks
    raise ModelRefused(
        "model.template-no-marks", _("The messages use up all private-use characters.")
    )


def _dropped(message: Message) -> ModelRefused:
    return ModelRefused(
        "model.template-drops-role",
        _("The chat template leaves out a message of role {role!r}.").format(role=message.role),
        hint=_system_hint() if message.role == "system" else None,
    )


def _system_hint() -> str:
    return _("Put the system message before the first user message: `model.system_message: merge`.")


def _broken(error: Exception) -> ModelRefused:
    return ModelRefused(
        "model.template-broken",
        _("The chat template can't be run: {reason}").format(reason=error),
        hint=_("Give another one: model.chat_template."),
    )
