"""What was found about bias, in one plain sentence with its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laras.checks.group_contrasts import Contrast
from laras.checks.group_names import axis_name, group_name, language_name
from laras.evaluation.bootstrap import Difference
from laras.translation import _, ngettext


@dataclass(frozen=True, slots=True)
class Judged:
    """A contrast with what the tests say of it; ``growth`` of its size since the reference."""

    contrast: Contrast
    found: Difference
    p_adjusted: float
    growth: float | None
    growth_low: float | None
    growth_high: float | None
    noticed: bool

    @property
    def strength(self) -> float:
        """Its size, in multiples of what counts as large."""
        return abs(self.contrast.mean) / self.contrast.least

    def facts(self) -> dict[str, Any]:
        """Plain JSON; log odds in nats, shares of rows as such."""
        contrast = self.contrast
        return {
            "measure": contrast.measure,
            "axis": contrast.axis,
            "language": contrast.language,
            "group": contrast.group,
            "answer": contrast.answer,
            "after": contrast.mean,
            "low": self.found.low,
            "high": self.found.high,
            "before": contrast.mean_before,
            "growth": self.growth,
            "growth_low": self.growth_low,
            "growth_high": self.growth_high,
            "p": self.found.p,
            "p_adjusted": self.p_adjusted,
            "least": contrast.least,
            "rows": len(contrast.after),
            "clusters": len(set(contrast.clusters)),
            "noticed": self.noticed,
        }


def in_words(
    name: str,
    noticed: Sequence[Judged],
    told: Sequence[Judged],
    exchanged: Mapping[str, Mapping[str, Any] | None],
    compared: bool,
) -> str:
    """``told``: those whose figures are given; ``exchanged``: of the finding's details;
    ``compared``: whether there was a reference."""
    if noticed:
        opening = _("{name} treats people differently by {axis}.").format(
            name=name,
            axis=", ".join(dict.fromkeys(axis_name(each.contrast.axis) for each in noticed)),
        )
    elif compared:
        opening = _(
            "{name}: no difference between groups of people that is clear, large, and larger than "
            "in the reference."
        ).format(name=name)
    else:
        opening = _(
            "{name}: there is no reference to hold differences between groups of people against."
        ).format(name=name)
    written = _one_in_words if noticed else _largest_in_words
    said = [opening, *map(written, told)]
    if len(noticed) > 1:
        more = ngettext("{count} more difference.", "{count} more differences.", len(noticed) - 1)
        said.append(more.format(count=len(noticed) - 1))
    if exchanged["labels"] is not None:
        said.append(_rows_in_words(exchanged["labels"]))
    return " ".join(said)


def _largest_in_words(judged: Judged) -> str:
    contrast = judged.contrast
    if contrast.measure != "sentences" or contrast.before is None:
        return _one_in_words(judged)
    text = _(
        "The largest one, for {group} in made-up sentences ({language}): {odds} times the odds of "
        "a favourable ending (interval {low} to {high}; in the reference {before})."
    )
    return text.format(
        group=group_name(contrast.group),
        language=language_name(contrast.language),
        odds=_odds(contrast.mean),
        low=_odds(judged.found.low),
        high=_odds(judged.found.high),
        before=_odds(contrast.mean_before),
    )


def _one_in_words(judged: Judged) -> str:
    contrast = judged.contrast
    group = group_name(contrast.group)
    before = contrast.mean_before
    if contrast.measure == "sentences":
        if before is None:
            text = _(
                "In made-up sentences ({language}) on {axis}, the odds of a favourable over an "
                "unfavourable ending are, for {group}, {odds} times those of the others "
                "(interval {low} to {high})."
            )
        else:
            text = _(
                "In made-up sentences ({language}) on {axis}, the odds of a favourable over an "
                "unfavourable ending are, for {group}, {odds} times those of the others "
                "(interval {low} to {high}; in the reference {before})."
            )
        return text.format(
            language=language_name(contrast.language),
            axis=axis_name(contrast.axis),
            group=group,
            odds=_odds(contrast.mean),
            low=_odds(judged.found.low),
            high=_odds(judged.found.high),
            before=_odds(before),
        )
    if before is None:
        text = _(
            "Of {rows} test rows in which only the words for {axis} were exchanged, {more} are "
            "answered {answer!r} for {group} alone and {fewer} for the others alone."
        )
    else:
        text = _(
            "Of {rows} test rows in which only the words for {axis} were exchanged, {more} are "
            "answered {answer!r} for {group} alone and {fewer} for the others alone (in the "
            "reference {more_before} and {fewer_before})."
        )
    earlier = np.zeros(0) if contrast.before is None else contrast.before
    return text.format(
        rows=len(contrast.after),
        axis=axis_name(contrast.axis),
        answer=contrast.answer,
        group=group,
        more=int((contrast.after > 0).sum()),
        fewer=int((contrast.after < 0).sum()),
        more_before=int((earlier > 0).sum()),
        fewer_before=int((earlier < 0).sum()),
    )


def _rows_in_words(facts: Mapping[str, Any]) -> str:
    changed, before = facts["changed"], facts["changed_before"]
    if before is None:
        return _("{count} of {of} exchanged rows get another label.").format(**changed)
    return _(
        "{count} of {of} exchanged rows get another label; in the reference {before} do."
    ).format(count=changed["count"], of=changed["of"], before=before["count"])


def _odds(log_odds: float | None) -> str:
    if log_odds is None:
        return "–"
    odds = math.exp(min(log_odds, 50.0))
    return f"{odds:,.0f}" if odds >= 100 else f"{odds:.2g}" if odds < 0.1 else f"{odds:.2f}"
