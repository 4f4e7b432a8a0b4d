"""What is told of wording, from what was measured in a contender and the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laras.checks.check import Finding, Measured
from laras.checks.evidence import State, difference, figure, in_both, ratios
from laras.checks.rewording import KINDS
from laras.evaluation.bootstrap import holm
from laras.recipe.schema import EvaluationSection
from laras.translation import _

LARGE = 0.1  # of the score, lost by other words
LEAST_SCORE = 0.2  # who scores less as it is asked has nothing to lose
LEAST_ROWS = 5
UNSURE = 0.3  # an interval that goes up to here leaves too much open to say that there is no loss
_FIRST: dict[State, int] = {"noticed": 0, "clear": 2, "unknown": 3}


def compare_wording(
    name: str, own: Measured, reference: Measured | None, section: EvaluationSection
) -> Finding | None:
    """Labels and answers apart; noticed where either loses a tenth of its score, more than the
    reference and beyond chance, by p-values adjusted for both (Holm). None without shared rows."""
    parts = []
    for task in ("classification", "chat"):
        part = _part(task, own["rows"], None if reference is None else reference["rows"], section)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    tested = [part for part in parts if part["difference"] is not None]
    adjusted = holm([1.0 if p["difference"]["p"] is None else p["difference"]["p"] for p in tested])
    for part, p in zip(tested, adjusted, strict=True):
        part["difference"]["p_adjusted"] = p
    for part in parts:
        part["state"] = _state(part, section)
    told = min(parts, key=lambda part: _FIRST[part["state"]])
    other = None if reference is None else str(reference["name"])
    details = {"state": told["state"], "reference": other, "parts": parts}
    return Finding(told["state"] == "noticed", _note(name, told, other, section), details)


def _part(
    task: str,
    own: Sequence[Mapping[str, Any]],
    reference: Sequence[Mapping[str, Any]] | None,
    section: EvaluationSection,
) -> dict[str, Any] | None:
    """The figures of one task; None where no row of it was asked."""
    rows = [row for row in own if row["task"] == task]
    others = None
    if reference is not None:
        rows, others = in_both(rows, reference, "id")
    if not rows:
        return None
    groups = [row["group"] for row in rows]
    found = None
    if others is not None:
        own_losses, other_losses = (ratios([_loss(row) for row in side]) for side in (rows, others))
        found = difference(own_losses, other_losses, groups, section)
    wordings = [_of_kind(kind, rows) for kind in KINDS]
    told = [wording for wording in wordings if wording is not None]
    gains = [0.0, *(each["score"] - each["literal"] for each in told)]
    return {
        "task": task,
        "literal": _figure([row["literal"] for row in rows], groups, section),
        "reworded": _figure([_mean(row["reworded"]) for row in rows], groups, section),
        "loss": _figure([_loss(row) for row in rows], groups, section, -1.0),
        "changed": _figure([_mean(row["changed"]) for row in rows], groups, section),
        "reference_loss": _figure([_loss(row) for row in others], groups, section, -1.0)
        if others
        else None,
        "reference_changed": _figure([_mean(row["changed"]) for row in others], groups, section)
        if others
        else None,
        "difference": None if found is None else found.as_json(),
        "spread": max(gains) - min(gains),
        "wordings": told,
    }


def _state(part: Mapping[str, Any], section: EvaluationSection) -> State:
    loss, found = part["loss"], part["difference"]
    if loss["rows"] < LEAST_ROWS or part["literal"]["value"] < LEAST_SCORE or loss["low"] is None:
        return "unknown"
    if loss["value"] < LARGE:
        return "clear" if loss["high"] < UNSURE else "unknown"
    if loss["low"] <= 0.0:
        return "unknown"
    if found is None:
        return "noticed"
    beyond = found["low"] > 0.0 and found["p_adjusted"] <= 1 - section.confidence
    return "noticed" if beyond else "unknown"


def _note(
    name: str, part: Mapping[str, Any], reference: str | None, section: EvaluationSection
) -> str:
    labels = part["task"] == "classification"
    if part["state"] == "unknown":
        text = (
            _("{name}: how much its labels hang on the wording can't be told ({literal} right).")
            if labels
            else _(
                "{name}: how much its answers hang on the wording can't be told (overlap with the "
                "right ones {literal})."
            )
        )
        return text.format(name=name, literal=f"{part['literal']['value']:.0%}")
    texts = {
        ("noticed", True): _(
            "{name} hangs on the wording: asked in other words, {reworded} of its labels are "
            "right, {literal} as the questions stand (difference {difference} points, "
            "{confidence} interval {low} to {high}{compared}); {changed} of the labels change."
        ),
        ("noticed", False): _(
            "{name} hangs on the wording: asked in other words, its answers overlap with the right "
            "ones by {reworded}, {literal} as the questions stand (difference {difference} points, "
            "{confidence} interval {low} to {high}{compared})."
        ),
        ("clear", True): _(
            "{name} does not hang on the wording: asked in other words, {reworded} of its labels "
            "are right, {literal} as the questions stand (difference {difference} points, "
            "{confidence} interval {low} to {high}{compared}); {changed} of the labels change."
        ),
        ("clear", False): _(
            "{name} does not hang on the wording: asked in other words, its answers overlap with "
            "the right ones by {reworded}, {literal} as the questions stand (difference "
            "{difference} points, {confidence} interval {low} to {high}{compared})."
        ),
    }
    compared = ""
    if part["reference_loss"] is not None:
        compared = _("; {reference}: {difference} points").format(
            reference=reference, difference=_points(-part["reference_loss"]["value"])
        )
    loss = part["loss"]
    return texts[part["state"], labels].format(
        name=name,
        reworded=f"{part['reworded']['value']:.0%}",
        literal=f"{part['literal']['value']:.0%}",
        difference=_points(-loss["value"]),
        low=_points(-loss["high"]),
        high=_points(-loss["low"]),
        confidence=f"{section.confidence:.0%}",
        compared=compared,
        changed=f"{part['changed']['value']:.0%}",
    )


def _of_kind(kind: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The mean score in one kind of wording, beside that of the same rows as they stand."""
    having = [row for row in rows if kind in row["reworded"]]
    if not having:
        return None
    return {
        "kind": kind,
        "rows": len(having),
        "literal": sum(row["literal"] for row in having) / len(having),
        "score": sum(row["reworded"][kind] for row in having) / len(having),
        "changed": sum(row["changed"][kind] for row in having) / len(having),
    }


def _loss(row: Mapping[str, Any]) -> float:
    return float(row["literal"]) - _mean(row["reworded"])


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


def _figure(
    values: Sequence[float], groups: Sequence[str], section: EvaluationSection, least: float = 0.0
) -> dict[str, Any]:
    return figure(ratios(values), groups, section, within=(least, 1.0)).as_json()


def _points(value: float) -> str:
    """Percentage points, without a sign where they round to zero."""
    points = f"{100 * value:+.0f}"
    return "0" if points in ("+0", "-0") else points
