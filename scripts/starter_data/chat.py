"""Builds the support conversations and the labelled messages from the frames."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

from starter_data import (
    english_access,
    english_branches,
    english_loans,
    english_savings,
    english_services,
    english_shop,
    indonesian_access,
    indonesian_branches,
    indonesian_loans,
    indonesian_savings,
    indonesian_services,
    indonesian_shop,
)
from starter_data.facts import INTENT_SLOTS, LANGUAGES, SLOTS, slot_fields
from starter_data.frames import IntentFrames
from starter_data.phrasing import WRAPPINGS, capitalise, finish, join_opening, roughen
from starter_data.similarity import NearDuplicateIndex

_MODULES = {
    "en": (
        english_branches,
        english_savings,
        english_loans,
        english_access,
        english_shop,
        english_services,
    ),
    "id": (
        indonesian_branches,
        indonesian_savings,
        indonesian_loans,
        indonesian_access,
        indonesian_shop,
        indonesian_services,
    ),
}
FRAMES: dict[str, dict[str, IntentFrames]] = {
    language: {frames.label: frames for module in modules for frames in module.FRAMES}
    for language, modules in _MODULES.items()
}
TRAIN_CONVERSATIONS_PER_CELL = 48
TRAIN_MESSAGES_PER_CELL = 52
TEST_CONVERSATIONS = 150
TEST_MESSAGES_PER_CELL = 7
TRAIN_CUSTOMERS = 430
TEST_CUSTOMERS = 60
ATTEMPTS = 500

Pair = tuple[str, str]


@dataclass(frozen=True)
class Exchange:
    """A question of a customer and the answer of the cooperative."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Conversation:
    """A support chat of one customer about one intent."""

    identifier: str
    customer: str
    language: str
    intent: str
    exchanges: tuple[Exchange, ...]

    @property
    def text(self) -> str:
        """Return all words of the conversation, for comparing conversations."""
        return " ".join(f"{one.user} {one.assistant}" for one in self.exchanges)


@dataclass(frozen=True)
class Message:
    """A labelled message of one customer."""

    text: str
    label: str
    customer: str
    language: str


@dataclass
class ChatData:
    """Everything generated from the frames."""

    train: list[Conversation] = field(default_factory=list)
    test: list[Conversation] = field(default_factory=list)
    train_messages: list[Message] = field(default_factory=list)
    test_messages: list[Message] = field(default_factory=list)


def is_held_out(intent: str, first: int, second: int) -> bool:
    """Tell whether a pair of slot values, given by position, occurs in the test files only."""
    slot = INTENT_SLOTS[intent][1]
    # The Saturday hours of a branch are a fact of their own: nothing else tells them.
    if list(SLOTS[slot])[second] == "saturday":
        return False
    return (2 * first + second) % 5 == 0


def slot_pairs(intent: str, *, held_out: bool) -> list[Pair]:
    """Return the slot pairs of an intent that are kept for training, or held out."""
    first_slot, second_slot = INTENT_SLOTS[intent]
    pairs = product(enumerate(SLOTS[first_slot]), enumerate(SLOTS[second_slot]))
    return [
        (first, second)
        for (first_place, first), (second_place, second) in pairs
        if is_held_out(intent, first_place, second_place) == held_out
    ]


class ChatGenerator:
    """Draws conversations and messages; one random stream makes the result reproducible."""

    def __init__(self, seed: int) -> None:
        """Prepare an empty data set."""
        self._rng = random.Random(seed)
        self._pairs_seen: set[tuple[str, str]] = set()
        self._train_texts: set[str] = set()
        self._test_texts: set[str] = set()
        self._train_users = NearDuplicateIndex()
        self._train_whole = NearDuplicateIndex()
        self._train_messages = NearDuplicateIndex()

    def generate(self) -> ChatData:
        """Draw everything: training first, since test texts are compared with it."""
        data = ChatData()
        cells = [(language, label) for language in LANGUAGES for label in INTENT_SLOTS]
        for language, label in cells:
            for _ in range(TRAIN_CONVERSATIONS_PER_CELL):
                data.train.append(self._train_conversation(language, label))
        for language, label in cells:
            for _ in range(TRAIN_MESSAGES_PER_CELL):
                data.train_messages.append(self._train_message(language, label))
        for number in range(TEST_CONVERSATIONS):
            language, label = cells[number % len(cells)]
            data.test.append(self._test_conversation(language, label, number))
        for language, label in cells:
            for _ in range(TEST_MESSAGES_PER_CELL):
                data.test_messages.append(self._test_message(language, label))
        for rows in (data.train, data.test, data.train_messages, data.test_messages):
            self._rng.shuffle(rows)
        return data

    def _customer(self, language: str, *, held_out: bool) -> str:
        """Draw a customer; each writes in one language only."""
        first, count = (501, TEST_CUSTOMERS) if held_out else (1, TRAIN_CUSTOMERS)
        half = self._rng.randrange(count // 2)
        return f"C{first + 2 * half + LANGUAGES.index(language):04d}"

    def _question(
        self, core: str, language: str, fields: dict[str, str], *, held_out: bool
    ) -> tuple[str, str]:
        """Wrap a core in an opening and a closing; return it with the greeting to echo."""
        wrapping, rng = WRAPPINGS[language], self._rng
        openings, closings = wrapping.openings, wrapping.closings
        if held_out and rng.random() < 0.6:
            openings, closings = wrapping.held_out_openings, wrapping.held_out_closings
        opening = rng.choice(openings) if rng.random() < 0.65 else ""
        frame = roughen(join_opening(opening, core, language), language, rng)
        if rng.random() < 0.4:
            frame = f"{frame} {roughen(rng.choice(closings), language, rng)}"
        return finish(frame.format_map(fields), rng), wrapping.greetings.get(opening, "")

    def _answer(
        self, frames: IntentFrames, fields: dict[str, str], greeting: str, *, tail: bool = True
    ) -> str:
        """Write an answer: the greeting of the customer, the fact, and something useful."""
        clause = self._rng.choices(frames.clauses, (0.75, 0.25))[0]
        parts = [greeting, capitalise(clause.format_map(fields))]
        if tail:
            parts.append(self._rng.choices(frames.tails, (0.6, 0.25, 0.15))[0].format_map(fields))
        return " ".join(part for part in parts if part)

    def _first_exchange(
        self, frames: IntentFrames, language: str, *, held_out: bool
    ) -> tuple[Exchange, Pair]:
        """Draw the question a conversation starts with, its answer, and the slot pair of both."""
        rng = self._rng
        unseen_pair = held_out and rng.random() < 0.7
        cores = (
            frames.test if held_out and (not unseen_pair or rng.random() < 0.6) else frames.train
        )
        pair = rng.choice(slot_pairs(frames.label, held_out=unseen_pair))
        fields = slot_fields(frames.label, pair, language)
        user, greeting = self._question(rng.choice(cores), language, fields, held_out=held_out)
        return Exchange(user, self._answer(frames, fields, greeting)), pair

    def _next_exchange(
        self, frames: IntentFrames, language: str, kind: str, asked: Pair, *, held_out: bool
    ) -> Exchange:
        """Draw a later exchange: another slot pair, a side question, or thanks."""
        wrapping, rng = WRAPPINGS[language], self._rng
        openings = wrapping.held_out_next_openings if held_out else wrapping.next_openings
        opening = rng.choice(openings) if rng.random() < 0.6 else ""
        if kind == "thanks":
            heads, remarks = wrapping.held_out_thanks if held_out else wrapping.thanks
            text = f"{rng.choice(heads)}, {rng.choice(remarks)}"
            return Exchange(finish(text, rng), rng.choice(wrapping.welcome))
        if kind == "switch":
            others = [one for one in slot_pairs(frames.label, held_out=held_out) if one != asked]
            fields = slot_fields(frames.label, rng.choice(others), language)
            core = frames.switch[-1] if held_out else rng.choice(frames.switch[:-1])
            answer = self._answer(frames, fields, "", tail=rng.random() < 0.3)
        else:
            follow_up = rng.choice(frames.follow_ups)
            fields = {}
            core = follow_up.test if held_out else rng.choice(follow_up.train)
            answer = follow_up.answer
        frame = roughen(join_opening(opening, core, language), language, rng)
        return Exchange(finish(frame.format_map(fields), rng), answer)

    def _exchanges(
        self, frames: IntentFrames, language: str, *, held_out: bool
    ) -> tuple[Exchange, ...]:
        """Draw one to three exchanges with different answers."""
        rng = self._rng
        first, asked = self._first_exchange(frames, language, held_out=held_out)
        kinds: list[str] = []
        count = rng.choices((1, 2, 3), (0.5, 0.36, 0.14))[0]
        if count == 2:
            kinds = rng.choices(("switch", "side", "thanks"), (0.45, 0.4, 0.15))
        elif count == 3:
            # Thanks come last: nobody says goodbye and then asks on.
            kinds = [rng.choice(("switch", "side")), rng.choice(("side", "thanks"))]
        exchanges = [first]
        exchanges += [
            self._next_exchange(frames, language, kind, asked, held_out=held_out) for kind in kinds
        ]
        return tuple(exchanges)

    def _draw(
        self,
        make: Callable[[], tuple[Exchange, ...]],
        accept: Callable[[tuple[Exchange, ...]], bool],
    ) -> tuple[Exchange, ...]:
        """Draw until a result is acceptable."""
        for _ in range(ATTEMPTS):
            exchanges = make()
            if len({one.assistant for one in exchanges}) == len(exchanges) and accept(exchanges):
                return exchanges
        raise RuntimeError("no acceptable conversation found: the frames are too few")

    def _train_conversation(self, language: str, label: str) -> Conversation:
        """Draw a training conversation that repeats no earlier one."""
        frames = FRAMES[language][label]

        def accept(exchanges: tuple[Exchange, ...]) -> bool:
            pairs = {(one.user.lower(), one.assistant) for one in exchanges}
            text = " ".join(f"{one.user} {one.assistant}" for one in exchanges)
            return not pairs & self._pairs_seen and not self._train_whole.repeats(text)

        exchanges = self._draw(lambda: self._exchanges(frames, language, held_out=False), accept)
        for one in exchanges:
            self._pairs_seen.add((one.user.lower(), one.assistant))
            self._train_texts.add(one.user.lower())
            self._train_users.add(one.user)
        number = len(self._pairs_seen)
        customer = self._customer(language, held_out=False)
        found = Conversation(f"{language}-{number:05d}", customer, language, label, exchanges)
        self._train_whole.add(found.text)
        return found

    def _test_conversation(self, language: str, label: str, number: int) -> Conversation:
        """Draw a test conversation none of whose messages resembles a training message."""
        frames = FRAMES[language][label]

        def accept(exchanges: tuple[Exchange, ...]) -> bool:
            users = [one.user for one in exchanges]
            return not any(
                user.lower() in self._test_texts or self._train_users.repeats(user)
                for user in users
            )

        exchanges = self._draw(lambda: self._exchanges(frames, language, held_out=True), accept)
        self._test_texts.add(exchanges[0].user.lower())
        customer = self._customer(language, held_out=True)
        return Conversation(f"test-{number + 1:04d}", customer, language, label, exchanges)

    def _message_text(self, frames: IntentFrames, language: str, *, held_out: bool) -> str:
        """Draw the text of a labelled message."""
        rng = self._rng
        fields: dict[str, str] = {}
        unseen_pair = held_out and rng.random() < 0.5
        if rng.random() < 0.2:
            core = frames.bare[-1] if held_out else rng.choice(frames.bare[:-1])
        else:
            only_new = held_out and (not unseen_pair or rng.random() < 0.7)
            core = rng.choice(frames.test if only_new else frames.train)
            pair = rng.choice(slot_pairs(frames.label, held_out=unseen_pair))
            fields = slot_fields(frames.label, pair, language)
        return self._question(core, language, fields, held_out=held_out)[0]

    def _train_message(self, language: str, label: str) -> Message:
        """Draw a training message that no conversation and no other message has."""
        for _ in range(ATTEMPTS):
            text = self._message_text(FRAMES[language][label], language, held_out=False)
            if text.lower() not in self._train_texts and not self._train_messages.repeats(text):
                self._train_texts.add(text.lower())
                self._train_users.add(text)
                self._train_messages.add(text)
                return Message(text, label, self._customer(language, held_out=False), language)
        raise RuntimeError("no acceptable message found: the frames are too few")

    def _test_message(self, language: str, label: str) -> Message:
        """Draw a test message that resembles no training message and is no other test text."""
        for _ in range(ATTEMPTS):
            text = self._message_text(FRAMES[language][label], language, held_out=True)
            if text.lower() not in self._test_texts and not self._train_users.repeats(text):
                self._test_texts.add(text.lower())
                return Message(text, label, self._customer(language, held_out=True), language)
        raise RuntimeError("no acceptable test message found: the frames are too few")
