"""The shape of the phrasing frames an intent has in one language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FollowUp:
    """A second question of a conversation that needs no slot, with its answer."""

    train: tuple[str, ...]
    test: str
    answer: str


@dataclass(frozen=True)
class IntentFrames:
    """How customers phrase an intent, and how the cooperative answers, in one language.

    ``train`` and ``test`` name both slots of the intent; ``bare`` frames name none and only serve
    as classification messages (the last one is held out). ``switch`` frames ask the same about
    other slot values within a conversation (the last one is held out).
    """

    label: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    bare: tuple[str, ...]
    switch: tuple[str, ...]
    clauses: tuple[str, ...]
    tails: tuple[str, ...]
    follow_ups: tuple[FollowUp, ...]
