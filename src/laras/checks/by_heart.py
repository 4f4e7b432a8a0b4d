"""What is told of learning by heart, from what was measured in a contender and the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from laras.checks.check import Finding, Measured
from laras.checks.evidence import (
    Difference,
    Figure,
    State,
    contrast,
    difference,
    figure,
    in_both,
    ratios,
    rises,
    surplus,
)
from laras.evaluation.bootstrap import holm
from laras.recipe.schema import EvaluationSection
from laras.translation import _

LARGE = 0.2  # surplus on training rows; below, it is of no consequence
UNSURE = 0.5  # an interval that goes up to here leaves too much open to say that there is none
LEAST_TRAIN, LEAST_TEST = 5, 2  # rows; two that don't come back tell of sixteen that do
# Which part of a finding is told, where answers and texts differ.
_FIRST: dict[State, int] = {"noticed": 0, "clear": 2, "unknown": 3}


def compare_memorisation(
    name: str, own: Measured, reference: Measured | None, section: EvaluationSection
) -> Finding | None:
    """Answers and texts apart; noticed where either is, by p-values adjusted for both (Holm). None
    without shared rows."""
    parts = []
    for task in ("chat", "text"):
        part = _part(task, own["rows"], None if reference is None else reference["rows"], section)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    tested = [part for part in parts if part.get("difference") is not None]
    adjusted = holm([_p(part["difference"]) for part in tested])
    for part, p in zip(tested, adjusted, strict=True):
        part["difference"] = {**part["difference"].as_json(), "p_adjusted": p}
    details = [_with_state(part, section) for part in parts]
    told = min(details, key=_rank)
    other = None if reference is None else str(reference["name"])
    return Finding(
        noticed=told["state"] == "noticed",
        note=_note(name, told, other, section),
        details={"state": told["state"], "reference": other, "parts": details},
    )


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
        rows, others = in_both(rows, reference, "split", "id")
    if not rows:
        return None
    groups = [row["group"] for row in rows]
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    part: dict[str, Any] = {"task": task, "train": _share(train, section)}
    part["test"] = _share(test, section)
    if len(train) >= LEAST_TRAIN and len(test) >= LEAST_TEST and len(set(groups)) > 1:
        part["surplus"] = surplus(_sides(rows), groups, section)
        if others is not None:
            part["reference_surplus"] = surplus(_sides(others), groups, section)
            part["difference"] = difference(_sides(rows), _sides(others), groups, section, contrast)
    part["reworded"] = _share([r for r in train if r["reworded"] is not None], section, "reworded")
    runs = {"train": train, "test": test}
    if task == "text":
        part["mean_run_words"] = {
            side: float(np.mean([row["run"] for row in rows])) if rows else None
            for side, rows in runs.items()
        }
    part["repeated_examples"] = [row["id"] for row in train if row["repeated"]][:5]
    return part


def _with_state(part: Mapping[str, Any], section: EvaluationSection) -> dict[str, Any]:
    """The part as JSON, with what can be said of it."""
    shown = {
        key: value.as_json() if isinstance(value, Figure) else value for key, value in part.items()
    }
    extra: Figure | None = part.get("surplus")
    shown["large"] = extra is not None and extra.value >= LARGE
    if shown["large"] and part.get("difference") is not None:
        shown["large"] = part["difference"]["value"] >= LARGE
    state: State = "clear"
    if extra is None:
        state = "unknown"
    elif shown["large"]:
        state = "noticed" if _is_sure(part, extra, section) else "unknown"
    elif extra.high is not None and extra.high >= UNSURE > extra.value:
        state = "unknown"
    return {**shown, "state": state}


def _is_sure(part: Mapping[str, Any], extra: Figure, section: EvaluationSection) -> bool:
    found: Mapping[str, Any] | None = part.get("difference")
    if not rises(extra):
        return False
    if found is None:
        return True
    beyond_chance: bool = found["p_adjusted"] <= 1 - section.confidence
    return beyond_chance and found["low"] is not None and found["low"] > 0.0


def _rank(part: Mapping[str, Any]) -> int:
    """A surplus that may be chance is told rather than that the other task has none."""
    return 1 if part["state"] == "unknown" and part["large"] else _FIRST[part["state"]]


def _note(
    name: str, part: Mapping[str, Any], reference: str | None, section: EvaluationSection
) -> str:
    of_texts = part["task"] == "text"
    if part.get("surplus") is None or (part["state"] == "unknown" and not part["large"]):
        text = (
            _("{name}: whether texts were learnt by heart can't be told from so few rows.")
            if of_texts
            else _(
                "{name}: whether answers were learnt by heart can't be told from so few rows with "
                "an answer of their own."
            )
        )
        return text.format(name=name)
    texts = {
        ("noticed", False): _(
            "{name} learnt answers by heart: {train} of its training answers come back word for "
            "word, {test} of held-out ones (difference {surplus} points, {confidence} interval "
            "{low} to {high}{compared})."
        ),
        ("noticed", True): _(
            "{name} learnt texts by heart: {train} of its training texts are continued word for "
            "word, {test} of held-out ones (difference {surplus} points, {confidence} interval "
            "{low} to {high}{compared})."
        ),
        ("clear", False): _(
            "{name}: no sign of answers learnt by heart; {train} of its training answers come back "
            "word for word, {test} of held-out ones (difference {surplus} points, {confidence} "
            "interval {low} to {high}{compared})."
        ),
        ("clear", True): _(
            "{name}: no sign of texts learnt by heart; {train} of its training texts are continued "
            "word for word, {test} of held-out ones (difference {surplus} points, {confidence} "
            "interval {low} to {high}{compared})."
        ),
        ("unknown", False): _(
            "{name}: {train} of its training answers come back word for word, {test} of held-out "
            "ones, but with these rows that may be chance (difference {surplus} points, "
            "{confidence} interval {low} to {high}{compared})."
        ),
        ("unknown", True): _(
            "{name}: {train} of its training texts are continued word for word, {test} of held-out "
            "ones, but with these rows that may be chance (difference {surplus} points, "
            "{confidence} interval {low} to {high}{compared})."
        ),
    }
    compared = ""
    if part.get("reference_surplus") is not None:
        compared += _("; {reference}: {difference} points").format(
            reference=reference, difference=_points(part["reference_surplus"]["value"])
        )
    if part.get("reworded") is not None and part["state"] != "clear":
        compared += _("; asked in other words, it repeats {share} of these").format(
            share=_percent(part["reworded"]["value"])
        )
    found = part["surplus"]
    return texts[part["state"], of_texts].format(
        name=name,
        train=_percent(part["train"]["value"]),
        test=_percent(part["test"]["value"]),
        surplus=_points(found["value"]),
        low=_points(found["low"]),
        high=_points(found["high"]),
        confidence=f"{section.confidence:.0%}",
        compared=compared,
    )


def _share(
    rows: Sequence[Mapping[str, Any]], section: EvaluationSection, column: str = "repeated"
) -> Figure | None:
    if not rows:
        return None
    sums, groups = ratios([row[column] for row in rows]), [row["group"] for row in rows]
    return figure(sums, groups, section, within=(0.0, 1.0))


def _sides(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(R, 4): repeated training rows, training rows, repeated held-out rows, held-out rows."""
    sides = np.zeros((len(rows), 4))
    for at, row in enumerate(rows):
        first = 0 if row["split"] == "train" else 2
        sides[at, first : first + 2] = row["repeated"], 1.0
    return sides


def _p(found: Difference) -> float:
    return 1.0 if found.p is None else found.p


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _points(value: float | None) -> str:
    """Percentage points, without a sign where they round to zero."""
    figure = "" if value is None else f"{100 * value:+.0f}"
    return "0" if figure in ("+0", "-0") else figure
