"""The report's words for metrics agree with the metrics themselves."""

from __future__ import annotations

import pytest

from laras.report.facts import ContenderFacts
from laras.report.measures import best_contender, chosen_charts, measure, unit_in_words


def test_directions_are_those_of_the_metrics() -> None:
    catalogue = pytest.importorskip("laras.evaluation.catalogue")
    for name in catalogue.ORDER:
        metric = catalogue.METRICS.get(name)
        higher = metric.higher_is_better
        assert measure(name).lower_is_better is (None if higher is None else not higher), name
        assert measure(name).title != name, f"{name} has no title of its own"
        said_as_it_is = metric.unit in ("per token", "edits per 100 words")
        assert unit_in_words(metric.unit) != metric.unit or said_as_it_is, name


def contender(name: str, **values: float) -> ContenderFacts:
    return ContenderFacts(name, {"metrics": {key: {"value": v} for key, v in values.items()}})


def test_the_best_is_the_lowest_perplexity_and_the_highest_bleu() -> None:
    contenders = [
        contender("a", perplexity=9.0, bleu=1.0),
        contender("b", perplexity=4.0, bleu=3.0),
    ]
    assert best_contender(contenders, "perplexity") == "b"
    assert best_contender(contenders, "bleu") == "b"


def test_one_alone_is_not_the_best() -> None:
    assert best_contender([contender("a", bleu=1.0), contender("b")], "bleu") is None


def test_a_metric_that_only_describes_has_no_best_and_no_direction() -> None:
    contenders = [contender("a", length_ratio=1.0), contender("b", length_ratio=2.0)]
    assert best_contender(contenders, "length_ratio") is None
    assert measure("length_ratio").arrow == ""


def test_equal_figures_have_no_best() -> None:
    assert best_contender([contender("a", bleu=0.0), contender("b", bleu=0.0)], "bleu") is None


def test_a_figure_that_is_no_number_is_never_the_best() -> None:
    contenders = [
        contender("a", bleu=float("nan")),
        contender("b", bleu=2.0),
        contender("c", bleu=1),
    ]
    assert best_contender(contenders, "bleu") == "b"


def test_the_metric_that_decides_has_the_first_chart() -> None:
    keys = ["perplexity", "bleu", "chrf", "rougeL", "macro_f1", "exact_match"]
    assert chosen_charts(keys, "chrf") == ["chrf", "perplexity", "macro_f1", "rougeL"]
    assert chosen_charts(["bleu"], None) == ["bleu"]
