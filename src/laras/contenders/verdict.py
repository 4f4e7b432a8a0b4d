"""Which contender to use, how sure that is, and what was not measured.

Every pair of contenders is compared on every metric: a paired test says whether chance alone would
tell them apart as far, a paired bootstrap how large the difference is. The recommendation turns on
one primary metric. The base model stays unless a contender beats it by both, with p-values adjusted
for the number of comparisons (Holm): with enough contenders one always looks better by chance. Of
several that can't be told apart the cheapest is recommended; where nothing can be told, the verdict
says how many test rows would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from laras.checks.catalogue import compare_all
from laras.contenders.choice import SAME_COST, Choice, choose
from laras.contenders.costs import break_even, costs
from laras.contenders.detectable import Expected, measured_effect, rows_needed
from laras.contenders.pairs import Pair, Standing, compare, pair_of
from laras.contenders.primary import Primary, choose_primary
from laras.contenders.wording import Comparison, Dearer, sentence, sentence_for_one
from laras.evaluation.randomisation import groups_needed
from laras.recipe.schema import EvaluationSection
from laras.runs.losses import OVERFITTING_RISE, losses
from laras.translation import LANGUAGES, _, language, using


@dataclass(frozen=True, slots=True)
class LossGap:
    """Losses per token from the training log: at the end of tuning, and validation at its best."""

    train: float
    validation: float
    best_validation: float


def loss_gaps(events: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, LossGap]:
    """Of those among the contenders ``names`` that the run's ``events`` have losses of.

    The training loss is the mean of the last tenth of the steps.
    """
    gaps = {}
    for name in names:
        train = [loss for _step, loss in losses(events, name, "step_done")]
        validation = [loss for _step, loss in losses(events, name, "validation_done")]
        if train and validation:
            last = train[-max(1, len(train) // 10) :]
            gaps[name] = LossGap(sum(last) / len(last), validation[-1], min(validation))
    return gaps


def verdict(
    standings: Sequence[Standing],
    section: EvaluationSection,
    *,
    primary_metric: str = "auto",
    gaps: Mapping[str, LossGap] | None = None,
    making: Mapping[str, dict[str, Any]] | None = None,
    prices: Mapping[str, tuple[float, float]] | None = None,
    expected: Expected | None = None,
) -> dict[str, Any]:
    """The content of ``verdict.json``, but for judge, gates and who is unfinished; what was not
    measured is None.

    ``standings`` in the recipe's order, at least one. ``gaps`` and ``making`` (what it cost to make
    them, as of costs.py) by contender, for those tuned; ``prices`` for those behind an endpoint.
    ``expected``: what was said before the run of the difference that this test can find. Raises
    ValueError without standings.
    """
    if not standings:
        raise ValueError("a verdict needs at least one contender")
    pairs = compare(standings, section)
    primary = choose_primary(
        primary_metric,
        [standing.predictions for standing in standings],
        [standing.scores for standing in standings],
    )
    reference = next((s for s in standings if s.kind == "base"), standings[0])
    cost = costs(standings, making or {}, prices or {})
    choice = choose(standings, reference, pairs, primary, cost)
    needed = _rows_needed(choice, reference, pairs, primary, section)
    comparison = _comparison(choice, pairs, primary, cost, needed, section)
    sentences = {}
    for code in LANGUAGES:
        with using(code):
            sentences[code] = _sentence(choice, comparison, primary)
    return {
        "recommendation": choice.recommended.name,
        "outcome": choice.outcome,
        "sentence": sentences[language()],
        "sentences": sentences,  # so that a report can be written in another language later
        "primary": {"metric": primary.name, "reason": primary.reason},
        "reference": reference.name,
        "ties": list(choice.ties),
        "contenders": [_contender_facts(standing) for standing in standings],
        "unfinished": None,
        "pairs": [asdict(pair) for pair in pairs],
        "overfitting": overfitting(gaps),
        **compare_all({s.name: s.checks for s in standings}, untuned(standings), section),
        "minimal_detectable_effect": _detectable(pairs, reference, primary, section, expected),
        "rows_needed": needed,
        "cost": cost,
        "break_even": break_even(standings, cost, primary.name, primary.higher_is_better),
        "judge": None,
        "gates": None,
        "seeds": None,
        "learning_curve": None,
    }


def untuned(standings: Sequence[Standing]) -> str | None:
    """The contender with the base model's own weights, which checks hold the others against; None
    where all are tuned: what one of them has done is no measure for another."""
    kinds = {standing.kind: standing.name for standing in reversed(standings)}
    return kinds.get("base") or kinds.get("prompt")


def _comparison(
    choice: Choice,
    pairs: Sequence[Pair],
    primary: Primary,
    cost: Sequence[Mapping[str, Any]],
    needed: Mapping[str, Any] | None,
    section: EvaluationSection,
) -> Comparison | None:
    other, pair, winner = choice.other, choice.pair, choice.recommended
    if other is None or pair is None:
        return None
    answers = {facts["contender"]: facts["per_1000_answers"] for facts in cost}
    known = all(answers.get(name) for name in (winner.name, *choice.ties))
    return Comparison(
        metric=primary.name,
        outcome=choice.outcome,
        recommended=winner.name,
        recommended_value=winner.scores[primary.name].value,
        other=other.name,
        other_value=other.scores[primary.name].value,
        difference=pair.difference,
        low=pair.low,
        high=pair.high,
        confidence=section.confidence,
        groups=pair.groups,
        groups_needed=groups_needed(_comparisons(pairs, primary), section.confidence),
        rows_needed=None if needed is None else needed["rows"],
        p_adjusted=pair.p_adjusted,
        ties=choice.ties,
        ties_dearer=known and choice.reason is None,
        dearer=_dearer(choice, primary, answers),
    )


def _dearer(
    choice: Choice, primary: Primary, answers: Mapping[str, Mapping[str, Any]]
) -> Dearer | None:
    if choice.best is None:
        return None
    value = choice.best.scores[primary.name].value
    if choice.reason != "cost":
        return Dearer(choice.best.name, value)
    both = answers[choice.best.name], answers[choice.recommended.name]
    in_money = (both[0]["money"] or 0.0) > SAME_COST * (both[1]["money"] or 0.0)
    unit = "money" if in_money else "seconds"
    return Dearer(choice.best.name, value, both[0][unit], both[1][unit] or 0.0, in_money)


def _sentence(choice: Choice, comparison: Comparison | None, primary: Primary) -> str:
    if comparison is None:
        one = choice.recommended
        return sentence_for_one(one.name, primary.name, one.scores[primary.name].value)
    return sentence(comparison)


def _rows_needed(
    choice: Choice,
    reference: Standing,
    pairs: Sequence[Pair],
    primary: Primary,
    section: EvaluationSection,
) -> dict[str, Any] | None:
    """Where the best of the others can't be told apart from the reference: what would do it."""
    if choice.outcome != "unclear" or choice.other is None:
        return None
    pair = pair_of(pairs, reference.name, choice.other.name, primary.name)
    if pair is None:
        return None
    return rows_needed(pair, _comparisons(pairs, primary), section.confidence)


def _contender_facts(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "kind": standing.kind,
        "metrics": {name: score.as_json() for name, score in standing.scores.items()},
        "cost": None if standing.cost is None else dict(standing.cost),
    }


def overfitting(gaps: Mapping[str, LossGap] | None) -> list[dict[str, Any]] | None:
    """Per tuned contender: the gap, and whether the validation loss had risen again."""
    if not gaps:
        return None
    notes = []
    for name, gap in gaps.items():
        risen = gap.validation > OVERFITTING_RISE * gap.best_validation
        note = (
            _(
                "{name} overfitted: its validation loss rose from {best:.3f} to {last:.3f}; the "
                "best state was kept."
            )
            if risen
            else _(
                "{name}: no overfitting seen; the validation loss ended at {last:.3f}, its best "
                "was {best:.3f}."
            )
        )
        notes.append(
            {
                "contender": name,
                "overfitted": risen,
                "train_loss": gap.train,
                "validation_loss": gap.validation,
                "best_validation_loss": gap.best_validation,
                "gap": gap.validation - gap.train,
                "note": note.format(name=name, best=gap.best_validation, last=gap.validation),
            }
        )
    return notes


def _detectable(
    pairs: Sequence[Pair],
    reference: Standing,
    primary: Primary,
    section: EvaluationSection,
    expected: Expected | None,
) -> dict[str, Any] | None:
    """The difference that this test finds, as measured, and beside it as expected before."""
    measured = measured_effect(pairs, reference.name, primary.name, section)
    if expected is None:
        return measured
    unknown = {
        "metric": primary.name,
        "value": None,
        "confidence": section.confidence,
        "power": expected.power,
        "comparisons": expected.comparisons,
    }
    return {**(measured or unknown), "expected": expected.as_json()}


def _comparisons(pairs: Sequence[Pair], primary: Primary) -> int:
    """Pairs that are told apart on the primary metric."""
    return sum(pair.metric == primary.name for pair in pairs)
