"""What the checks beside the metrics found, as the report and the Markdown tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Cell, Paragraph
from laras.report.facts import Json, entries_of
from laras.report.measures import value_of
from laras.report.wording import number, percent
from laras.translation import _


def check_titles() -> dict[str, str]:
    """The parts of a verdict that look beside the metrics, in the order in which they are told."""
    return {
        "overfitting": _("Overfitting"),
        "memorisation": _("Memorisation"),
        "wording": _("Wording"),
        "forgetting": _("Forgetting"),
        "bias": _("Bias"),
    }


def is_noticed(entry: Json) -> bool:
    """Whether a finding is told as a fault."""
    return bool(entry.get("noticed", entry.get("overfitted")))


def not_measured(verdict: Json) -> list[str]:
    """Titles of the checks that the verdict says nothing of."""
    return [title for check, title in check_titles().items() if not entries_of(verdict.get(check))]


def notes(findings: list[Json]) -> list[Paragraph]:
    """The sentence of each finding, set apart where it tells of a fault."""
    return [
        Paragraph(str(entry["note"]), "warning" if is_noticed(entry) else "note")
        for entry in findings
        if entry.get("note")
    ]


def share_cell(figure: object, *, points: bool = False) -> Cell:
    """A share of rows with its interval below it; in percentage points, signed, where it is a
    difference."""
    given: Mapping[str, Any] = figure if isinstance(figure, Mapping) else {}
    value, low, high = (value_of(given, name) for name in ("value", "low", "high"))
    if value is None:
        return Cell("–")
    written = in_points if points else _whole_percent
    detail = "" if low is None or high is None else f"{written(low)} – {written(high)}"
    return Cell(written(value), detail)


def in_points(share: float) -> str:
    """A difference of two shares in percentage points; what rounds to zero has no sign."""
    rounded = round(100 * share)
    return f"+{number(rounded, 0)}" if rounded > 0 else number(rounded or 0.0, 0)


def state_in_words(state: object) -> str:
    """What a check can say of one of its parts."""
    words = {
        "noticed": _("noticed"),
        "some": _("some lost"),
        "clear": _("nothing found"),
        "unknown": _("can't be told"),
    }
    return words.get(str(state), "–")


def _whole_percent(share: float) -> str:
    return percent(share + 0.0, 0)
