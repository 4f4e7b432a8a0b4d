"""What is judged: a model under a contender's name, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from laras.models.load import LoadedModel
from laras.records import Example

Rewrite = Callable[[Example], Example]


def as_it_is(example: Example) -> Example:
    """Ask what the example asks."""
    return example


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model under the name of the contender that obtained it.

    ``labels``: of its classification head, where it has one; it then names them and writes
    nothing. ``rewrite``: puts a prompt around an example: messages before its last answer, none
    of them trained; the last answer, identifier, task, label and group stay.
    """

    name: str
    loaded: LoadedModel
    labels: tuple[str, ...] | None = None
    rewrite: Rewrite = as_it_is


@dataclass(frozen=True, slots=True)
class Written:
    """An answer. ``finished``: its writer ended it itself. ``seconds``: its share of the time that
    all answers took. ``estimated``: the tokens are no count. ``refused``: none was given, and the
    empty text stands for that."""

    text: str
    finished: bool
    tokens_in: int
    tokens_out: int
    seconds: float
    estimated: bool = False
    refused: bool = False


class AnswerSource(Protocol):
    """Whatever answers questions, wherever it is."""

    def answers(
        self, asked: Sequence[Example], max_new_tokens: int, advance: Callable[[int], None]
    ) -> list[Written]:
        """An answer to each of ``asked``, to the messages before its last answer; each has some.
        ``advance`` is told how many are there."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody under a contender's name who answers, and of whom nothing else can be known: no
    likelihood, no token. ``rewrite`` as of a :class:`Candidate`."""

    name: str
    source: AnswerSource
    rewrite: Rewrite = as_it_is
