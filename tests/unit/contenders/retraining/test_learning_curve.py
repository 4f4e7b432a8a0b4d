"""What less data says of more: the law through the points, and what the verdict may claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from feigned_answers import SECTION, answers, standing
from laras.contenders.retraining.figures import Ground
from laras.contenders.retraining.learning_curve import curve_entries
from laras.contenders.retraining.power_law import can_be_fitted, doubled, exponent
from laras.contenders.retraining.variants import Retraining
from laras.contenders.retraining.work import Retrained
from laras.contenders.verdict import verdict
from laras.evaluation.metric import METRICS
from laras.recipe.schema import Contender
from laras.translation import set_language

LORA = Contender(kind="lora", name="lora")
ROWS = 800
RISING = {0.25: 0.2, 0.5: 0.36}  # of 0.488: what is left falls by a fifth with each doubling


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def ground(lora: float, base: float = 0.4, kind: str = "base") -> Ground:
    standings = [standing("base", kind, base), standing("lora", "lora", lora)]
    return Ground(verdict(standings, SECTION), standings, SECTION)


def curve(
    held: Ground,
    qualities: Mapping[float, float | None],
    *,
    noise: float = 0.02,
    seeds: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    retrained = [
        Retrained(
            Retraining(LORA, share=share),
            round(ROWS * share),
            None if quality is None else answers(quality, noise=noise, seed=round(100 * share)),
            "nothing to train" if quality is None else None,
            3.0,
            None,
        )
        for share, quality in qualities.items()
    ]
    (entry,) = curve_entries(held, retrained, ROWS, seeds) or ()
    return entry


def test_the_law_is_found_again_in_its_own_points() -> None:
    rows = [100, 200, 800]
    left = 3.0 * np.array(rows, dtype=float) ** -0.3
    assert exponent(rows, left) == pytest.approx(0.3)
    assert exponent(rows, np.stack([left, left * 2])) == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("rougeL", [0.2, 0.36, 0.488], 0.1024),
        ("bleu", [20.0, 36.0, 48.8], 10.24),
        ("bits_per_byte", [2.0, 1.6, 1.28], -0.256),
        ("perplexity", [np.exp(4.0), np.exp(2.0), np.exp(1.0)], np.exp(0.5) - np.exp(1.0)),
    ],
)
def test_twice_the_data_goes_on_as_the_halves_did(
    name: str, values: list[float], expected: float
) -> None:
    metric = METRICS.get(name)
    assert can_be_fitted(metric)
    found = doubled(metric, [200, 400, 800], np.array(values), 100)
    assert float(found) == pytest.approx(expected)


def test_where_nothing_is_left_nothing_is_promised() -> None:
    metric = METRICS.get("exact_match")
    assert doubled(metric, [200, 400], np.array([1.0, 1.0]), 50) == pytest.approx(0.0)
    assert 0 <= doubled(metric, [200, 400], np.array([0.8, 1.0]), 50) < 0.5 / 50


def test_a_curve_that_rises_tells_what_twice_the_data_would_bring() -> None:
    entry = curve(ground(0.488), RISING)
    assert [point["share"] for point in entry["points"]] == [0.25, 0.5, 1.0]
    assert [point["rows"] for point in entry["points"]] == [200, 400, 800]
    assert [point["value"] for point in entry["points"]] == pytest.approx([0.2, 0.36, 0.488])
    for point in entry["points"]:
        assert point["low"] < point["value"] < point["high"]
    change = entry["doubled"]
    assert change["rows"] == 1600
    assert change["difference"] == pytest.approx(0.1024)
    assert 0.08 < change["low"] < 0.1024 < change["high"] < 0.12
    assert entry["trend"] == "rises"
    assert "0.200 with 200, 0.360 with 400, 0.488 with 800" in entry["note"]
    assert "Twice the data would bring about +0.102" in entry["note"]
    assert "A curve through 3 points is a rough guide" in entry["note"]
    assert entry["cost"] == {"seconds": 6.0, "energy_wh": None}


def test_a_flat_curve_is_called_flat() -> None:
    entry = curve(ground(0.5), {0.25: 0.5, 0.5: 0.5})
    assert entry["trend"] == "flat"
    assert "The curve is flat" in entry["note"]
    assert not entry["changes_verdict"]


def test_what_can_not_be_told_is_not_called_flat() -> None:
    entry = curve(ground(0.5), {0.25: 0.5, 0.5: 0.5}, noise=0.4)
    assert entry["trend"] == "unclear"
    assert "Whether more data helps can't be told" in entry["note"]


def test_a_curve_that_falls_is_told_as_such() -> None:
    entry = curve(ground(0.3), {0.25: 0.5, 0.5: 0.4})
    assert entry["trend"] == "falls"
    assert "More data did harm" in entry["note"]


def test_more_data_would_change_the_verdict_only_where_that_follows() -> None:
    behind = ground(0.488, base=0.49)
    assert behind.found["recommendation"] == "base"
    entry = curve(behind, RISING)
    assert entry["changes_verdict"]
    assert "More data would change the verdict" in entry["note"]
    # It is recommended already; it stays too far behind; the other one would learn, too.
    assert not curve(ground(0.488), RISING)["changes_verdict"]
    assert not curve(ground(0.488, base=0.62), RISING)["changes_verdict"]
    assert not curve(ground(0.488, base=0.49, kind="full"), RISING)["changes_verdict"]


def test_the_spread_over_seeds_widens_the_interval() -> None:
    held = ground(0.488)
    narrow = curve(held, RISING)
    wide = curve(held, RISING, seeds=[{"contender": "lora", "sd": 0.05}])
    assert "another seed would move the points is not known" in narrow["note"]
    assert "another seed would move" not in wide["note"]
    widths = [each["doubled"]["high"] - each["doubled"]["low"] for each in (narrow, wide)]
    assert widths[1] > 2 * widths[0]


def test_a_share_that_could_not_be_trained_is_told_and_left_out() -> None:
    entry = curve(ground(0.488), {0.25: None, 0.5: 0.36})
    assert [point["share"] for point in entry["points"]] == [0.5, 1.0]
    assert "lora could not be trained on 25% of the data: nothing to train" in entry["note"]
    alone = curve(ground(0.488), {0.25: None})
    assert alone["doubled"] is None
    assert alone["trend"] == "unclear"


def test_without_shares_there_is_no_curve() -> None:
    assert curve_entries(ground(0.5), [], ROWS, None) is None
