"""Messages put in the order that a template takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from laras.records import Message


def with_system_merged(messages: Sequence[Message]) -> list[Message]:
    """``messages`` with the leading system messages put before the first user message."""
    systems = 0
    while systems < len(messages) and messages[systems].role == "system":
        systems += 1
    for place in range(systems, len(messages)):
        if systems and messages[place].role == "user":
            contents = [each.content for each in (*messages[:systems], messages[place])]
            merged = replace(messages[place], content="\n\n".join(contents))
            return [*messages[systems:place], merged, *messages[place + 1 :]]
    return list(messages)
