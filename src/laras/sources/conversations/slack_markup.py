"""Slack's own markup to plain text: ``<@U1>``, ``<#C1|name>``, ``<https://…|label>``, ``&amp;``.

Written after https://docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from laras.sources.conversations.fields import mapping, mappings, string

_REFERENCE = re.compile(r"<([@#!]?)([^<>|\s][^<>|\n]{0,3000})(?:\|([^<>\n]{0,3000}))?>")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_SPECIAL = ("here", "channel", "everyone")


def plain(text: str, people: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with references spelled out, and the names of the people it mentions.

    ``people``: their names by id. A link reads "label (address)".
    """
    mentioned: list[str] = []

    def spelled(found: re.Match[str]) -> str:
        sign, target, label = found[1], found[2], found[3] or ""
        if sign == "@":
            who = people.get(target) or label.lstrip("@") or target
            mentioned.append(who)
            return f"@{who}"
        if sign == "#":
            return f"#{label or target}"
        if sign == "!":
            command = target.partition("^")[0]
            return label or (f"@{command}" if command in _SPECIAL else "")
        address = target.removeprefix("mailto:").removeprefix("tel:")
        return f"{label} ({address})" if label and label not in target else label or address

    text = _REFERENCE.sub(spelled, text)
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    return text, tuple(mentioned)


def source_text(message: Mapping[str, Any]) -> str:
    """The text of a message in Slack's markup; bots often say it in blocks or attachments."""
    text = string(message.get("text"))
    if text.strip():
        return text
    lines = [
        string(mapping(block.get("text")).get("text")) for block in mappings(message.get("blocks"))
    ]
    for attachment in mappings(message.get("attachments")):
        said = [string(attachment.get(key)) for key in ("pretext", "title", "text")]
        lines += said if any(said) else [string(attachment.get("fallback"))]
    return "\n".join(line for line in lines if line.strip())
