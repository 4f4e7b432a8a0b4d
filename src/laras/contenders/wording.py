"""The verdict in one plain sentence, with both numbers and the interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from laras.evaluation import catalogue  # noqa: F401  (each metric registers)
from laras.evaluation.metric import METRICS
from laras.translation import _

Outcome = Literal["better", "worse", "unclear", "alone"]

DISPLAY_NAMES = {
    "perplexity": "perplexity",
    "bits_per_byte": "bits per byte",
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "accuracy": "accuracy",
    "macro_f1_generated": "macro-F1 (generated)",
    "micro_f1_generated": "micro-F1 (generated)",
    "calibration_error": "calibration error",
    "bleu": "BLEU",
    "chrf": "chrF",
    "ter": "TER",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
    "token_f1": "token F1",
    "span_f1": "span F1",
    "exact_match": "exact match",
    "refusal_rate": "refusal rate",
    "repetition_rate": "repetition rate",
    "length_ratio": "length ratio",
    "distinct1": "distinct-1",
    "distinct2": "distinct-2",
}


@dataclass(frozen=True, slots=True)
class Dearer:
    """A winner with a better figure that was not recommended; its and the recommended one's cost of
    1,000 answers, in money where ``in_money``, else in seconds (None: that is not the reason)."""

    name: str
    value: float
    cost: float | None = None
    recommended_cost: float | None = None
    in_money: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The recommended contender and the one it is held against, on the primary metric.

    ``difference`` is recommended minus other, with its interval (None: one group of rows only).
    Below ``groups_needed``, the ``groups`` of test rows are too few for any verdict.
    ``rows_needed``: test rows that would tell them apart, where these do not. ``ties`` can't be
    told apart from the recommended one; ``ties_dearer``: and it is known that none is cheaper.
    """

    metric: str
    outcome: Outcome
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
    rows_needed: int | None = None
    p_adjusted: float | None = None
    ties: tuple[str, ...] = ()
    ties_dearer: bool = False
    dearer: Dearer | None = None


def sentence_for_one(name: str, metric: str, value: float) -> str:
    """For a run with a single contender."""
    return _("Only {name} was evaluated, so nothing was compared; its {metric} is {value}.").format(
        name=name, metric=shown_name(metric), value=shown(metric, value)
    )


def sentence(comparison: Comparison) -> str:
    """What to use, with both numbers; and where nothing can be told, what it would take."""
    if comparison.low is None:
        return _filled(
            _(
                "Keep {recommended}: all test rows belong to one group, so the difference to "
                "{other} ({metric} {recommended_value} against {other_value}) can't be judged."
            ),
            comparison,
        )
    if comparison.outcome == "better":
        return _of_a_winner(comparison)
    if comparison.outcome == "worse":
        return _filled(
            _(
                "Keep {recommended}: nothing does better. The best of the others, {other}, is "
                "worse: its {metric} is {other_value} against {recommended_value} (difference "
                "{difference}, {confidence} interval {low} to {high}; {direction})."
            ),
            comparison,
        )
    if comparison.groups < comparison.groups_needed:
        return _filled(
            _(
                "Keep {recommended}: the test rows belong to only {groups} groups, and it takes "
                "{groups_needed} to judge the difference to {other} ({metric} "
                "{recommended_value} against {other_value})."
            ),
            comparison,
        )
    text = _filled(
        _(
            "Keep {recommended}: this test set can't tell {other} apart from it. The {metric} is "
            "{recommended_value} against {other_value} of {other} (difference {difference}, "
            "{confidence} interval {low} to {high}; {direction})."
        ),
        comparison,
    )
    if comparison.p_adjusted is not None and not comparison.low <= 0.0 <= (comparison.high or 0.0):
        text += " " + _(
            "The interval leaves out zero; but of all the pairs that are compared here, one would "
            "differ as much by chance with a probability of {p:.0%}."
        ).format(p=comparison.p_adjusted)
    if comparison.rows_needed is not None:
        text += " " + _(
            "About {rows:,} test rows would be needed to tell a difference of this size."
        ).format(rows=about(comparison.rows_needed))
    return text


def _of_a_winner(comparison: Comparison) -> str:
    parts = [
        _filled(
            _(
                "Use {recommended}: its {metric} is {recommended_value} against {other_value} of "
                "{other} (difference {difference}, {confidence} interval {low} to {high}; "
                "{direction})."
            ),
            comparison,
        )
    ]
    dearer = comparison.dearer
    if dearer is not None:
        parts.append(_of_a_dearer_one(dearer, comparison))
    ties = [name for name in comparison.ties if dearer is None or name != dearer.name]
    if ties:
        text = _("On this test set {names} can't be told apart from it.")
        if comparison.ties_dearer:
            text = _(
                "On this test set {names} can't be told apart from it; none of them is clearly "
                "cheaper."
            )
        parts.append(text.format(names=", ".join(ties)))
    return " ".join(parts)


def _of_a_dearer_one(dearer: Dearer, comparison: Comparison) -> str:
    if dearer.cost is None or dearer.recommended_cost is None:
        text = _(
            "{name} has {value}, which this test set can't tell apart from that, and takes more to "
            "make."
        )
        return text.format(name=dearer.name, value=shown(comparison.metric, dearer.value))
    text = _(
        "{name} has {value}, which this test set can't tell apart from that, and costs more: 1,000 "
        "of its answers {cost}, those of {recommended} {recommended_cost}."
    )
    price = money if dearer.in_money else seconds
    return text.format(
        name=dearer.name,
        value=shown(comparison.metric, dearer.value),
        cost=price(dearer.cost),
        recommended=comparison.recommended,
        recommended_cost=price(dearer.recommended_cost),
    )


def detectable_note(metric: str, value: float, relative: bool, rows: int, groups: int) -> str:
    """Said before a run: what its test set will not be able to tell. ``value`` is in the metric's
    unit, or a share of the figure where ``relative``."""
    unit = METRICS.get(metric).unit
    if relative:
        effect = _("{percent:.0%} of the {metric}").format(percent=value, metric=shown_name(metric))
    elif unit == "share" or unit.startswith("points"):
        points = 100 * value if unit == "share" else value
        effect = _("{points} points of {metric}").format(
            points=f"{points:.0f}" if points >= 2 else f"{points:.1f}", metric=shown_name(metric)
        )
    else:
        effect = f"{shown(metric, value)} {shown_name(metric)}"
    return _(
        "With {rows:,} test rows in {groups:,} groups a difference under {effect} can't be seen "
        "reliably."
    ).format(rows=rows, groups=groups, effect=effect)


def about(count: int) -> int:
    """``count`` with two digits that mean something."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return round(count / unit) * unit


def seconds(value: float) -> str:
    """A time, with two or more digits that mean something."""
    return _("{seconds} s").format(seconds=f"{value:,.0f}" if value >= 10 else f"{value:.2g}")


def money(value: float) -> str:
    """An amount in whatever the recipe's prices are in."""
    return f"{value:,.2f}" if value >= 0.1 else f"{value:.2g}"


def shown_name(metric: str) -> str:
    """What people call a metric."""
    return DISPLAY_NAMES.get(metric, metric)


def shown(metric: str, value: float, *, signed: bool = False) -> str:
    """A figure with as many digits as its unit deserves."""
    sign = "+" if signed else ""
    unit = METRICS.get(metric).unit
    if unit == "share" or unit.startswith("bits"):
        return _unsigned_zero(f"{value:{sign}.3f}")
    if unit.startswith(("points", "edits")):
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
