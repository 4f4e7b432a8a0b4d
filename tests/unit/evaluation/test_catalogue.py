"""Whatever there is of metrics is known everywhere that it has to be."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from laras.cli.table import _ORDER
from laras.contenders.wording import DISPLAY_NAMES
from laras.evaluation.catalogue import ORDER, answer_scores, metrics_of
from laras.evaluation.metric import METRICS, ROW_SCORES
from laras.evaluation.result import PREDICTION_SCHEMA
from laras.recipe.schema import ComparisonSection, EvaluationSection, MetricFamily

FAMILIES = get_args(MetricFamily)
METRICS_PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_every_metric_has_its_place_its_name_and_its_family() -> None:
    assert set(ORDER) == set(METRICS.names()) == set(DISPLAY_NAMES) == set(_ORDER)
    assert {METRICS.get(name).family for name in ORDER} == set(FAMILIES)
    assert all(METRICS.get(name).name == name for name in ORDER)


def test_the_default_measures_all_that_is_quick() -> None:
    assert set(FAMILIES) - set(EvaluationSection().metrics) == {"ter"}


def test_a_verdict_can_turn_on_metrics_that_judge_only() -> None:
    wishes = get_args(ComparisonSection.model_fields["primary_metric"].annotation)
    assert {"token_f1", "span_f1"} <= set(wishes)
    assert all(METRICS.get(wish).judges for wish in wishes if wish != "auto")


@pytest.mark.parametrize("name", ORDER)
def test_every_metric_is_explained(name: str) -> None:
    assert f"`{name}`" in METRICS_PAGE.read_text("utf-8")


def test_what_is_kept_of_an_answer_has_its_column() -> None:
    columns = answer_scores(FAMILIES, ["an answer", ""], ["the answer", "another"])
    assert set(columns) <= set(PREDICTION_SCHEMA.names)
    assert all(len(values) == 2 for values in columns.values())
    assert set(ROW_SCORES.names()) <= set(FAMILIES)
    assert answer_scores(["perplexity", "bleu"], ["a"], ["a"]) == {}


def test_metrics_come_in_the_order_of_the_catalogue() -> None:
    assert [metric.name for metric in metrics_of(FAMILIES)] == list(ORDER)
