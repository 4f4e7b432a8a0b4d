"""A difference of two contenders on the same test examples, turned the way it is to be read."""

from __future__ import annotations

from dataclasses import dataclass

from laras.report.facts import Json
from laras.report.measures import value_of


@dataclass(frozen=True, slots=True)
class Paired:
    """``of`` minus ``against`` on a metric, with its interval; ``p`` adjusted for the number of
    pairs; ``better``: None where the two can't be told apart."""

    metric: str
    of: str
    against: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    better: str | None
    test: str


def paired(pair: Json, against: object) -> Paired:
    """An entry of the verdict's ``pairs`` (b minus a), with ``against`` subtracted where it is one
    of the two; else as it stands."""
    turned = pair.get("b") == against and pair.get("a") != against
    value, low, high = (value_of(pair, name) for name in ("difference", "low", "high"))
    if turned:
        value = None if value is None else -value
        low, high = None if high is None else -high, None if low is None else -low
    first, second = ("b", "a") if turned else ("a", "b")
    p = value_of(pair, "p_adjusted")
    better = pair.get("better")
    return Paired(
        metric=str(pair.get("metric")),
        of=str(pair.get(second)),
        against=str(pair.get(first)),
        difference=value,
        low=low,
        high=high,
        p=value_of(pair, "p") if p is None else p,
        better=None if better is None else str(better),
        test=str(pair.get("test") or ""),
    )
