"""Which contender to use, how sure that is, and what was not measured.

Every pair of contenders is compared on every metric: a randomisation test says whether chance
alone would tell them apart as far, a paired bootstrap how large the difference is. The
recommendation turns on one primary metric. The base model stays unless a contender beats it by
both, with p-values adjusted for the number of comparisons (Holm): with enough contenders one
always looks better by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from laras.contenders.pairs import Pair, Standing, compare, pair_of
from laras.contenders.primary import Primary, choose_primary
from laras.contenders.wording import Comparison, sentence, sentence_for_one
from laras.evaluation.randomisation import groups_needed
from laras.recipe.schema import EvaluationSection
from laras.runs.losses import OVERFITTING_RISE, losses
from laras.translation import LANGUAGES, _, language, using

POWER = 0.8  # the detectable effect is the one that would be found in four of five such tests


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
) -> dict[str, Any]:
    """The content of ``verdict.json``; what was not measured is None.

    ``standings`` in the recipe's order, at least one. ``gaps`` by contender, for those tuned.
    Raises ValueError without standings.
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
    winner, ties = _winner(standings, reference, pairs, primary)
    sentences = {}
    for code in LANGUAGES:
        with using(code):
            sentences[code] = _sentence(standings, reference, winner, ties, pairs, primary, section)
    return {
        "recommendation": winner.name,
        "sentence": sentences[language()],
        "sentences": sentences,  # so that a report can be written in another language later
        "primary": {"metric": primary.name, "reason": primary.reason},
        "reference": reference.name,
        "ties": ties,
        "contenders": [_contender_facts(standing) for standing in standings],
        "pairs": [asdict(pair) for pair in pairs],
        "overfitting": _overfitting(gaps),
        "forgetting": None,
        "bias": None,
        "minimal_detectable_effect": _detectable(pairs, reference.name, primary, section),
        "break_even": None,
    }


def _winner(
    standings: Sequence[Standing], reference: Standing, pairs: Sequence[Pair], primary: Primary
) -> tuple[Standing, list[str]]:
    """The best of those that beat the reference, else the reference; and who ties with it."""
    better = []
    for standing in standings:
        pair = pair_of(pairs, reference.name, standing.name, primary.name)
        if pair is not None and pair.better == standing.name:
            better.append(standing)
    if not better:
        return reference, []
    sign = 1 if primary.higher_is_better else -1
    winner = max(better, key=lambda standing: sign * standing.scores[primary.name].value)
    ties = []
    for standing in better:
        pair = pair_of(pairs, winner.name, standing.name, primary.name)
        if pair is not None and pair.better is None:
            ties.append(standing.name)
    return winner, ties


def _sentence(
    standings: Sequence[Standing],
    reference: Standing,
    winner: Standing,
    ties: Sequence[str],
    pairs: Sequence[Pair],
    primary: Primary,
    section: EvaluationSection,
) -> str:
    value = {standing.name: standing.scores[primary.name].value for standing in standings}
    others = [standing for standing in standings if standing is not winner]
    if not others:
        return sentence_for_one(winner.name, primary.name, value[winner.name])
    sign = 1 if primary.higher_is_better else -1
    changed = winner is not reference
    other = reference if changed else max(others, key=lambda standing: sign * value[standing.name])
    pair = pair_of(pairs, other.name, winner.name, primary.name)
    assert pair is not None, "the primary metric was measured for all contenders"
    return sentence(
        Comparison(
            metric=primary.name,
            recommended=winner.name,
            recommended_value=value[winner.name],
            other=other.name,
            other_value=value[other.name],
            difference=pair.difference,
            low=pair.low,
            high=pair.high,
            confidence=section.confidence,
            groups=pair.groups,
            groups_needed=_groups_needed(pairs, primary, section),
        ),
        changed=changed,
        ties=ties,
    )


def _contender_facts(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "kind": standing.kind,
        "metrics": {name: score.as_json() for name, score in standing.scores.items()},
        "cost": None if standing.cost is None else dict(standing.cost),
    }


def _overfitting(gaps: Mapping[str, LossGap] | None) -> list[dict[str, Any]] | None:
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
    pairs: Sequence[Pair], reference: str, primary: Primary, section: EvaluationSection
) -> dict[str, Any] | None:
    """The smallest true difference to the reference that a test of this size would mostly find.

    (z of the level + z of the power) x standard error of the paired difference; the largest over
    the comparisons with the reference. None where nothing varied, and where the groups are too
    few for any difference to be found.
    """
    with_reference = [
        pair
        for pair in pairs
        if pair.metric == primary.name and reference in (pair.a, pair.b) and pair.standard_error
    ]
    errors = [pair.standard_error or 0.0 for pair in with_reference]
    needed = _groups_needed(pairs, primary, section)
    if not errors or min(pair.groups for pair in with_reference) < needed:
        return None
    normal = NormalDist()
    factor = normal.inv_cdf((1 + section.confidence) / 2) + normal.inv_cdf(POWER)
    return {
        "metric": primary.name,
        "value": factor * max(errors),
        "confidence": section.confidence,
        "power": POWER,
    }


def _groups_needed(pairs: Sequence[Pair], primary: Primary, section: EvaluationSection) -> int:
    """Groups of test rows without which no pair can be told apart on the primary metric."""
    comparisons = sum(pair.metric == primary.name for pair in pairs)
    return groups_needed(comparisons, section.confidence)
