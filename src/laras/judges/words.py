"""What a judge's opinion comes to, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laras.judges.evidence import Comparison
from laras.translation import _


def note(
    model: str,
    compared: Sequence[Comparison],
    against: Sequence[Comparison],
    verdict: Mapping[str, Any],
    trouble: str | None,
) -> str:
    """One sentence about the judge and the ``verdict``; a second one where there was trouble.

    ``against``: the comparisons that contradict the verdict.
    """
    said = _opinion(model, compared, against, verdict) if compared else ""
    if not said and trouble is None:
        return _("No two contenders answered a test question in words: nothing to be judged.")
    if trouble is None:
        return said
    if not said:
        return _("The judge {model} gave no evidence: {trouble}").format(
            model=model, trouble=trouble
        )
    text = _("{said} Not all rows were judged: {trouble}")
    return text.format(said=said, trouble=trouble)


def _opinion(
    model: str,
    compared: Sequence[Comparison],
    against: Sequence[Comparison],
    verdict: Mapping[str, Any],
) -> str:
    recommended = str(verdict["recommendation"])
    if against:
        clearest = max(against, key=_lead)
        text = _(
            "The judge {model} disagrees: it prefers {better} to {other} in {wins} of {rows} test "
            "rows, and {other} in {losses}; the verdict does not turn on it."
        )
        return _filled(text, model, clearest)
    agreeing = [each for each in compared if each.better == recommended]
    if agreeing:
        text = _(
            "The judge {model} agrees: it prefers {better} to {other} in {wins} of {rows} test "
            "rows, and {other} in {losses}."
        )
        return _filled(text, model, max(agreeing, key=_lead))
    own = [each for each in compared if recommended in (each.first, each.second)]
    if not own:
        text = _("The judge {model} says nothing of {recommended}, which wrote no answers.")
    elif all(each.win_rate is None for each in own):
        text = _("The judge {model} gave no evidence: none of its replies could be read.")
    else:
        text = _("The judge {model} can't tell {recommended} apart from what it was held against.")
    return text.format(model=model, recommended=recommended)


def _lead(comparison: Comparison) -> int:
    return abs(comparison.wins_second - comparison.wins_first)


def _filled(text: str, model: str, comparison: Comparison) -> str:
    wins, losses = comparison.wins_second, comparison.wins_first
    other = comparison.first
    if comparison.better == comparison.first:
        wins, losses, other = losses, wins, comparison.second
    return text.format(
        model=model,
        better=comparison.better,
        other=other,
        wins=wins,
        losses=losses,
        rows=comparison.rows,
    )
