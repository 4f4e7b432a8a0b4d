"""Who is left out of a verdict, and why: contenders whose endpoint did not answer all."""

from __future__ import annotations

from laras.report.facts import Json, entries_of
from laras.report.measures import value_of
from laras.report.wording import money, whole
from laras.translation import _


def left_out(verdict: Json) -> list[str]:
    """A line for each."""
    lines = []
    for entry in entries_of(verdict.get("unfinished")):
        said = _("{name} is left out: {reason} Answers that came before: {answers}.").format(
            name=entry.get("contender"),
            reason=entry.get("what"),
            answers=whole(value_of(entry, "answers")),
        )
        spent = value_of(entry, "spent")
        if spent is not None:
            said += " " + _("Spent: {money}.").format(
                money=money(spent, str(entry.get("currency") or ""))
            )
        lines.append(said)
    return lines
