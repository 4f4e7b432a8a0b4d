"""The gates of the recipe: what the recommended contender has to fulfil, and whether it does."""

from __future__ import annotations

from laras.report.blocks import Cell, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts, entries_of
from laras.report.wording import whole
from laras.translation import _


def gates(facts: RunFacts) -> Section | None:
    """Each gate with the reason; None where the recipe has none."""
    found = entries_of(facts.verdict.get("gates"))
    if not found:
        return None
    passed = sum(_is_passed(gate) for gate in found)
    text = _("{passed} of {count} gates are passed.").format(
        passed=whole(passed), count=whole(len(found))
    )
    header = [
        Cell(_("Gate"), numeric=False),
        Cell(_("Result"), numeric=False),
        Cell(_("Why"), numeric=False),
    ]
    rows = [
        [
            Cell(str(gate.get("gate") or "–"), numeric=False),
            Cell(_("passed") if _is_passed(gate) else _("not passed"), numeric=False),
            Cell(str(gate.get("note") or ""), numeric=False),
        ]
        for gate in found
    ]
    tone = "note" if passed == len(found) else "warning"
    return Section("gates", _("Gates"), [Paragraph(text, tone), Table(header, rows)])


def _is_passed(gate: Json) -> bool:
    return gate.get("passed") is True
