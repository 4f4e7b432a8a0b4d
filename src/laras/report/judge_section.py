"""What a judge said of the answers, as Markdown: beside the verdict, never part of it.

Its sentences are the page's, too.
"""

from __future__ import annotations

from collections.abc import Callable

from laras.report.facts import Json, entries_of, mapping_of
from laras.report.markdown_text import escaped, table
from laras.report.measures import value_of
from laras.report.wording import money, percent, probability, whole
from laras.translation import _


def judge_text(verdict: Json, confidence: float) -> str:
    """The section, of the content of ``verdict.json``; "" where nobody judged."""
    judge = mapping_of(verdict.get("judge"))
    if not judge:
        return ""
    parts = [escaped(judge["note"], 2000)] if judge.get("note") else []
    rows = [_row(entry) for entry in entries_of(judge.get("comparisons"))]
    if rows:
        parts += [table(columns(), rows, 2), caption(confidence)]
    parts += filter(None, (position_bias(judge), spending(judge, escaped)))
    return "\n\n".join(parts)


def columns() -> list[str]:
    """Titles of the table of comparisons."""
    return [
        _("First"),
        _("Second"),
        _("First wins"),
        _("Second wins"),
        _("Ties"),
        _("Inconsistent"),
        _("Unusable"),
        _("Win rate of the second"),
        "p",
        _("Better"),
    ]


def caption(confidence: float) -> str:
    """What the table of comparisons shows."""
    return _(
        "Each pair of answers was judged in both orders; a win is one in both, and where "
        "the two disagree the row is inconsistent and counts as a tie. With {level} "
        "intervals in brackets; 50 %: neither is better. p is of the sign test, adjusted "
        "for the number of pairs (Holm)."
    ).format(level=percent(confidence, 0))


def _row(entry: Json) -> list[str]:
    rate, low, high = (value_of(entry, name) for name in ("win_rate", "low", "high"))
    share = percent(rate, 0)
    if low is not None and high is not None:
        share += f" ({percent(low, 0)} – {percent(high, 0)})"
    counts = ("wins_first", "wins_second", "ties", "inconsistent", "unusable")
    p = value_of(entry, "p_adjusted")
    better = entry.get("better")
    return [
        *(escaped(entry.get(name) or "–") for name in ("first", "second")),
        *(whole(value_of(entry, name)) for name in counts),
        share,
        probability(value_of(entry, "p") if p is None else p),
        _("can't be told apart") if better is None else escaped(better),
    ]


def position_bias(judge: Json) -> str:
    """How far the judge went by the place of an answer; "" where that is not known."""
    bias = mapping_of(judge.get("position_bias"))
    share = value_of(bias, "share")
    if share is None:
        return ""
    return _(
        "Position bias: in {share} of the rows the judge changed its mind when the answers changed "
        "places ({first} times for whichever stood first, {second} times for the second)."
    ).format(
        share=percent(share, 0),
        first=whole(value_of(bias, "for_first_place")),
        second=whole(value_of(bias, "for_second_place")),
    )


def spending(judge: Json, written: Callable[[object], str] = str) -> str:
    """What asking took; "" where nobody was asked. ``written``: how a currency is written."""
    cost = mapping_of(judge.get("cost"))
    calls = value_of(cost, "calls")
    if not calls:
        return ""
    text = _("It took {calls} calls: {sent} tokens sent, {received} received.").format(
        calls=whole(calls),
        sent=whole(value_of(cost, "tokens_in")),
        received=whole(value_of(cost, "tokens_out")),
    )
    spent = value_of(cost, "money")
    if spent is None:
        return text
    amount = written(money(spent, str(cost.get("currency") or "")))
    return text + " " + _("It cost {amount}.").format(amount=amount)
