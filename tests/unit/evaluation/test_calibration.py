"""Expected calibration error: beside plain bins of equal mass, and in every resample anew."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from laras.evaluation.bootstrap import interval, paired_difference
from laras.evaluation.calibration import calibration_error
from laras.evaluation.metric import METRICS, Statistics
from laras.evaluation.result import PREDICTION_SCHEMA


def in_equal_bins(confidences: np.ndarray, right: np.ndarray, bins: int) -> float:
    """The definition for confidences that all differ: sorted rows in ``bins`` parts."""
    order = np.argsort(confidences)
    parts = zip(
        np.array_split(confidences[order], bins), np.array_split(right[order], bins), strict=True
    )
    return float(sum(abs((hits - sure).sum()) for sure, hits in parts)) / len(right)


def table(confidences: np.ndarray, right: np.ndarray) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                **{"example_id": str(at), "task": "classification", "group": str(at)},
                **{"label": "yes", "predicted_label": "yes" if hit else "no"},
                "top_labels": [
                    {"label": "yes" if hit else "no", "log_probability": float(np.log(sure))},
                    {"label": "other", "log_probability": float(np.log(1e-6))},
                ],
            }
            for at, (sure, hit) in enumerate(zip(confidences, right, strict=True))
        ],
        schema=PREDICTION_SCHEMA,
    )


def statistics(judged: pa.Table) -> Statistics:
    found = METRICS.get("calibration_error").statistics(judged)
    assert found is not None
    return found


def drawn(rows: int, seed: int, *, bold: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and hits that come as often as ``bold`` would make them too sure of."""
    generator = np.random.default_rng(seed)
    confidences = generator.beta(3, 1, size=rows)
    return confidences, generator.random(rows) < confidences**bold


@pytest.mark.parametrize("bold", [2.0, 4.0])
def test_the_error_is_that_of_plain_bins_of_equal_mass(bold: float) -> None:
    for seed in range(5):
        confidences, right = drawn(2000, seed, bold=bold)
        expected = in_equal_bins(confidences, right, 10)
        assert calibration_error(confidences, right) == pytest.approx(expected, abs=0.001)


def test_where_errors_are_chance_the_error_is_the_same_on_average() -> None:
    """Whether a row stands at the end of a bin or at the beginning of the next is chance, too."""
    apart = []
    for seed in range(40):
        confidences, right = drawn(2000, seed)
        expected = in_equal_bins(confidences, right, 10)
        apart.append(calibration_error(confidences, right) - expected)
    assert abs(float(np.mean(apart))) < 0.002


def test_equal_confidences_share_a_bin() -> None:
    # Ten confidences, fifty rows each: bins of equal mass are exactly these.
    confidences = np.repeat(np.arange(0.05, 1.0, 0.1), 50)
    right = np.random.default_rng(0).random(500) < 0.5
    expected = np.abs((right - confidences).reshape(10, 50).sum(axis=1)).sum() / 500
    assert calibration_error(confidences, right) == pytest.approx(expected, abs=1e-12)
    # A model that is always equally sure has a single bin.
    assert calibration_error(np.full(100, 0.8), np.arange(100) < 70) == pytest.approx(0.1)


def test_certainty_and_impossibility_are_confidences_too() -> None:
    assert calibration_error(np.ones(50), np.ones(50)) == 0.0
    assert calibration_error(np.zeros(50), np.ones(50)) == 1.0
    assert calibration_error(np.full(50, 1e-30), np.zeros(50)) == pytest.approx(0.0)


def test_few_rows_have_few_bins() -> None:
    confidences, right = np.array([0.9, 0.8, 0.6, 0.5, 0.7]), np.array([1, 1, 1, 0, 0])
    # Five rows are one bin, in which they are right 3 of 5 times and 0.7 sure.
    found = statistics(table(confidences, right))
    assert found.figure == pytest.approx(0.1)
    assert found.signature == "1 bins of equal mass"
    assert statistics(table(confidences[:1], right[:1])).figure == pytest.approx(0.1)
    assert statistics(table(*drawn(45, 0))).signature == "4 bins of equal mass"
    assert statistics(table(*drawn(400, 0))).signature == "10 bins of equal mass"


def test_a_resample_has_bins_of_equal_mass_of_its_own() -> None:
    confidences, right = drawn(400, 7, bold=3.0)
    found = statistics(table(confidences, right))
    counts = np.random.default_rng(1).multinomial(400, np.full(400, 1 / 400))
    again = np.repeat(np.arange(400), counts)
    plain = calibration_error(confidences[again], right[again])
    assert float(found.value(counts @ found.values)) == pytest.approx(plain, abs=1e-12)


def test_the_interval_holds_the_error_and_the_better_calibrated_is_found() -> None:
    fair = statistics(table(*drawn(400, 1)))
    bold = statistics(table(*drawn(400, 2, bold=6.0)))
    groups = [str(at) for at in range(400)]
    bounds = interval(bold, groups, samples=500, confidence=0.95, seed=0)
    assert bounds.low is not None
    assert bounds.high is not None
    assert bounds.low < bold.figure < bounds.high
    found = paired_difference(fair, bold, groups, samples=500, confidence=0.95, seed=0)
    assert found.difference > 0
    assert found.p is not None
    assert found.p < 0.01


def test_rows_without_a_likelihood_are_not_judged() -> None:
    rows = table(*drawn(20, 3)).to_pylist()
    rows[0]["top_labels"] = None
    rows[1]["top_labels"] = []
    judged = pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)
    assert statistics(judged).rows.tolist() == list(range(2, 20))
    assert METRICS.get("calibration_error").statistics(judged.slice(0, 2)) is None
