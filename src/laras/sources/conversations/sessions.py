"""Messages of a chat export to dialogues: conversations are cut, roles given, bursts joined.

Nothing vanishes: each message is in a turn, in a conversation that was refused (its ledger row
says how many messages it had), or counted in the one note about what never becomes a turn
(events, media, notes between agents, messages without text). ``metadata["messages"]`` says how
many messages a dialogue was made of.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from laras.records import Dialogue, Rejection, Turn
from laras.sources.context import FileContext
from laras.sources.conversations.fallbacks import Fallbacks
from laras.sources.conversations.fields import iso_time
from laras.sources.conversations.messages import ChatMessage
from laras.sources.conversations.role_words import is_organisation
from laras.sources.conversations.roles import Cast, cast_of, is_person
from laras.sources.conversations.turns import merged, weighted

_NUMBERED = re.compile(r"([^\d\n]{1,40}) (\d{1,18})")


@dataclass(slots=True)
class Session:
    """Messages of one conversation, in order: those that become turns."""

    messages: list[ChatMessage] = field(default_factory=list)
    last_time: float | None = None  # of anything in it, media too


def dialogues(
    messages: Iterable[ChatMessage | Rejection], context: FileContext
) -> Iterator[Dialogue | Rejection]:
    """The dialogues of one export, and what its ledger says.

    A thread is a conversation; elsewhere a chat is cut where nobody wrote for
    ``session_gap_minutes``. Messages are taken in the order in which they come. A note says whom
    the model speaks as where that was guessed, and one counts what became no turn. A conversation
    in which nobody speaks as the assistant is refused. ``group``: the customer, where known; so
    all conversations with one person stay on one side of a split. Else the thread, where files
    share it; else the dialogue itself.
    """
    kept: list[ChatMessage] = []
    says_why = False
    for item in messages:
        if isinstance(item, Rejection):
            says_why = True
            yield item
        else:
            kept.append(item)
    sessions, aside = cut(kept, context.source.session_gap_minutes * 60)
    cast = cast_of([session.messages for session in sessions], context.source)
    if cast.guess:
        yield context.note("guessed-assistant", fact=cast.guess)
    if cast.strangers:
        yield context.note("assistant-absent", fact=cast.strangers)
    if aside:
        counts = ", ".join(f"{kind}: {count}" for kind, count in sorted(aside.items()))
        yield context.note("set-aside", fact=counts)
    if not sessions and not says_why:
        yield context.rejection("empty")
    fallbacks = Fallbacks(context.source.fallbacks)
    locators: Counter[str] = Counter()
    for session in sessions:
        locator = span(session.messages[0].locator, session.messages[-1].locator)
        locators[locator] += 1
        if locators[locator] > 1:
            locator = f"{locator} ({locators[locator]})"
        yield _dialogue(session.messages, cast, fallbacks, locator, context)


def cut(messages: Iterable[ChatMessage], gap_s: float) -> tuple[list[Session], Counter[str]]:
    """Conversations in the order in which they begin, and how many messages of which kind became
    part of none."""
    aside: Counter[str] = Counter()
    sessions: list[Session] = []
    current: dict[tuple[str, str], Session] = {}
    for message in messages:
        session = current.get((message.chat, message.thread))
        says_something = message.kind in ("message", "fallback") and message.text.strip()
        if not says_something:
            aside["empty" if message.kind in ("message", "fallback") else message.kind] += 1
            if session and message.kind == "media":  # a picture keeps the conversation going
                if not message.thread and _is_over(session, message.time, gap_s):
                    del current[message.chat, message.thread]
                session.last_time = _later(session.last_time, message.time)
            continue
        if session is None or (not message.thread and _is_over(session, message.time, gap_s)):
            session = Session()
            current[message.chat, message.thread] = session
            sessions.append(session)
        session.messages.append(message)
        session.last_time = _later(session.last_time, message.time)
    return sessions, aside


def weight_of(rating: float | None) -> float:
    """How much a conversation counts in the loss: from 0.25 at the worst rating to 1.5 at the
    best, in a straight line; 1 without a rating.

    The line passes 1 at a rating of 0.6 (3.4 of 5 stars), about where customers are content
    enough not to say anything. The worst still counts: a bad rating blames the product as often
    as the answer, and the language is that of the organisation either way.
    """
    return 1.0 if rating is None else 0.25 + 1.25 * min(max(rating, 0.0), 1.0)


def span(first: str, last: str) -> str:
    """The locator of what reaches from ``first`` to ``last``: "lines 3-17", "chat 2, messages 1-4",
    "items 1-2, lines 2-7"; the same where they are the same."""
    starts, ends = first.split(", "), last.split(", ")
    joined = [_joined(start, end) for start, end in zip(starts, ends, strict=False)]
    if len(starts) != len(ends) or None in joined:
        return f"{first} - {last}"
    return ", ".join(filter(None, joined))


def _joined(start: str, end: str) -> str | None:
    if start == end:
        return start
    numbers = _NUMBERED.fullmatch(start), _NUMBERED.fullmatch(end)
    if numbers[0] is None or numbers[1] is None or numbers[0][1] != numbers[1][1]:
        return None
    # Exports that run backwards number their messages so.
    low, high = sorted((int(numbers[0][2]), int(numbers[1][2])))
    return f"{numbers[0][1]}s {low}-{high}"


def _is_over(session: Session, time: float | None, gap_s: float) -> bool:
    return time is not None and session.last_time is not None and time - session.last_time > gap_s


def _later(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return second if first is None else first
    return max(first, second)


def _dialogue(
    messages: list[ChatMessage],
    cast: Cast,
    fallbacks: Fallbacks,
    locator: str,
    context: FileContext,
) -> Dialogue | Rejection:
    turns, _left_out = merged(_turns(messages, cast, fallbacks))
    if not any(turn.role == "assistant" for turn in turns):
        return context.rejection("no-assistant-turn", locator, str(len(messages)))
    first = messages[0]
    users = [message.author for message in messages if cast.role_of(message) == "user"]
    customer = next((message.customer for message in messages if message.customer), "")
    if not customer or cast.is_assistant(customer):  # an export made by the customer
        customer = next((author for author in users if is_person(author)), "")
    thread = f"{first.chat} {first.thread}" if first.chat and first.thread else None
    ratings = [message.rating for message in messages if message.rating is not None]
    rating = ratings[-1] if ratings else None  # who rates twice has changed their mind
    times = [message.time for message in messages if message.time is not None]
    metadata = {"names": json.dumps(_names(messages), ensure_ascii=False)}
    metadata["messages"] = str(len(messages))
    if times:
        metadata["started"] = iso_time(times[0])
    if rating is not None:
        metadata["rating"] = f"{rating:g}"
    if customer:
        metadata["customer"] = customer
    return context.dialogue(
        turns,
        locator=locator,
        group=customer or thread,
        weight=weight_of(rating),
        metadata=metadata,
    )


def _turns(messages: list[ChatMessage], cast: Cast, fallbacks: Fallbacks) -> list[Turn]:
    """A turn for each message. Where several people ask, each burst begins with its author's
    name: who said what would be lost otherwise."""
    roles = [cast.role_of(message) for message in messages]
    users = {m.author for m, role in zip(messages, roles, strict=True) if role == "user"}
    turns: list[Turn] = []
    before: tuple[str, str] | None = None
    for message, role in zip(messages, roles, strict=True):
        text = message.text.strip()
        if role == "user" and len(users) > 1 and before != (role, message.author):
            text = f"{message.author}: {text}"
        before = (role, message.author)
        failed = message.kind == "fallback" or fallbacks.match(text)
        turn = Turn(role, text, False if role == "assistant" and failed else None)
        turns.append(weighted(turn, message.weight))
    return turns


def _names(messages: list[ChatMessage]) -> list[str]:
    """The people in it, and those whom the export mentions, in order, each once."""
    names = dict.fromkeys(
        candidate
        for message in messages
        for candidate in ("" if message.is_bot else message.author, *message.others)
        # "CS Telaga" is no person's name, and "Telaga" must stay what the business is called.
        if is_person(candidate) and not is_organisation(candidate)
    )
    return list(names)
