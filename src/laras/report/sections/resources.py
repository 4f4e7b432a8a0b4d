"""What the contenders cost: time, tokens, memory, trained parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Cell, Section, Table
from laras.report.facts import RunFacts
from laras.report.measures import value_of
from laras.report.wording import duration, percent, size, whole
from laras.translation import _


def cost(facts: RunFacts) -> Section | None:
    """One row a contender; None where nothing was counted."""
    tuned = {str(event.get("contender")): event for event in facts.events_of("contender_finished")}
    rows = []
    for contender in facts.contenders:
        given = contender.scores.get("cost")
        evaluation = given if isinstance(given, dict) else {}
        tuning = tuned.get(contender.name, {})
        if evaluation or tuning:
            rows.append(_row(contender.name, tuning, evaluation))
    if not rows:
        return None
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Tuning")),
        Cell(_("Tokens trained")),
        Cell(_("Parameters trained")),
        Cell(_("Memory, most")),
        Cell(_("Evaluation")),
        Cell(_("Tokens read"), _("and written")),
    ]
    caption = _(
        "Wall-clock time on this machine. Memory is the most that tuning or evaluation "
        "held at once."
    )
    return Section("cost", _("What it cost"), [Table(header, rows, caption=caption)])


def _row(name: str, tuning: Mapping[str, Any], evaluation: Mapping[str, Any]) -> list[Cell]:
    trained, parameters = value_of(tuning, "trained_parameters"), value_of(tuning, "parameters")
    share = percent(trained / parameters) if trained is not None and parameters else ""
    seconds, tokens = value_of(tuning, "seconds"), value_of(tuning, "tokens")
    rate = ""
    if seconds and tokens:
        rate = _("{count} a second").format(count=whole(tokens / seconds))
    memory = [value_of(facts, "peak_memory_bytes") for facts in (tuning, evaluation)]
    return [
        Cell(name, numeric=False),
        Cell(duration(seconds)),
        Cell(whole(tokens), rate),
        Cell(whole(trained), share),
        Cell(size(max((held for held in memory if held is not None), default=None))),
        Cell(duration(value_of(evaluation, "seconds"))),
        Cell(whole(value_of(evaluation, "tokens_in")), whole(value_of(evaluation, "tokens_out"))),
    ]
