"""How long examples are, which are far out, and how much of them is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from laras.preparation.findings.intervals import first, share
from laras.preparation.findings.row import Row

PERCENTILES = (1, 5, 25, 50, 75, 95, 99, 100)
# Median absolute deviations from the median, in logarithms, beyond which a length is far out
# (Iglewicz and Hoaglin 1993 propose 3.5 of the modified z-score for values in general).
FAR_OUT = 6.0
MOST_ROWS = 500_000  # of a task


class Lengths:
    """Characters of the examples, by task; ``rows``: how many of each there will be. Of a task with
    more than ``MOST_ROWS``, about as many are looked at, chosen by chance."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._shares = {task: MOST_ROWS / max(count, 1) for task, count in rows.items()}
        self._lengths: dict[str, list[int]] = {}
        self._places: dict[str, list[str]] = {}
        self._trained = 0
        self._all = 0

    def observe(self, row: Row) -> None:
        """Count one example."""
        if row.chance >= self._shares[row.task]:
            return
        self._lengths.setdefault(row.task, []).append(row.characters)
        self._places.setdefault(row.task, []).append(row.place)
        self._trained += row.trained_characters
        self._all += row.characters

    def facts(self) -> dict[str, Any]:
        """Percentiles by task, lengths far from the others, share of characters trained on."""
        return {
            "tasks": {task: self._task(task) for task in sorted(self._lengths)},
            "trained_share": self._trained / self._all if self._all else 0.0,
        }

    def _task(self, task: str) -> dict[str, Any]:
        lengths = np.array(self._lengths[task])
        logarithms = np.log1p(lengths)
        median = np.median(logarithms)
        deviation = float(np.median(np.abs(logarithms - median))) * 1.4826
        far = np.flatnonzero(np.abs(logarithms - median) > FAR_OUT * max(deviation, 0.05))
        furthest = far[np.argsort(-np.abs(logarithms[far] - median), kind="stable")]
        places = self._places[task]
        return {
            "percentiles": {
                str(percentile): int(value)
                for percentile, value in zip(
                    PERCENTILES, np.percentile(lengths, PERCENTILES), strict=True
                )
            },
            "far_out": share(len(far), len(lengths)),
            "places": first(f"{places[n]} ({lengths[n]})" for n in furthest[:20]),
        }
