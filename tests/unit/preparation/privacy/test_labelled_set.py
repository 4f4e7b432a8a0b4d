"""Personal data is found on the labelled set as often, and as rightly, as is claimed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BAR = 0.95
LEAST_ITEMS = 450
LEAST_OF_A_KIND = 30


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[4] / "benchmarks" / "personal_data.py"
    spec = importlib.util.spec_from_file_location("personal_data_benchmark", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_precision_and_recall_of_each_kind_are_above_the_bar(benchmark: ModuleType) -> None:
    items = list(benchmark.labelled_items())
    below = {
        kind: (score.precision, score.recall)
        for kind, score in benchmark.scores(items).items()
        if min(score.precision, score.recall) < BAR
    }
    assert not below


def test_the_set_is_large_and_holds_what_only_looks_like_personal_data(
    benchmark: ModuleType,
) -> None:
    items = list(benchmark.labelled_items())
    assert len(items) >= LEAST_ITEMS
    assert sum(not item.spans for item in items) >= LEAST_ITEMS // 3
    for kind in benchmark.KINDS:
        assert sum(span[0] == kind for item in items for span in item.spans) >= LEAST_OF_A_KIND


def test_the_labelled_places_hold_what_was_marked(benchmark: ModuleType) -> None:
    items = {item.text: item for item in benchmark.labelled_items()}
    text = "WA: 0812 3456 7890"
    assert items[text].spans == {("phone", 4, len(text))}


def test_an_interval_holds_its_share(benchmark: ModuleType) -> None:
    low, high = benchmark.interval(38, 40)
    assert 0.8 < low < 0.95 < high < 1
    assert benchmark.interval(0, 0) == (0.0, 1.0)
