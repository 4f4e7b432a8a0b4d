"""Intervals that hold the truth as often as they say, and tests that cry wolf as seldom: a small
part of ``benchmarks/intervals.py``, drawn the same each time."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
ACCURACY, SINGLE_ROWS, _MACRO_F1, ROUGE, PERPLEXITY = range(5)


@pytest.fixture
def intervals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = pytest.importorskip("intervals")
    assert isinstance(module, ModuleType)
    return module


@pytest.mark.parametrize("population", [ACCURACY, SINGLE_ROWS, ROUGE, PERPLEXITY])
def test_intervals_of_thirty_groups_hold_the_truth(intervals: ModuleType, population: int) -> None:
    found = intervals.coverage(intervals.ALL[population], 30, 150, 2)
    # 150 draws at 95 % spread by 1.8 points; two and a half of these to either side.
    for name in ("figure", "difference"):
        assert 0.905 <= found["coverage"][name] <= 0.995, found


@pytest.mark.parametrize("population", [SINGLE_ROWS, ROUGE])
def test_equal_contenders_are_told_apart_once_in_twenty(
    intervals: ModuleType, population: int
) -> None:
    found = intervals.false_alarms(intervals.ALL[population], 60, 400, 1)
    # 400 draws at 5 % spread by 1.1 points; two of these to either side.
    assert 0.028 <= found["type_1_error"] <= 0.072, found
    assert ("McNemar" in found["test"]) == (population == SINGLE_ROWS)
