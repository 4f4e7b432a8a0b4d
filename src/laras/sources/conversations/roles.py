"""Whom the model speaks as: named by the recipe, known by the format, else guessed and shown.

A guess can be wrong, and then the model learns to ask instead of to answer. So a guess always
comes with its reason and with the line of the recipe that confirms or changes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from laras.recipe.schema import Source
from laras.sources.conversations.guess import guessed, quoted
from laras.sources.conversations.messages import ChatMessage, Role
from laras.sources.conversations.role_words import GENERIC

_PHONE = re.compile(r"\+?[\d\s().-]{7,}")
_NOT_DIGITS = re.compile(r"\D+")
_EDGES = re.compile(r"^\W+|\W+$")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Cast:
    """The roles of one export. ``assistants``: plain names of those whom the model speaks as;
    ``decides``: whether these alone decide, whatever roles the format gives; ``guess``: what to
    tell people where they were guessed; ``strangers``: who takes part, where nobody whom the
    recipe names does and the format does not say either."""

    assistants: frozenset[str]
    decides: bool
    guess: str = ""
    strangers: str = ""

    def role_of(self, message: ChatMessage) -> Role:
        """The role that ``message`` has in a dialogue."""
        if message.role in ("system", "tool"):
            return message.role
        if self.is_assistant(message.author):
            return "assistant"
        if self.decides or message.role is None:
            return "user"
        return message.role

    def is_assistant(self, name: str) -> bool:
        """Whether the model speaks as the one of this name."""
        return plain_name(name) in self.assistants


def cast_of(sessions: Sequence[Sequence[ChatMessage]], source: Source) -> Cast:
    """The roles in the conversations of one export.

    Names that the recipe gives decide alone, where one of them takes part. Else what the format
    says holds; with it, or where an author bears one of the customary names ("bot", "agent"),
    there is nothing to guess.
    """
    spoken = [message for session in sessions for message in session]
    named = frozenset(plain_name(name) for name in source.assistant) - {""}
    present = named & {plain_name(message.author) for message in spoken}
    is_explicit = source.assistant != type(source).model_fields["assistant"].default
    if present:
        return Cast(present, decides=is_explicit)
    if any(message.role == "assistant" for message in spoken):
        bots = {plain_name(m.author) for m in spoken if m.is_bot and m.role is None}
        return Cast(frozenset() if is_explicit else frozenset(bots), decides=False)
    if is_explicit:
        return Cast(frozenset(), decides=False, strangers=quoted(_most_talkative(spoken)))
    found = guessed(sessions)
    if found is None:
        return Cast(frozenset(), decides=False)
    return Cast(frozenset(map(plain_name, found.names)), False, found.told)


def _most_talkative(messages: Sequence[ChatMessage]) -> list[str]:
    counts = Counter(message.author for message in messages if is_person(message.author))
    return [author for author, _count in counts.most_common()]


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A name as it is compared: without case, invisible marks and symbols around it; a phone
    number as its digits."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    text = " ".join(text.split()).casefold()
    if _PHONE.fullmatch(text):
        return _NOT_DIGITS.sub("", text)
    return _EDGES.sub("", text) or text


def is_person(name: str) -> bool:
    """Whether ``name`` may be somebody's name, rather than a role ("user") or a number."""
    return bool(_LETTERS.search(name)) and plain_name(name) not in GENERIC
