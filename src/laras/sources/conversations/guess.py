"""Who answers in an export that does not say so: a guess, with its reason, for people to confirm.

The clues, the strongest first: a bot that answers; a name like an organisation's; who takes part
in most conversations and starts few; who starts hardly any; whose export it is; who was asked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.role_words import is_organisation

_MAX_NAMES = 5
_LEAST_SHARE = 0.5
_MOST_STARTED = 0.5
_HARDLY_STARTED = 0.25
_CONVERSATIONS_THAT_TELL = 4


@dataclass(frozen=True, slots=True)
class Guess:
    """Authors whom the model probably speaks as, and the line of the recipe that confirms it, with
    the clue: in English, whatever the language in use, because it is stored with the data."""

    names: tuple[str, ...]
    told: str


@dataclass(slots=True)
class _Author:
    """What one author does in an export, counted in conversations and messages."""

    name: str
    messages: int = 0
    conversations: int = 0
    started: int = 0
    answers: int = 0
    is_bot: bool = False
    is_customer: bool = False
    chats: set[str] = field(default_factory=set)


def guessed(sessions: Sequence[Sequence[ChatMessage]]) -> Guess | None:
    """Whom the model probably speaks as; None where nobody answers anybody."""
    authors = _counted(sessions)
    if not any(author.answers for author in authors):
        return None
    for clue in (_bots, _organisations, _everywhere, _asked, _owner):
        found = clue(authors, len(sessions))
        if found:
            names, why = found
            return _told(names, why)
    author = min(authors, key=lambda a: (a.started, -a.answers, a.messages, a.name))
    return _told([author.name], "nothing tells, and others ask first")


def _counted(sessions: Sequence[Sequence[ChatMessage]]) -> list[_Author]:
    """Authors in the order in which they first speak."""
    authors: dict[str, _Author] = {}
    for session in sessions:
        spoken = [message for message in session if message.role not in ("system", "tool")]
        for message in spoken:
            author = authors.setdefault(message.author, _Author(message.author))
            author.messages += 1
            author.is_bot = author.is_bot or message.is_bot
            author.is_customer = author.is_customer or message.customer == message.author
            author.chats.add(message.chat)
        for name in {message.author for message in spoken}:
            authors[name].conversations += 1
        if spoken:
            authors[spoken[0].author].started += 1
        for before, after in pairwise(spoken):
            authors[after.author].answers += before.author != after.author
    return list(authors.values())


_Found = tuple[list[str], str] | None


def _bots(authors: list[_Author], _conversations: int) -> _Found:
    """Bots that answer; one that only announces is no partner."""
    bots = [author.name for author in authors if author.is_bot and author.answers]
    humans = [author for author in authors if not author.is_bot]
    return (bots, "the export says that this is a bot") if bots and humans else None


def _organisations(authors: list[_Author], _conversations: int) -> _Found:
    names = [author.name for author in authors if is_organisation(author.name)]
    if not names or len(names) == len(authors):
        return None
    return names, "the name looks like an organisation's"


def _everywhere(authors: list[_Author], conversations: int) -> _Found:
    """The one among several who takes part in most conversations and rarely starts one."""
    if len(authors) < 3 or conversations < 2:
        return None
    most, second = sorted(authors, key=lambda a: (-a.conversations, -a.answers, a.name))[:2]
    if (most.conversations, most.answers) == (second.conversations, second.answers):
        return None
    if most.conversations < max(2, _LEAST_SHARE * conversations):
        return None
    if most.started > _MOST_STARTED * most.conversations:
        return None
    return [most.name], _share(most, conversations)


def _asked(authors: list[_Author], conversations: int) -> _Found:
    """Of two, the one who starts hardly any conversation."""
    if len(authors) != 2 or conversations < _CONVERSATIONS_THAT_TELL:
        return None
    least, _most = sorted(authors, key=lambda author: author.started)
    if least.started > _HARDLY_STARTED * conversations:
        return None
    return [least.name], _share(least, conversations)


def _share(author: _Author, conversations: int) -> str:
    part, started = author.conversations, author.started
    return f"takes part in {part} of {conversations} conversations, starts {started}"


def _owner(authors: list[_Author], _conversations: int) -> _Found:
    """Who exported the chats: the one who is in them beside each partner."""
    if not any(author.is_customer for author in authors):
        return None
    others = [author for author in authors if not author.is_customer]
    counts = Counter({author.name: len(author.chats) for author in others})
    most = counts.most_common(2)
    if not most or (len(most) == 2 and most[0][1] == most[1][1]):
        return None
    return [most[0][0]], "the export is theirs"


def quoted(names: Sequence[str]) -> str:
    """The first few names as a recipe lists them."""
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in names[:_MAX_NAMES])


def _told(names: list[str], why: str) -> Guess:
    return Guess(tuple(names), f"assistant: [{quoted(names)}] ({why})")
