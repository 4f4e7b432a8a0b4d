"""What every chat export comes down to: messages with an author, a time and a thread.

A format's reader yields these; :mod:`laras.sources.conversations.sessions` makes dialogues of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]
Kind = Literal["message", "note", "event", "media", "fallback"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of an export.

    ``author``: a name as people see it where the export has one, else an id. ``time``: seconds
    since 1970; a local time without a zone is taken as UTC. ``thread``: messages of different
    threads never stand in one conversation; "" where the export has none. ``role``: only where the
    format itself says it. ``kind``: a "note" between agents, an "event" of the system (somebody
    joined, a call), "media" without text, or the "fallback" answer of a bot that did not
    understand; only messages and fallbacks become turns, and a fallback is never trained on.
    ``rating``: how content the customer was with the conversation, from 0 to 1. ``customer``: who
    the conversation belongs to, across conversations. ``others``: further names of people that the
    export tells (mentions, profiles), for finding them in texts. ``chat``: the room, channel or
    partner in an export that holds several; unlike a thread, it is cut where nobody wrote for a
    while. ``weight``: what it counts in the loss where the assistant says it; 0: context only.
    """

    author: str
    text: str
    time: float | None = None
    thread: str = ""
    role: Role | None = None
    kind: Kind = "message"
    locator: str = ""
    rating: float | None = None
    customer: str = ""
    is_bot: bool = False
    others: tuple[str, ...] = ()
    chat: str = ""
    weight: float | None = None
