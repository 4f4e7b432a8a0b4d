"""Seeds and learning curves as Markdown."""

from __future__ import annotations

from typing import Any

from laras.report.markdown import verdict_text
from laras.report.retraining_text import curve_text, seeds_text

COST = {"seconds": 61.0, "energy_wh": None}
SEEDS = {
    "contender": "lora",
    "metric": "macro_f1",
    "values": [
        {"seed": 7, "value": 0.8, "beats_reference": True},
        {"seed": 8, "value": 0.7, "beats_reference": False},
    ],
    "note": "lora with 2 seeds | says so.",
    "cost": COST,
}
CURVE = {
    "contender": "lora",
    "metric": "macro_f1",
    "points": [
        {"share": 0.5, "rows": 1100, "value": 0.7, "low": 0.6, "high": 0.8},
        {"share": 1.0, "rows": 2200, "value": 0.8, "low": None, "high": None},
    ],
    "note": "Twice the data would bring more.",
    "cost": COST,
}


def verdict(**parts: Any) -> dict[str, Any]:
    return {"reference": "base", "sentence": "Use lora.", **parts}


def test_each_seed_is_a_row_and_the_one_that_competes_is_marked() -> None:
    text = seeds_text(verdict(seeds=[SEEDS]))
    assert "| **lora** (competes) | 7 | 0.800 | yes |" in text
    assert "| lora | 8 | 0.700 | no |" in text
    assert "lora with 2 seeds \\| says so." in text
    assert "Beats base" in text
    assert "never the best of several" in text
    assert "1 min 01 s" in text


def test_each_share_is_a_row_with_its_interval() -> None:
    text = curve_text(verdict(learning_curve=[CURVE]))
    assert "| lora | 50 % | 1,100 | 0.700 (0.600 – 0.800) |" in text
    assert "| lora | 100 % | 2,200 | 0.800 |" in text
    assert "Twice the data would bring more." in text


def test_the_page_has_them_where_they_were_asked_for() -> None:
    page = verdict_text(verdict(seeds=[SEEDS], learning_curve=[CURVE]), 0.95)
    assert "## Seeds" in page
    assert "## Would more training data help?" in page
    without = verdict_text(verdict(seeds=None, learning_curve=None), 0.95)
    assert "Seeds" not in without
    assert "training data" not in without
