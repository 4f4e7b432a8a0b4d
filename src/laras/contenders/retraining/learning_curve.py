"""What more training data would bring: the same training on less of it, judged on the same test.

The interval of what twice the data brings comes from resamples of the test rows' groups, the same
for all points. Training varies, too: where a contender was trained with several seeds, their
standard deviation is drawn on top of each point; else nothing is known of it, and the note says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from laras.contenders.retraining.figures import Facts, Ground, cost_of
from laras.contenders.retraining.power_law import can_be_fitted, doubled
from laras.contenders.retraining.work import Retrained
from laras.contenders.wording import shown, shown_name
from laras.evaluation.bootstrap import resampled_together
from laras.evaluation.result import Score
from laras.recipe.unread import TUNED_KINDS
from laras.translation import _

# rises: more data helps. flat: it changes nothing that this test could tell. falls: it harms.
Trend = Literal["rises", "flat", "falls", "unclear"]
ROUGH_POINTS = 3  # no more of them leave no way to see whether the law holds


class _Point(NamedTuple):
    share: float
    rows: int
    score: Score
    predictions: pa.Table


def curve_entries(
    ground: Ground,
    retrained: Sequence[Retrained],
    rows: int,
    seeds: Sequence[Mapping[str, Any]] | None,
) -> list[Facts] | None:
    """One entry for each contender that was trained on shares, for verdict.json; None where there
    is none. ``rows``: of all training data; ``seeds``: entries of seeds.py."""
    of_shares = [each for each in retrained if each.variant.share is not None]
    spread = {each["contender"]: each["sd"] or 0.0 for each in seeds or ()}
    names = dict.fromkeys(each.variant.contender.name for each in of_shares)
    return [
        _entry(
            ground,
            [each for each in of_shares if each.variant.contender.name == name],
            rows,
            spread.get(name),
        )
        for name in names
    ] or None


def _entry(
    ground: Ground, retrained: Sequence[Retrained], rows: int, spread: float | None
) -> Facts:
    name = retrained[0].variant.contender.name
    points: list[_Point] = []
    failed: list[Facts] = []
    for each in retrained:
        share = each.variant.share or 0.0
        score = None if each.predictions is None else ground.score(each.predictions)
        if each.predictions is None or score is None:
            reason = each.failed or _("there is nothing to measure it by")
            failed.append({"share": share, "reason": reason})
        else:
            points.append(_Point(share, each.rows, score, each.predictions))
    points.append(_Point(1.0, rows, ground.own(name), ground.standing(name).predictions))
    change = _change(ground, points, spread)
    entry: Facts = {
        "contender": name,
        "metric": ground.metric.name,
        "points": [
            {
                "share": point.share,
                "rows": point.rows,
                "value": point.score.value,
                "low": point.score.low,
                "high": point.score.high,
            }
            for point in points
        ],
        "doubled": change,
        "trend": _trend(ground, change),
        "changes_verdict": _changes_verdict(ground, name, change),
        "failed": failed,
        "cost": cost_of(retrained),
    }
    return {**entry, "note": _note(ground, entry, spread is not None)}


def _change(ground: Ground, points: Sequence[_Point], spread: float | None) -> Facts | None:
    """What twice the data would change, with its interval (None: one group of test rows); None
    where no law can be laid through the points."""
    metric = ground.metric
    if len(points) < 2 or not can_be_fitted(metric):
        return None
    sides = [side for each in points if (side := metric.statistics(each.predictions)) is not None]
    if len({side.rows.tobytes() for side in sides}) > 1 or len(sides) < len(points):
        return None  # not the same rows: a prompt that leaves no room for an answer in some
    rows, judged = [point.rows for point in points], len(sides[0].rows)
    values = np.array([side.figure for side in sides])
    facts: Facts = {
        "rows": 2 * rows[-1],
        "difference": float(doubled(metric, rows, values, judged)),
        "low": None,
        "high": None,
    }
    section = ground.section
    resampled = resampled_together(
        sides,
        points[0].predictions["group"].to_pylist(),
        samples=section.bootstrap_samples,
        seed=section.seed,
    )
    if resampled is not None:
        generator = np.random.default_rng([section.seed, 2])
        resampled = resampled + generator.normal(0.0, spread or 0.0, resampled.shape)
        tail = (1 - section.confidence) / 2
        changes = doubled(metric, rows, resampled, judged)
        low, high = np.quantile(changes, [tail, 1 - tail])
        facts |= {"low": float(low), "high": float(high)}
    return facts


def _trend(ground: Ground, change: Mapping[str, Any] | None) -> Trend:
    if change is None or change["low"] is None:
        return "unclear"
    low, high = sorted(ground.sign * change[side] for side in ("low", "high"))
    if low > 0:
        return "rises"
    if high < 0:
        return "falls"
    seen = _seen(ground)
    return "flat" if seen is not None and max(-low, high) < seen else "unclear"


def _seen(ground: Ground) -> float | None:
    """The smallest difference that this test mostly finds."""
    value = (ground.found["minimal_detectable_effect"] or {}).get("value")
    return None if value is None else float(value)


def _changes_verdict(ground: Ground, name: str, change: Mapping[str, Any] | None) -> bool:
    """Whether with twice the data the contender would beat the recommended one, even if the data
    brought no more than the lower limit.

    Only where the recommended one is not tuned: else more data would help that one, too.
    """
    recommended = ground.standing(ground.found["recommendation"])
    seen = _seen(ground)
    if change is None or change["low"] is None or seen is None:
        return False
    if recommended.name == name or recommended.kind in TUNED_KINDS:
        return False
    now = ground.sign * (ground.own(name).value - ground.own(recommended.name).value)
    least = min(ground.sign * change["low"], ground.sign * change["high"])
    return bool(least > 0 and now + least >= seen)


def _note(ground: Ground, entry: Mapping[str, Any], seeds_tried: bool) -> str:
    metric, points = str(entry["metric"]), entry["points"]
    measured = ", ".join(
        _("{value} with {rows:,}").format(value=shown(metric, each["value"]), rows=each["rows"])
        for each in points
    )
    parts = [
        _("{name}, {metric} by training rows: {measured}.").format(
            name=entry["contender"], metric=shown_name(metric), measured=measured
        )
    ]
    if entry["doubled"] is not None:
        parts.append(_of_twice_the_data(metric, entry))
        if len(points) <= ROUGH_POINTS:
            text = _("A curve through {count} points is a rough guide.")
            parts.append(text.format(count=len(points)))
        if not seeds_tried:
            parts.append(_("How much another seed would move the points is not known."))
    if entry["changes_verdict"]:
        text = _(
            "More data would change the verdict: with twice as much, {name} would beat "
            "{recommended}."
        )
        recommended = ground.found["recommendation"]
        parts.append(text.format(name=entry["contender"], recommended=recommended))
    for failure in entry["failed"]:
        text = _("{name} could not be trained on {share} of the data: {reason}")
        share = f"{failure['share']:.0%}"
        parts.append(text.format(name=entry["contender"], share=share, reason=failure["reason"]))
    return " ".join(parts)


def _of_twice_the_data(metric: str, entry: Mapping[str, Any]) -> str:
    change = entry["doubled"]
    if change["low"] is None:
        text = _("Twice the data would change it by about {difference}.")
        return text.format(difference=shown(metric, change["difference"], signed=True))
    texts: dict[Trend, str] = {
        "rises": _("Twice the data would bring about {difference} ({low} to {high})."),
        "flat": _(
            "The curve is flat: twice the data would change nothing that this test could tell "
            "({difference}, {low} to {high})."
        ),
        "falls": _(
            "More data did harm: with twice as much, {difference} is to be expected ({low} to "
            "{high})."
        ),
        "unclear": _(
            "Whether more data helps can't be told: twice as much would change it by "
            "{difference} ({low} to {high})."
        ),
    }
    figures = {
        key: shown(metric, change[key], signed=True) for key in ("difference", "low", "high")
    }
    return texts[entry["trend"]].format(**figures)
