"""F1 against scikit-learn, and what happens at the edges."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from laras.evaluation.classification import accuracy, macro_f1, micro_f1, named_label, per_class
from laras.evaluation.metric import METRICS
from laras.evaluation.result import PREDICTION_SCHEMA


def drawn(rows: int, classes: int, seed: int) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(seed)
    references = generator.integers(classes, size=rows)
    right = generator.random(rows) < 0.6
    predictions = np.where(right, references, generator.integers(classes, size=rows))
    return [f"c{label}" for label in references], [f"c{label}" for label in predictions]


@pytest.mark.parametrize(("rows", "classes"), [(10, 2), (200, 7), (3000, 77)])
def test_f1_equals_scikit_learn(rows: int, classes: int) -> None:
    references, predictions = drawn(rows, classes, seed=rows)
    present = sorted(set(references))
    for average, ours in (("macro", macro_f1), ("micro", micro_f1)):
        theirs = f1_score(references, predictions, labels=present, average=average, zero_division=0)
        assert ours(references, predictions) == pytest.approx(theirs, abs=1e-12)
    assert accuracy(references, predictions) == pytest.approx(
        f1_score(references, predictions, average="micro")
    )


def test_figures_of_each_class_equal_scikit_learn() -> None:
    references, predictions = drawn(300, 5, seed=1)
    precision, recall, f1, support = precision_recall_fscore_support(references, predictions)
    for at, figures in enumerate(per_class(references, predictions)):
        assert figures.precision == pytest.approx(precision[at])
        assert figures.recall == pytest.approx(recall[at])
        assert figures.f1 == pytest.approx(f1[at])
        assert figures.rows == support[at]


def table(
    references: list[str],
    predictions: list[str | None],
    column: str,
    answer: str | None = "something",
) -> pa.Table:
    rows = [
        {
            "example_id": str(at),
            "task": "classification",
            "group": str(at),
            "label": reference,
            "prediction": answer,
            column: prediction,
        }
        for at, (reference, prediction) in enumerate(zip(references, predictions, strict=True))
    ]
    return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)


@pytest.mark.fault(39)
def test_a_predicted_class_without_a_test_row_is_flagged_and_not_averaged() -> None:
    statistics = METRICS.get("macro_f1").statistics(
        table(["a", "a", "b"], ["a", "c", "b"], "predicted_label")
    )
    assert statistics is not None
    assert statistics.figure == pytest.approx((2 / 3 + 1.0) / 2)
    assert "c" in statistics.flags[0]
    absent = per_class(["a"], ["c"])[1]
    assert (absent.rows, absent.recall, absent.f1) == (0, None, None)


@pytest.mark.parametrize(
    ("metric", "column"),
    [("macro_f1_generated", "generated_label"), ("macro_f1", "predicted_label")],
)
def test_an_answer_that_is_no_label_counts_as_missed(metric: str, column: str) -> None:
    statistics = METRICS.get(metric).statistics(table(["a", "b"], ["a", None], column))
    assert statistics is not None
    assert statistics.figure == pytest.approx(0.5)
    assert len(statistics.rows) == 2


def test_metrics_of_labels_are_absent_where_no_row_was_classified() -> None:
    unclassified = table(["a"], [None], "predicted_label", answer=None)
    assert METRICS.get("macro_f1").statistics(unclassified) is None


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("refund", "refund"),
        (" Refund. ", "refund"),
        ("refund please", None),
        ("", None),
        ("A", "A"),
        ("a!", None),  # both A and a: not one of them
    ],
)
def test_a_generated_answer_names_a_label_or_none(answer: str, label: str | None) -> None:
    assert named_label(answer, ["refund", "A", "a"]) == label
