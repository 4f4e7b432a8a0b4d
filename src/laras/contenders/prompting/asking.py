"""A prompt put around examples: what a candidate's ``rewrite`` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from laras.batches.encode import encode_example, last_answer
from laras.contenders.prompting.prompt import Prompt
from laras.contenders.prompting.retrieval import Retrieval
from laras.errors import ModelRefused
from laras.evaluation.candidate import Rewrite
from laras.models.load import LoadedModel
from laras.records import Example, Message


class Room(Protocol):
    """What a model can still take in."""

    def fits(self, example: Example) -> bool:
        """Whether nothing of it has to be cut."""

    def learns_the_same(self, example: Example, other: Example) -> bool:
        """Whether as many tokens of both are predicted, after what has to be cut of them."""


class ContextOf:
    """The room of a local model: its context."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded

    def fits(self, example: Example) -> bool:
        """At most a context of tokens, answer included; False where the template refuses it."""
        try:
            return (
                len(self._loaded.template.encode(example.messages).input_ids)
                <= self._loaded.context
            )
        except (ModelRefused, UnicodeEncodeError):
            return False

    def learns_the_same(self, example: Example, other: Example) -> bool:
        """As many trained tokens in the windows of both; False where the template refuses one."""
        try:
            return self._trained(example) == self._trained(other)
        except ModelRefused:
            return False

    def _trained(self, example: Example) -> int:
        windows, _rejections = encode_example(
            example, self._loaded.tokenizer, self._loaded.template, self._loaded.context
        )
        return sum(int(window.trained.sum()) for window in windows)


class Asker:
    """Asks with ``prompt``; ``retrieval`` where it shows the examples most like each question.

    ``room`` None: nothing is ever too long. An example is shown only before questions of other
    groups: beside its own document or conversation it would give the answer away.
    """

    def __init__(
        self, prompt: Prompt, room: Room | None, retrieval: Retrieval | None = None
    ) -> None:
        if prompt.retrieval is not None and retrieval is None:
            raise ValueError("this prompt needs the examples that it shows")
        self.prompt = prompt
        self._room = room
        self._retrieval = retrieval

    def rewrite(self, example: Example) -> Example:
        """``example`` with the prompt before it.

        Where the whole, answer included, is too long, shots go first, from the front. An example
        that fits only without the instruction is asked as it is: nothing of it is cut for the
        prompt's sake, so that all contenders are judged on the same tokens.
        """
        if example.task != self.prompt.task or last_answer(example.messages) is None:
            return example
        shots = self.shots_for(example)
        instruction = self.prompt.instruction
        if self._room is None:
            return put_before(example, instruction, shots)
        for first in range(len(shots) + 1):
            asked = put_before(example, instruction, shots[first:])
            if self._room.fits(asked):
                return asked
        bare = put_before(example, instruction, ())
        if not self._room.fits(example) and self._room.learns_the_same(bare, example):
            return bare
        return example

    def shots_for(self, example: Example) -> list[Example]:
        """What is shown before ``example``, the most similar last."""
        if self._retrieval is not None and self.prompt.retrieval is not None:
            return self._retrieval.nearest(example, self.prompt.retrieval)
        return [shot for shot in self.prompt.shots if not same_group(shot, example)]


def asked_by(askers: Iterable[Asker]) -> Rewrite:
    """Each example rewritten by the one of ``askers`` whose prompt is for its kind."""
    of_task = {asker.prompt.task: asker for asker in askers}

    def rewrite(example: Example) -> Example:
        asker = of_task.get(example.task)
        return example if asker is None else asker.rewrite(example)

    return rewrite


def same_group(one: Example, other: Example) -> bool:
    """Whether one of them may tell of the other."""
    return one.group == other.group or one.example_id == other.example_id


def put_before(example: Example, instruction: str, shots: Sequence[Example]) -> Example:
    """``instruction`` as a system message, merged with those that ``example`` begins with, then
    the messages of ``shots``, then its own; nothing of what is added is trained."""
    own = 0
    messages = example.messages
    while own < len(messages) and messages[own].role == "system" and not messages[own].trained:
        own += 1
    texts = [instruction, *(message.content for message in messages[:own])]
    system = "\n\n".join(dict.fromkeys(text for text in texts if text))
    asked = [Message("system", system, trained=False)] if system else []
    for shot in shots:
        asked += [Message(each.role, each.content, trained=False) for each in shot.messages]
    return replace(example, messages=(*asked, *messages[own:]))
