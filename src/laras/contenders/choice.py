"""Which contender to recommend: the reference unless it is beaten, and the cheapest of equals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from laras.contenders.pairs import Pair, Standing, pair_of
from laras.contenders.primary import Primary
from laras.contenders.wording import Outcome
from laras.recipe.unread import ADAPTER_KINDS, VIRTUAL_KINDS

Reason = Literal["cost", "effort"]

SAME_COST = 1.25  # measured seconds vary; less than a quarter more is no reason to choose


@dataclass(frozen=True, slots=True)
class Choice:
    """The one ``recommended``, and why.

    ``outcome``: ``better`` (it beat the reference), ``worse`` (the best of the others is worse than
    the reference), ``unclear`` (they can't be told apart), ``alone`` (nobody else is there).
    ``other``: who it is held against; the reference where that was beaten, else the best of the
    others. ``ties``: other winners that can't be told apart from it. ``best``: the one of them with
    the best figure, where another is recommended for the ``reason``: its answers ``cost`` less, or
    it takes less ``effort`` to make.
    """

    recommended: Standing
    outcome: Outcome
    other: Standing | None = None
    pair: Pair | None = None  # recommended minus other
    ties: tuple[str, ...] = ()
    best: Standing | None = None
    reason: Reason | None = None


def choose(
    standings: Sequence[Standing],
    reference: Standing,
    pairs: Sequence[Pair],
    primary: Primary,
    costs: Sequence[Mapping[str, Any]] = (),
) -> Choice:
    """The choice on the metric that decides; ``costs`` as of costs.py, or none.

    Of the winners that can't be told apart from the best, the one whose answers cost least is
    recommended: first by money, then by seconds; among those of the same cost, a prompt before an
    adapter before a whole model, then the best figure.
    """
    sign = 1 if primary.higher_is_better else -1

    def figure(standing: Standing) -> float:
        return sign * standing.scores[primary.name].value

    def pair(one: Standing, other: Standing) -> Pair:
        found = pair_of(pairs, one.name, other.name, primary.name)
        assert found is not None, "the primary metric was measured for all contenders"
        return found

    others = [standing for standing in standings if standing is not reference]
    if not others:
        return Choice(reference, "alone")
    winners = [other for other in others if pair(reference, other).better == other.name]
    if not winners:
        best = max(others, key=figure)
        found = pair(best, reference)
        outcome: Outcome = "worse" if found.better == reference.name else "unclear"
        return Choice(reference, outcome, best, found)
    best = max(winners, key=figure)
    equals = [other for other in winners if other is best or pair(best, other).better is None]
    cheap = _cheapest(equals, {facts["contender"]: facts for facts in costs})
    least = min(map(_effort, cheap))
    recommended = max((one for one in cheap if _effort(one) == least), key=figure)
    reason: Reason | None = None
    if recommended is not best:
        reason = "effort" if best in cheap else "cost"
    ties = [
        winner.name
        for winner in winners
        if winner is not recommended and pair(recommended, winner).better is None
    ]
    return Choice(
        recommended,
        "better",
        reference,
        pair(reference, recommended),
        tuple(ties),
        None if recommended is best else best,
        reason,
    )


def _cheapest(equals: Sequence[Standing], costs: Mapping[str, Mapping[str, Any]]) -> list[Standing]:
    """Those whose answers cost no more than the cheapest one's, up to SAME_COST; all where the
    cost of one is not known."""
    answers = {one.name: costs.get(one.name, {}).get("per_1000_answers") for one in equals}
    left = list(equals)
    if not all(answers.values()):
        return left
    for unit in ("money", "seconds"):
        price = {one.name: (answers[one.name] or {}).get(unit) or 0.0 for one in left}
        least = min(price.values())
        left = [one for one in left if price[one.name] <= SAME_COST * least]
    return left


def _effort(standing: Standing) -> int:
    """Nothing to train and to keep, something small, a whole model."""
    if standing.kind in ("full", "freeze"):
        return 2
    return int(standing.kind in (*ADAPTER_KINDS, *VIRTUAL_KINDS))
