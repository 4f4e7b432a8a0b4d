"""The figures of a prediction table: every metric that applies, each with its interval."""

from __future__ import annotations

import pyarrow as pa

from laras.evaluation.bootstrap import interval
from laras.evaluation.catalogue import metrics_of
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
        largest = LARGEST.get(metric.unit)
        bounds = interval(
            statistics,
            groups,
            samples=section.bootstrap_samples,
            confidence=section.confidence,
            seed=section.seed,
            within=None if largest is None else (0.0, largest),
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
