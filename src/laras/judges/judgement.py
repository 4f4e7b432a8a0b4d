"""What a judge said of two answers, in both orders, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from laras.judges.reading import Choice

Outcome = Literal["first", "second", "tie", "inconsistent", "unusable"]
_PLAIN: dict[Choice, Outcome] = {"A": "first", "B": "second", "tie": "tie"}
_TURNED: dict[Choice, Outcome] = {"A": "second", "B": "first", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one test row and two contenders: ``plain`` with the first one's answer shown as A,
    ``turned`` with the second one's (None: could not be read). ``asked`` False: the answers are
    the same, and nobody was asked."""

    example_id: str
    group: str
    first: str
    second: str
    plain: Choice | None
    turned: Choice | None
    asked: bool = True

    @property
    def outcome(self) -> Outcome:
        """A side wins where both orders say so; ``inconsistent`` where they differ."""
        if self.plain is None or self.turned is None:
            return "unusable"
        one, other = _PLAIN[self.plain], _TURNED[self.turned]
        return one if one == other else "inconsistent"

    @property
    def share(self) -> float:
        """What the second contender gets of the row: 1 of a win, a half of a tie. An inconsistent
        one is a tie; of one that can't be used it is not a number."""
        shares = {"first": 0.0, "second": 1.0, "unusable": float("nan")}
        return shares.get(self.outcome, 0.5)

    def as_json(self) -> dict[str, Any]:
        """The fields, and the outcome for whoever reads the file."""
        return {**asdict(self), "outcome": self.outcome}


def judgements_from_json(rows: Iterable[dict[str, Any]]) -> list[Judgement]:
    """The judgements of a file that was read."""
    return [
        Judgement(**{key: value for key, value in row.items() if key != "outcome"}) for row in rows
    ]
