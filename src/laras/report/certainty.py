"""How sure a verdict is, and what would change it: sentences from what verdict.json holds."""

from __future__ import annotations

from collections.abc import Callable

from laras.report.facts import Json, mapping_of
from laras.report.measures import measure, value_of
from laras.report.wording import significant, whole
from laras.translation import _


def what_would_change(verdict: Json, written: Callable[[object], str] = str) -> list[str]:
    """What more test rows would tell, and what those that there are can't. ``written``: how a name
    is written, for that may need escapes."""

    def name(value: object) -> str:
        return "–" if value is None else written(value)

    said = []
    needed = mapping_of(verdict.get("rows_needed"))
    rows = value_of(needed, "rows")
    if rows is not None:
        text = _(
            "If the difference that was measured between {name} and {reference} is the true one, "
            "it takes about {rows} test rows to tell them apart."
        )
        said.append(
            text.format(
                name=name(needed.get("contender")),
                reference=name(verdict.get("reference")),
                rows=whole(rows),
            )
        )
    effect = mapping_of(verdict.get("minimal_detectable_effect"))
    value = value_of(effect)
    if value is not None:
        text = _(
            "A test of this size finds a true difference of {effect} in {metric} four times out of "
            "five; smaller ones are often missed."
        )
        metric = measure(str(effect.get("metric")))
        said.append(text.format(effect=significant(value), metric=written(metric.title)))
    ties = verdict.get("ties")
    if isinstance(ties, list) and ties:
        text = _("More test rows could tell {names} apart from {recommended}.")
        said.append(
            text.format(
                names=", ".join(map(name, ties)), recommended=name(verdict.get("recommendation"))
            )
        )
    return said
