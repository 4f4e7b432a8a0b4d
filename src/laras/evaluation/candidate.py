"""What is judged: a model under a contender's name, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
