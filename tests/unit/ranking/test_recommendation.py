"""Which model is recommended, and with which reason."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from laras.evaluation.result import PREDICTION_SCHEMA, Score
from laras.models.licence import Licence
from laras.ranking.ranked import Ranked, TuningCost, ranked_from_json
from laras.ranking.recommendation import Recommendation, recommend
from laras.recipe.schema import EvaluationSection

SECTION = EvaluationSection(bootstrap_samples=200)
ROWS = 40


def predictions(bits: float, noise: float, seed: int) -> pa.Table:
    """Rows of 100 bytes with about ``bits`` a byte."""
    spread = np.random.default_rng(seed).normal(0.0, noise, ROWS)
    rows = [
        {
            **dict.fromkeys(PREDICTION_SCHEMA.names),
            "example_id": str(number),
            "group": str(number),
            "task": "text",
            "nll": (bits + extra) * 100 * float(np.log(2)),
            "tokens": 30,
            "bytes": 100,
        }
        for number, extra in enumerate(spread)
    ]
    return pa.Table.from_pylist(rows, schema=PREDICTION_SCHEMA)


def choose(*candidates: tuple[str, float, int, bool], noise: float = 0.05) -> Recommendation:
    """Of (name, bits per byte, parameters, whether tuning fits)."""
    ranked, tables = [], {}
    for seed, (name, bits, parameters, fits) in enumerate(candidates):
        tables[name] = predictions(bits, noise, seed)
        value = float(np.mean(tables[name]["nll"].to_numpy())) / float(np.log(2)) / 100
        ranked.append(
            Ranked(
                name,
                licence=Licence("mit", "README.md"),
                parameters=parameters,
                rows=ROWS,
                bits_per_byte=Score(value, value, value, ROWS, "bits per byte"),
                tuning={"lora": TuningCost(fits), "full": TuningCost(False)},
            )
        )
    return recommend(ranked, tables, SECTION)


def test_fewer_bits_per_byte_win() -> None:
    found = choose(("small", 1.5, 10, True), ("large", 1.1, 100, True), ("middle", 1.3, 50, True))
    assert found.model == "large"
    assert found.order == ("large", "middle", "small")
    assert "middle" in found.sentence
    assert "1.1" in found.sentence
    assert found.remarks == ()


def test_of_models_that_can_not_be_told_apart_the_smallest_wins() -> None:
    found = choose(("large", 1.20, 100, True), ("small", 1.21, 10, True), noise=0.3)
    assert found.model == "small"
    assert "can't be told apart" in found.sentence


def test_the_best_and_smallest_wins_with_a_word_about_the_other() -> None:
    found = choose(("small", 1.20, 10, True), ("large", 1.21, 100, True), noise=0.3)
    assert found.model == "small"
    assert "large" in found.sentence


def test_a_model_that_can_not_be_tuned_here_gives_way_and_is_told_of() -> None:
    found = choose(("large", 1.0, 1000, False), ("small", 1.5, 10, True))
    assert found.model == "small"
    assert found.order == ("large", "small")
    assert len(found.remarks) == 1
    assert "large" in found.remarks[0]


def test_where_none_can_be_tuned_the_best_is_named_all_the_same() -> None:
    found = choose(("large", 1.0, 1000, False), ("small", 1.5, 10, False))
    assert found.model == "large"
    assert "None" in found.remarks[0]


def test_a_licence_that_nobody_knows_is_told() -> None:
    table = predictions(1.0, 0.1, 0)
    score = Score(1.0, 0.9, 1.1, ROWS, "bits per byte")
    alone = Ranked("alone", rows=ROWS, bits_per_byte=score, tuning={"lora": TuningCost(True)})
    broken = Ranked("broken", error="model.pickle", reason="no")
    found = recommend([broken, alone], {"alone": table}, SECTION)
    assert found.model == "alone"
    assert "licence" in found.remarks[0]


def test_where_nothing_could_be_measured_nothing_is_recommended() -> None:
    found = recommend([Ranked("broken", error="model.pickle", reason="no")], {}, SECTION)
    assert (found.model, found.order) == (None, ())


def test_what_was_kept_reads_as_it_was() -> None:
    score = Score(1.0, 0.9, None, ROWS, "bits per byte", "signature")
    full = Ranked(
        "m", licence=Licence("mit", "LICENSE"), context=10, bits_per_byte=score, few_shot=score,
        tuning={"lora": TuningCost(True, 1.0, 2.0), "full": TuningCost(False, reason="no")},
    )  # fmt: skip
    for each in (full, Ranked("broken", error="model.pickle", reason="no")):
        assert ranked_from_json(each.as_json()) == each
