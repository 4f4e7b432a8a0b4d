"""Length ratio and distinct-n: what they are, and that their intervals are of the right width."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from laras.contenders.pairs import Standing, compare
from laras.contenders.primary import choose_primary
from laras.errors import DataRefused
from laras.evaluation.distinct import distinct
from laras.evaluation.figures import figures
from laras.evaluation.metric import METRICS, Statistics
from laras.evaluation.result import PREDICTION_SCHEMA
from laras.recipe.schema import EvaluationSection

SECTION = EvaluationSection(metrics=["length", "distinct"], bootstrap_samples=2000)


def table(
    predictions: list[str], references: list[str] | None = None, *, rows_in_a_group: int = 1
) -> pa.Table:
    references = references or ["one two three"] * len(predictions)
    return pa.Table.from_pylist(
        [
            {
                **{"example_id": str(at), "task": "chat", "group": str(at // rows_in_a_group)},
                **{"prediction": prediction, "reference": reference},
            }
            for at, (prediction, reference) in enumerate(zip(predictions, references, strict=True))
        ],
        schema=PREDICTION_SCHEMA,
    )


def statistics(name: str, judged: pa.Table) -> Statistics:
    found = METRICS.get(name).statistics(judged)
    assert found is not None
    return found


def zipf_texts(generator: np.random.Generator, rows: int) -> list[str]:
    shares = 1.0 / np.arange(1, 3001)
    lengths = generator.integers(3, 30, size=rows)
    drawn = generator.choice(3000, size=lengths.sum(), p=shares / shares.sum())
    return [
        " ".join(f"w{word}" for word in part) for part in np.split(drawn, np.cumsum(lengths)[:-1])
    ]


def test_distinct_counts_different_words_and_pairs_of_all_answers_together() -> None:
    texts = ["a b a", "a b", "", "c"]
    assert distinct(texts, 1) == pytest.approx(3 / 6)
    assert distinct(texts, 2) == pytest.approx(2 / 3)  # a b, b a; no pair goes from row to row
    assert statistics("distinct1", table(texts)).figure == pytest.approx(3 / 6)
    assert statistics("distinct2", table(texts)).figure == pytest.approx(2 / 3)
    assert distinct(["今天天气"], 1) == pytest.approx(3 / 4)
    assert distinct(["", "?"], 1) is None


@pytest.mark.parametrize("rows_in_a_group", [1, 3])
def test_a_group_left_out_changes_distinct_by_what_only_it_had(rows_in_a_group: int) -> None:
    texts = zipf_texts(np.random.default_rng(3), 30)
    found = statistics("distinct2", table(texts, rows_in_a_group=rows_in_a_group))
    total = found.values.sum(axis=0)
    for start in range(0, 30, rows_in_a_group):
        own = (found.rows >= start) & (found.rows < start + rows_in_a_group)
        without = float(found.value(total - found.values[own].sum(axis=0)))
        rest = texts[:start] + texts[start + rows_in_a_group :]
        assert without == pytest.approx(distinct(rest, 2))


def test_the_interval_of_distinct_holds_the_figure_and_is_as_wide_as_chance() -> None:
    generator = np.random.default_rng(4)
    by_chance = [distinct(zipf_texts(generator, 60), 1) for _ in range(200)]
    widths = []
    for _ in range(5):
        score = figures(table(zipf_texts(generator, 60)), SECTION)[0]["distinct1"]
        assert score.low is not None
        assert score.high is not None
        assert score.low < score.value < score.high
        widths.append(score.high - score.low)
    # 95 % of normal chance lie within 3.92 standard deviations.
    assert 0.7 < float(np.mean(widths)) / (3.92 * float(np.std(by_chance))) < 1.6


def test_length_ratio_is_of_all_words_together() -> None:
    judged = table(["a", "a b c d", "好的", ""], ["a b", "a b", "好的", "a b"])
    found = statistics("length_ratio", judged)
    assert found.figure == pytest.approx((1 + 4 + 2 + 0) / (2 + 2 + 2 + 2))
    # A reference without words has no length to compare with.
    assert statistics("length_ratio", table(["a", "b"], ["?", "a"])).rows.tolist() == [1]


@pytest.mark.parametrize("name", ["length_ratio", "distinct1", "distinct2"])
def test_nothing_is_measured_where_there_is_nothing(name: str) -> None:
    assert METRICS.get(name).statistics(table([])) is None
    assert METRICS.get(name).statistics(table(["", ""], ["", ""])) is None


def test_nobody_wins_by_a_metric_that_only_describes() -> None:
    tables = [table(["a"] * 20), table(["a b c d e"] * 20)]
    sides = [
        Standing(name, "lora", figures(judged, SECTION)[0], judged)
        for name, judged in zip(("short", "long"), tables, strict=True)
    ]
    assert sides[1].scores["length_ratio"].value > sides[0].scores["length_ratio"].value
    assert compare(sides, SECTION) == []
    with pytest.raises(DataRefused):
        choose_primary("auto", tables, [side.scores for side in sides])
