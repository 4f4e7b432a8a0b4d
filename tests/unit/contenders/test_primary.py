"""What can't be measured is refused before anything is trained."""

from __future__ import annotations

from typing import get_args

import pytest

from laras.contenders.primary import check_applies
from laras.errors import UsageError
from laras.evaluation.catalogue import ORDER
from laras.evaluation.metric import METRICS
from laras.recipe.schema import EvaluationSection

ALL = EvaluationSection().metrics


@pytest.mark.parametrize(
    ("metrics", "tasks"),
    [
        (["rouge"], ["text"]),
        (["bleu", "chrf", "exact_match"], ["text", "classification"]),
        (["f1"], ["chat"]),
        (["f1"], ["text", "chat"]),
        ([], ["chat"]),
        (["length", "distinct"], ["chat"]),  # they describe and judge nobody
    ],
)
def test_metrics_that_judge_none_of_the_test_rows_are_refused(
    metrics: list[str], tasks: list[str]
) -> None:
    with pytest.raises(UsageError) as raised:
        check_applies(metrics, tasks)
    assert raised.value.identifier == "comparison.no-metric-applies"
    assert raised.value.where == "evaluation.metrics"
    assert raised.value.hint is not None
    assert "perplexity" in raised.value.hint
    assert all(task in raised.value.what for task in tasks)


@pytest.mark.parametrize(
    ("metrics", "tasks"),
    [
        (["perplexity"], ["text"]),
        (["rouge"], ["text", "chat"]),
        (["f1", "rouge"], ["classification"]),
        (ALL, ["text"]),
    ],
)
def test_one_metric_that_applies_is_enough(metrics: list[str], tasks: list[str]) -> None:
    check_applies(metrics, tasks)


def test_a_verdict_can_not_turn_on_what_the_recipe_leaves_out() -> None:
    with pytest.raises(UsageError) as raised:
        check_applies(["perplexity"], ["classification"], "macro_f1")
    assert raised.value.identifier == "comparison.primary-not-measured"
    assert raised.value.where == "comparison.primary_metric"
    assert raised.value.hint is not None
    assert "f1" in raised.value.hint


def test_a_metric_that_these_data_lack_gives_way_to_another() -> None:
    check_applies(ALL, ["text"], "rougeL")


def test_every_metric_of_a_recipe_judges_something() -> None:
    metrics = EvaluationSection.model_fields["metrics"].annotation
    families = get_args(get_args(metrics)[0])
    assert {METRICS.get(name).family for name in ORDER} == set(families)
    judging = {METRICS.get(name).family for name in ORDER if METRICS.get(name).judges}
    assert set(families) - judging == {"length", "distinct"}
    for family in judging:
        assert any(_applies(family, task) for task in ("text", "chat", "classification"))


def _applies(family: str, task: str) -> bool:
    try:
        check_applies([family], [task])
    except UsageError:
        return False
    return True
