"""Training examples as they are shown in a prompt, and which of them have room together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from laras.batches.encode import last_answer
from laras.records import Example, Message

CountTokens = Callable[[Sequence[str]], list[int]]

LARGEST_POOL = 20_000  # of more training examples, a sample is looked through
_TOKENS_AROUND = 8  # of a message: what templates write around its content, about


@dataclass(frozen=True, slots=True)
class Pool:
    """Shots with their ``sizes`` in tokens, about; ``room``: for all shots of a prompt together."""

    shots: tuple[Example, ...]
    sizes: tuple[int, ...]
    room: int

    def together(
        self, order: Iterable[int], count: int, apart_from: Example | None = None
    ) -> list[Example]:
        """The first ``count`` in ``order`` that have room, no two of one group: a second exchange
        with the same customer shows less that is new."""
        left = self.room
        groups = set() if apart_from is None else {apart_from.group}
        chosen: list[Example] = []
        for place in order:
            if len(chosen) == count:
                break
            shot, size = self.shots[place], self.sizes[place]
            itself = apart_from is not None and shot.example_id == apart_from.example_id
            if size <= left and shot.group not in groups and not itself:
                chosen.append(shot)
                groups.add(shot.group)
                left -= size
        return chosen


def pool_of(
    examples: Sequence[Example],
    count_tokens: CountTokens,
    *,
    context: int,
    shots: int,
    seed: int,
) -> Pool:
    """Those of ``examples`` that can be shown to a model of ``context`` tokens, in their order.

    Half of the context is for shots, the other for the question and its answer. A conversation is
    shown whole where it takes no more than its share among ``shots``, else its last exchange; what
    is still too long is not shown.
    """
    room = context // 2
    wholes = [each for each in map(shown, _sample(examples, seed)) if each is not None]
    sizes = _sizes(wholes, count_tokens)
    lasts = [
        whole if size <= room // shots else last_exchange(whole)
        for whole, size in zip(wholes, sizes, strict=True)
    ]
    found = [
        (shot, size)
        for shot, size in zip(lasts, _sizes(lasts, count_tokens), strict=True)
        if size <= room
    ]
    return Pool(tuple(shot for shot, _size in found), tuple(size for _shot, size in found), room)


def shown(example: Example) -> Example | None:
    """``example`` as a shot: from its first user message to its last answer, or its last exchange
    where others speak in between (many templates want questions and answers in turn).

    None where that is no exchange either, or its answer is none to learn from.
    """
    last = last_answer(example.messages)
    if last is None or not example.messages[last].trained:
        return None
    roles = [message.role for message in example.messages]
    if "user" not in roles[:last]:
        return None
    messages = tuple(
        Message(each.role, each.content, trained=False)
        for each in example.messages[roles.index("user") : last + 1]
    )
    whole = replace(example, messages=messages, spans=())
    return next((each for each in (whole, last_exchange(whole)) if _takes_turns(each)), None)


def last_exchange(shot: Example) -> Example:
    """The last user message of ``shot`` and all that follows it."""
    first = max(at for at, message in enumerate(shot.messages) if message.role == "user")
    return replace(shot, messages=shot.messages[first:])


def _takes_turns(shot: Example) -> bool:
    roles = [message.role for message in shot.messages]
    return roles == ["user", "assistant"] * (len(roles) // 2) and all(
        message.content and _is_unicode(message.content) for message in shot.messages
    )


def _sample(examples: Sequence[Example], seed: int) -> list[Example]:
    if len(examples) <= LARGEST_POOL:
        return list(examples)
    chosen = np.random.default_rng(seed).permutation(len(examples))[:LARGEST_POOL]
    return [examples[place] for place in sorted(chosen.tolist())]


def _sizes(shots: Sequence[Example], count_tokens: CountTokens) -> list[int]:
    counts = iter(count_tokens([each.content for shot in shots for each in shot.messages]))
    return [sum(next(counts) + _TOKENS_AROUND for _message in shot.messages) for shot in shots]


def _is_unicode(text: str) -> bool:
    """Whether it has bytes: a lone surrogate has none, and no tokens."""
    return text.isascii() or text.encode("utf-8", "ignore").decode() == text
