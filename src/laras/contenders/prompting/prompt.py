"""What is said before a question: an instruction, and examples of how questions are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from laras.recipe.asking import PromptWay
from laras.records import Example, Message, Task


@dataclass(frozen=True, slots=True)
class Selection:
    """The figure by which a prompt was chosen: ``metric`` over ``rows`` validation rows, None
    where these rows gave none."""

    metric: str
    value: float | None
    rows: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. It is put around examples of ``task``; others are asked as they are.

    ``shots``: shown before every question, in this order, each an exchange or more that ends with
    an answer. ``retrieval``: show so many training examples instead, those most like the question.
    """

    way: PromptWay
    task: Task
    instruction: str = ""
    shots: tuple[Example, ...] = ()
    retrieval: int | None = None

    @property
    def shown(self) -> int:
        """How many examples it shows before a question, where there is room."""
        return len(self.shots) if self.retrieval is None else self.retrieval

    def as_json(self, selected_on: Selection | None = None) -> dict[str, Any]:
        """An entry of ``prompt.json``. ``examples`` names the shots, so that none of them is
        shown before a question of its own group."""
        return {
            "way": self.way,
            "task": self.task,
            "instruction": self.instruction,
            "shots": [
                [{"role": each.role, "content": each.content} for each in shot.messages]
                for shot in self.shots
            ],
            "examples": [
                {"example_id": shot.example_id, "group": shot.group} for shot in self.shots
            ],
            "retrieval": None if self.retrieval is None else {"shots": self.retrieval},
            "selected_on": None if selected_on is None else asdict(selected_on),
        }


def prompts_from_json(facts: Mapping[str, Any]) -> list[Prompt]:
    """The prompts of a ``prompt.json`` that was read, one for each kind of question; KeyError,
    TypeError or ValueError where it is no such thing. (There was one prompt for all once, not under
    ``prompts``.)"""
    found = [prompt_from_json(each) for each in facts.get("prompts", [facts])]
    if not found or len({prompt.task for prompt in found}) < len(found):
        raise ValueError("not one prompt for each kind of question")
    return found


def prompt_from_json(facts: Mapping[str, Any]) -> Prompt:
    """What :meth:`Prompt.as_json` told; KeyError, TypeError or ValueError where it is not that."""
    retrieval = facts["retrieval"]
    return Prompt(
        way=facts["way"],
        task=facts["task"],
        instruction=str(facts["instruction"]),
        shots=tuple(
            Example(
                example_id=str(named["example_id"]),
                task=facts["task"],
                messages=tuple(
                    Message(str(each["role"]), str(each["content"]), trained=False)
                    for each in messages
                ),
                group=str(named["group"]),
            )
            for messages, named in zip(facts["shots"], facts["examples"], strict=True)
        ),
        retrieval=None if retrieval is None else int(retrieval["shots"]),
    )
