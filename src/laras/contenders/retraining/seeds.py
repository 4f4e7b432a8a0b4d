"""How much of a contender's figure is luck: the same training with other seeds.

A seed decides first weights, dropout and the order of the examples; the rows stay the same. The
intervals of the verdict are over test rows and know nothing of this. With n seeds, mean m and
standard deviation s (n - 1 in the denominator), the interval of the mean is m -+ t s / sqrt(n),
Student's t with n - 1 degrees of freedom (Bouthillier et al. 2021, "Accounting for variance in
machine learning benchmarks", https://arxiv.org/abs/2103.03098, on why seeds matter).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from scipy.special import stdtrit

from laras.contenders.retraining.figures import Facts, Ground, cost_of
from laras.contenders.retraining.work import Retrained
from laras.contenders.wording import shown, shown_name
from laras.evaluation.figures import LARGEST
from laras.translation import _


def seed_entries(
    ground: Ground, retrained: Sequence[Retrained], own_seed: int
) -> list[Facts] | None:
    """One entry for each contender that was trained with several seeds, for verdict.json; None
    where there is none. The values begin with the one that competes, of ``own_seed``."""
    of_seeds = [each for each in retrained if each.variant.seed is not None]
    names = dict.fromkeys(each.variant.contender.name for each in of_seeds)
    return [
        _entry(ground, [e for e in of_seeds if e.variant.contender.name == name], own_seed)
        for name in names
    ] or None


def _entry(ground: Ground, others: Sequence[Retrained], own_seed: int) -> Facts:
    name, reference = others[0].variant.contender.name, str(ground.found["reference"])
    has_rival = name != reference
    values: list[Facts] = [
        {
            "seed": own_seed,
            "value": ground.own(name).value,
            "beats_reference": _beats_itself(ground, name) if has_rival else None,
        }
    ]
    failed: list[Facts] = []
    for other in others:
        score = None if other.predictions is None else ground.score(other.predictions)
        if other.predictions is None or score is None:
            reason = other.failed or _("there is nothing to measure it by")
            failed.append({"seed": other.variant.seed, "reason": reason})
            continue
        beats = ground.beats_reference(name, other.predictions) if has_rival else None
        values.append({"seed": other.variant.seed, "value": score.value, "beats_reference": beats})
    entry: Facts = {
        "contender": name,
        "metric": ground.metric.name,
        "values": values,
        **spread_of(
            [each["value"] for each in values],
            ground.section.confidence,
            LARGEST.get(ground.metric.unit, math.inf),
        ),
        "confidence": ground.section.confidence,
        "reference": reference if has_rival else None,
        "failed": failed,
        "cost": cost_of(others),
    }
    return {**entry, "note": _note(entry)}


def spread_of(
    values: Sequence[float], confidence: float, largest: float = math.inf
) -> dict[str, float | None]:
    """``mean``, ``sd``, ``least`` and ``most`` of the figures, the interval of their mean as
    ``low`` and ``high``; None what a single one does not tell. No figure of their metric is below
    0 or above ``largest``."""
    mean, count = fmean(values), len(values)
    sd = half = None
    if count > 1:
        sd = stdev(values)
        half = float(stdtrit(count - 1, (1 + confidence) / 2)) * sd / math.sqrt(count)
    return {
        "mean": mean,
        "sd": sd,
        "low": None if half is None else max(0.0, mean - half),
        "high": None if half is None else min(largest, mean + half),
        "least": min(values),
        "most": max(values),
    }


def luck_sentence(ground: Ground, entries: Sequence[Mapping[str, Any]]) -> str | None:
    """What the verdict has to say where seeds alone move a figure as far as the difference that it
    turns on; None where they do not.

    They move it by the distance from the least to the most, or by two standard deviations where
    that is more, as it is with two or three seeds.
    """
    turning = turning_pair(ground)
    if turning is None:
        return None
    names, difference = turning
    able = [each for each in entries if each["contender"] in names and each["sd"] is not None]
    if not able:
        return None
    moved, entry = max(
        ((max(each["most"] - each["least"], 2 * each["sd"]), each) for each in able),
        key=lambda pair: pair[0],
    )
    if not moved or moved < abs(difference):
        return None
    metric = str(entry["metric"])
    return _(
        "Seeds alone move the {metric} of {name} by about {moved} ({count} were tried), which is "
        "no less than this difference: another seed may turn this around."
    ).format(
        metric=shown_name(metric),
        name=entry["contender"],
        moved=shown(metric, moved),
        count=len(entry["values"]),
    )


def turning_pair(ground: Ground) -> tuple[tuple[str, str], float] | None:
    """The two contenders that the verdict's sentence holds against each other, and how far they
    are apart on the metric that decides; None where nothing was compared."""
    found, metric = ground.found, ground.metric.name
    if found["outcome"] == "alone":
        return None
    one, other = str(found["recommendation"]), str(found["reference"])
    if found["outcome"] != "better":
        rest = [each for each in ground.standings if each.name != other]
        one = max(rest, key=lambda each: ground.sign * each.scores[metric].value).name
    return (one, other), ground.own(one).value - ground.own(other).value


def _beats_itself(ground: Ground, name: str) -> bool:
    """What the verdict says of the one that competes."""
    sides = {name, ground.found["reference"]}
    return any(
        pair["better"] == name
        for pair in ground.found["pairs"]
        if pair["metric"] == ground.metric.name and {pair["a"], pair["b"]} == sides
    )


def _note(entry: Mapping[str, Any]) -> str:
    metric, name = entry["metric"], entry["contender"]
    parts = []
    if entry["sd"] is not None:
        text = _(
            "{name} with {count} seeds: {metric} is {mean} on average, from {least} to {most} "
            "(standard deviation {sd}; {confidence} interval of the mean {low} to {high})."
        )
        figures = ("mean", "least", "most", "sd", "low", "high")
        parts.append(
            text.format(
                name=name,
                count=len(entry["values"]),
                metric=shown_name(metric),
                confidence=f"{entry['confidence']:.0%}",
                **{key: shown(metric, entry[key]) for key in figures},
            )
        )
        parts.append(_wins(entry))
    for failure in entry["failed"]:
        text = _("{name} could not be trained with seed {seed}: {reason}")
        parts.append(text.format(name=name, **failure))
    return " ".join(part for part in parts if part)


def _wins(entry: Mapping[str, Any]) -> str:
    outcomes = [each["beats_reference"] for each in entry["values"]]
    if entry["reference"] is None or None in outcomes:
        return ""
    if all(outcomes):
        return _("It beats {reference} under every one of them.").format(**entry)
    if not any(outcomes):
        return _("It beats {reference} under none of them.").format(**entry)
    return _("It beats {reference} under {wins} of them only.").format(
        reference=entry["reference"], wins=sum(outcomes)
    )
