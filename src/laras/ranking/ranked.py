"""A base model as it stands among others: figures on the user's own rows, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from laras.evaluation.result import Score
from laras.models.licence import Licence


@dataclass(frozen=True, slots=True)
class TuningCost:
    """What tuning it takes here. ``peak_bytes`` (beside what the program itself holds) and
    ``seconds`` are None where they are not known; ``reason``: why it can't be done, for people."""

    fits: bool
    peak_bytes: float | None = None
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate. ``error``: identifier of what kept it from being measured, ``reason`` the same
    for people; all else is then at its default.

    ``context``: the longest text that the model was made for, in tokens. ``tokens_per_word``: of
    the validation texts. ``metric``: what the scores measure, None where no row has an answer or a
    label; ``shots``: how many training examples stood before each question for ``few_shot``.
    ``tuning``: by the kind of contender.
    """

    model: str
    error: str | None = None
    reason: str = ""
    licence: Licence | None = None
    context: int | None = None
    parameters: int = 0
    rows: int = 0
    tokens_per_word: float | None = None
    bits_per_byte: Score | None = None
    metric: str | None = None
    zero_shot: Score | None = None
    few_shot: Score | None = None
    shots: int = 0
    tuning: dict[str, TuningCost] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        """Whether it can be tuned here in one way at least."""
        return any(cost.fits for cost in self.tuning.values())

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)


def ranked_from_json(facts: Mapping[str, Any]) -> Ranked:
    """What :meth:`Ranked.as_json` gave; KeyError or TypeError where it is not that."""
    scores = {
        name: None if facts[name] is None else Score(**facts[name])
        for name in ("bits_per_byte", "zero_shot", "few_shot")
    }
    licence = None if facts["licence"] is None else Licence(**facts["licence"])
    tuning = {kind: TuningCost(**cost) for kind, cost in facts["tuning"].items()}
    return Ranked(**{**facts, **scores, "licence": licence, "tuning": tuning})
