"""The verdict in one plain sentence, with both numbers and the interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laras.evaluation.metric import METRICS
from laras.translation import _

DISPLAY_NAMES = {
    "perplexity": "perplexity",
    "bits_per_byte": "bits per byte",
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "accuracy": "accuracy",
    "macro_f1_generated": "macro-F1 (generated)",
    "micro_f1_generated": "micro-F1 (generated)",
    "bleu": "BLEU",
    "chrf": "chrF",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "exact_match": "exact match",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The recommended contender and the one it is held against, on the primary metric.

    ``difference`` is recommended minus other, with its interval (None: one group of rows only).
    Below ``groups_needed``, the ``groups`` of test rows are too few for any verdict.
    """

    metric: str
    recommended: str
    recommended_value: float
    other: str
    other_value: float
    difference: float
    low: float | None
    high: float | None
    confidence: float
    groups: int
    groups_needed: int


def sentence_for_one(name: str, metric: str, value: float) -> str:
    """For a run with a single contender."""
    return _("Only {name} was evaluated, so nothing was compared; its {metric} is {value}.").format(
        name=name, metric=shown_name(metric), value=shown(metric, value)
    )


def sentence(comparison: Comparison, *, changed: bool, ties: Sequence[str] = ()) -> str:
    """``changed``: the recommended one beat the reference; else the reference stays."""
    if comparison.low is None:
        return _filled(
            _(
                "Keep {recommended}: all test rows belong to one group, so the difference to "
                "{other} ({metric} {recommended_value} against {other_value}) can't be judged."
            ),
            comparison,
        )
    if not changed and comparison.groups < comparison.groups_needed:
        return _filled(
            _(
                "Keep {recommended}: the test rows belong to only {groups} groups, and it takes "
                "{groups_needed} to judge the difference to {other} ({metric} "
                "{recommended_value} against {other_value})."
            ),
            comparison,
        )
    if not changed:
        return _filled(
            _(
                "Keep {recommended}: its {metric} of {recommended_value} is not beaten; the best "
                "other, {other}, has {other_value} (difference {difference}, {confidence} "
                "interval {low} to {high}; {direction})."
            ),
            comparison,
        )
    text = _filled(
        _(
            "Use {recommended}: its {metric} is {recommended_value} against {other_value} of "
            "{other} (difference {difference}, {confidence} interval {low} to {high}; "
            "{direction})."
        ),
        comparison,
    )
    if ties:
        text += " " + _("On this test set {names} can't be told apart from it.").format(
            names=", ".join(ties)
        )
    return text


def shown_name(metric: str) -> str:
    """What people call a metric."""
    return DISPLAY_NAMES.get(metric, metric)


def shown(metric: str, value: float, *, signed: bool = False) -> str:
    """A figure with as many digits as its unit deserves."""
    sign = "+" if signed else ""
    unit = METRICS.get(metric).unit
    if unit == "share" or unit.startswith("bits"):
        return _unsigned_zero(f"{value:{sign}.3f}")
    if unit.startswith("points"):
        return _unsigned_zero(f"{value:{sign}.1f}")
    return _unsigned_zero(f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.2f}")


def _unsigned_zero(figure: str) -> str:
    """What rounds to zero has no sign: -0.000 reads like a loss."""
    return figure if figure.strip("+-0.") else figure.lstrip("+-")


def _filled(text: str, comparison: Comparison) -> str:
    metric = comparison.metric
    better_up = METRICS.get(metric).higher_is_better
    return text.format(
        metric=shown_name(metric),
        recommended=comparison.recommended,
        recommended_value=shown(metric, comparison.recommended_value),
        other=comparison.other,
        other_value=shown(metric, comparison.other_value),
        difference=shown(metric, comparison.difference, signed=True),
        low="" if comparison.low is None else shown(metric, comparison.low, signed=True),
        high="" if comparison.high is None else shown(metric, comparison.high, signed=True),
        confidence=f"{comparison.confidence:.0%}",
        groups=comparison.groups,
        groups_needed=comparison.groups_needed,
        direction=_("higher is better") if better_up else _("lower is better"),
    )
