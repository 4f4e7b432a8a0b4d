"""The figures of a prediction table: every metric that applies, each with its interval."""

from __future__ import annotations

import pyarrow as pa

from laras.evaluation.bootstrap import Interval, interval
from laras.evaluation.catalogue import metrics_of
from laras.evaluation.limits import limits_at_a_bound
from laras.evaluation.result import Score
from laras.recipe.schema import EvaluationSection
from laras.translation import ngettext

FEW_GROUPS = 20  # below, intervals may hold the truth too seldom (benchmarks/intervals.py)
LARGEST = {"share": 1.0, "points of 100": 100.0}  # by unit; 0 is the least


def figures(table: pa.Table, section: EvaluationSection) -> tuple[dict[str, Score], list[str]]:
    """Scores by metric, and remarks for their reader. A pure function of table and section."""
    groups = table["group"].to_pylist()
    scores: dict[str, Score] = {}
    remarks: list[str] = []
    for metric in metrics_of(section.metrics):
        statistics = metric.statistics(table)
        if statistics is None:
            continue
        bounds = interval(
            statistics,
            groups,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=section.seed,
        )
        largest = LARGEST.get(metric.unit)
        if largest is not None and bounds.low is not None and bounds.low == bounds.high:
            judged = len({groups[row] for row in statistics.rows})
            bounds = Interval(
                *limits_at_a_bound(statistics.figure, largest, judged, section.confidence)
            )
        scores[metric.name] = Score(
            value=statistics.figure,
            low=bounds.low,
            high=bounds.high,
            n=len(statistics.rows),
            unit=metric.unit,
            signature=statistics.signature,
        )
        remarks.extend(statistics.flags)
    count = len(set(groups))
    if count < FEW_GROUPS:
        remarks.append(
            ngettext(
                "Only {count} group of test rows: the intervals are rough.",
                "Only {count} groups of test rows: the intervals are rough.",
                count,
            ).format(count=count)
        )
    return scores, remarks
