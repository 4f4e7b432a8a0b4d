"""Contenders compared two by two, on every metric, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from laras.checks.check import Measured
from laras.contenders.primary import tokens_agree
from laras.evaluation.bootstrap import Difference, holm, paired_difference
from laras.evaluation.catalogue import metrics_of
from laras.evaluation.metric import Metric, Statistics
from laras.evaluation.result import Score
from laras.recipe.schema import EvaluationSection


@dataclass(frozen=True, slots=True)
class Standing:
    """A contender with its figures, and what the checks measured in it; ``kind`` as in the
    recipe."""

    name: str
    kind: str
    scores: Mapping[str, Score]
    predictions: pa.Table
    cost: Mapping[str, Any] | None = None
    checks: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contenders on one metric; ``better`` is None where the test can't tell them apart."""

    a: str
    b: str
    metric: str
    difference: float  # b minus a
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    standard_error: float | None
    rows: int
    groups: int
    better: str | None
    test: str


def compare(standings: Sequence[Standing], section: EvaluationSection) -> list[Pair]:
    """All pairs on all metrics that judge and that both have, Holm-adjusted within each metric."""
    count = len(standings) * (len(standings) - 1) // 2
    # A p-value from B swaps is at least 1 / (B + 1); the adjustment multiplies it by up to
    # ``count``, and it still has to be able to fall below the level, some chance swaps included.
    samples = max(section.bootstrap_samples, round(4 * count / (1 - section.confidence)))
    pairs: list[Pair] = []
    for metric in metrics_of(section.metrics):
        if not metric.judges:
            continue
        # Of each contender once: BLEU of a thousand rows takes longer than all the rest here.
        own = {each.name: metric.statistics(each.predictions) for each in standings}
        found = [
            (first, second, difference)
            for first, second in combinations(standings, 2)
            if (difference := _difference(metric, first, second, own, section, samples)) is not None
        ]
        adjusted = holm([1.0 if d.p is None else d.p for _a, _b, d in found])
        for (first, second, difference), p_adjusted in zip(found, adjusted, strict=True):
            pairs.append(_as_pair(metric, first, second, difference, p_adjusted, section))
    return pairs


def pair_of(pairs: Sequence[Pair], one: str, other: str, metric: str) -> Pair | None:
    """The comparison of two contenders on a metric, with ``one`` as its ``a``."""
    for pair in pairs:
        if pair.metric != metric:
            continue
        if (pair.a, pair.b) == (one, other):
            return pair
        if (pair.a, pair.b) == (other, one):
            return _turned(pair)
    return None


def _turned(pair: Pair) -> Pair:
    facts = asdict(pair) | {
        "a": pair.b,
        "b": pair.a,
        "difference": -pair.difference,
        "low": None if pair.high is None else -pair.high,
        "high": None if pair.low is None else -pair.low,
    }
    return Pair(**facts)


def _difference(
    metric: Metric,
    first: Standing,
    second: Standing,
    own: Mapping[str, Statistics | None],
    section: EvaluationSection,
    samples: int,
) -> Difference | None:
    """``own``: each contender's statistics of all of its rows."""
    whole = first.predictions, second.predictions
    tables = _common_rows(*whole)
    if all(table is given for table, given in zip(tables, whole, strict=True)):
        sides = own[first.name], own[second.name]
    else:
        sides = metric.statistics(tables[0]), metric.statistics(tables[1])
    if sides[0] and sides[1] and not np.array_equal(sides[0].rows, sides[1].rows):
        # A prompt that leaves no room for an answer: only one of the two has this row's.
        both = np.intersect1d(sides[0].rows, sides[1].rows)
        tables = tables[0].take(both), tables[1].take(both)
        sides = metric.statistics(tables[0]), metric.statistics(tables[1])
    if sides[0] is None or sides[1] is None:
        return None
    if metric.name == "perplexity" and not tokens_agree(tables):
        return None
    return paired_difference(
        sides[0],
        sides[1],
        tables[0]["group"].to_pylist(),
        samples=samples,
        confidence=section.confidence,
        seed=section.seed,
    )


def _common_rows(first: pa.Table, second: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables with the rows that both have, in the order of the first."""
    names = [table["example_id"].to_pylist() for table in (first, second)]
    if names[0] == names[1]:
        return first, second
    places = {name: place for place, name in enumerate(names[1])}
    shared = [(at, places[name]) for at, name in enumerate(names[0]) if name in places]
    return first.take([at for at, _b in shared]), second.take([at for _a, at in shared])


def _as_pair(
    metric: Metric,
    first: Standing,
    second: Standing,
    found: Difference,
    p_adjusted: float,
    section: EvaluationSection,
) -> Pair:
    beyond = (
        found.low is not None
        and found.high is not None
        and not found.low <= 0.0 <= found.high
        and p_adjusted <= 1 - section.confidence
    )
    second_is_better = (found.difference > 0) == metric.higher_is_better
    return Pair(
        a=first.name,
        b=second.name,
        metric=metric.name,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p=found.p,
        p_adjusted=None if found.p is None else p_adjusted,
        standard_error=found.standard_error,
        rows=found.rows,
        groups=found.groups,
        better=(second.name if second_is_better else first.name) if beyond else None,
        test=f"{found.test}, Holm; intervals: {found.interval_by}",
    )
