"""The judge in the Markdown of a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from laras.report.judge_section import judge_text
from laras.report.markdown import verdict_text
from laras.translation import set_language


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def judge() -> dict[str, Any]:
    comparison = {
        **{"first": "base", "second": "lora", "rows": 50, "groups": 40, "identical": 1},
        **{"wins_first": 5, "wins_second": 30, "ties": 3, "inconsistent": 10, "unusable": 2},
        **{"win_rate": 0.76, "low": 0.66, "high": 0.84, "p": 0.00001, "p_adjusted": 0.00002},
        "better": "lora",
    }
    return {
        "model": "referee",
        "rows": 50,
        "order_swapped": True,
        "comparisons": [comparison],
        "position_bias": {
            "rows": 47, "share": 10 / 47, "for_first_place": 8, "for_second_place": 1
        },
        "cost": {
            "calls": 98, "tokens_in": 40_000, "tokens_out": 500, "money": 0.412, "currency": "EUR"
        },
        "trouble": None,
        "disagrees": False,
        "note": "The judge referee agrees.",
    }  # fmt: skip


def test_the_section_has_counts_interval_bias_and_cost() -> None:
    text = judge_text({"judge": judge()}, 0.95)
    assert text.startswith("The judge referee agrees.\n\n| First | Second |")
    row = "| base | lora | 5 | 30 | 3 | 10 | 2 | 76 % (66 % – 84 %) | < 0.0001 | lora |"
    assert row in text
    assert "With 95 % intervals" in text
    assert "in 21 % of the rows the judge changed its mind" in text
    assert "(8 times for whichever stood first, 1 times for the second)" in text
    assert text.endswith("It took 98 calls: 40,000 tokens sent, 500 received. It cost 0.41 EUR.")


def test_a_verdict_without_a_judge_has_no_section() -> None:
    for verdict in ({}, {"judge": None}, {"judge": "text"}, {"judge": []}):
        assert judge_text(verdict, 0.95) == ""
        assert "judge" not in verdict_text({"sentence": "Keep base.", **verdict}, 0.95)


@pytest.mark.parametrize("missing", sorted(judge()))
@pytest.mark.parametrize("value", [None, [], {}, "text", [3], [{}]])
def test_a_part_that_is_missing_or_damaged_is_left_out(missing: str, value: object) -> None:
    text = verdict_text({"sentence": "Keep base.", "judge": {**judge(), missing: value}}, 0.95)
    assert "A language model as judge" in text


def test_what_an_endpoint_calls_itself_can_smuggle_nothing_in() -> None:
    hostile = "<script>x</script> [a](javascript:b) | c"
    found = {**judge(), "note": f"The judge {hostile} agrees."}
    found["cost"]["currency"] = "<b>|"
    text = judge_text({"judge": found}, 0.95)
    assert "<script>" not in text
    assert "[a](" not in text
    assert "<b>" not in text.replace("\\<b", "")
