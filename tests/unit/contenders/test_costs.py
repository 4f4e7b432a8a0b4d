"""What contenders cost, from what a run wrote down, and when tuning is paid back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from laras.contenders.costs import break_even, costs, making_costs, prices
from laras.contenders.pairs import Standing
from laras.evaluation.result import Score
from laras.recipe.schema import Recipe
from laras.translation import set_language


@pytest.fixture(autouse=True)
def english() -> None:
    set_language("en")


def standing(
    name: str, kind: str, figure: float, seconds: float = 4.0, **stages: dict[str, Any]
) -> Standing:
    """Judged on 50 rows, which took so many seconds to answer."""
    answers = {
        "rows": 50, "seconds": seconds, "tokens_in": 500, "tokens_out": 100, "energy_wh": 0.1,
    }  # fmt: skip
    cost = {"energy_source": "estimate", "stages": stages or {"answers": answers}}
    score = Score(figure, None, None, 50, "share")
    return Standing(name, kind, {"rougeL": score}, pa.table({}), cost)


def made(name: str, seconds: float, energy: float | None = 1.0) -> dict[str, Any]:
    return {
        "kind": "contender_finished", "contender": name, "seconds": seconds, "energy_wh": energy,
        "peak_memory_bytes": 1000,
    }  # fmt: skip


PROMPT, LORA = standing("asked", "prompt", 0.5, 4.0), standing("lora", "lora", 0.6, 2.0)


def test_a_thousand_answers_cost_what_the_test_rows_did_in_proportion() -> None:
    (facts,) = costs([PROMPT], {}, {})
    assert facts == {
        "contender": "asked",
        "tuning": None,
        "per_1000_answers": {
            "seconds": 80.0, "tokens_in": 10_000.0, "tokens_out": 2_000.0, "energy_wh": 2.0,
            "money": None,
        },
        "energy_source": "estimate",
    }  # fmt: skip


def test_prompt_tokens_are_paid_for_and_an_endpoints_energy_is_not_known() -> None:
    (facts,) = costs([standing("big", "api", 0.7)], {}, {"big": (2.0, 10.0)})
    assert facts["per_1000_answers"]["money"] == pytest.approx(0.02 + 0.02)
    assert facts["per_1000_answers"]["energy_wh"] is None


def test_a_head_answers_where_it_names_labels() -> None:
    labels = {"rows": 10, "seconds": 1.0, "tokens_in": 5, "tokens_out": 0, "energy_wh": None}
    losses = labels | {"seconds": 99.0}
    (facts,) = costs([standing("head", "lora", 0.6, losses=losses, labels=labels)], {}, {})
    assert facts["per_1000_answers"]["seconds"] == 100.0
    (none,) = costs([standing("texts", "lora", 0.6, losses=losses)], {}, {})
    assert none["per_1000_answers"] is None


def test_what_making_cost_is_that_of_the_last_time() -> None:
    events = [made("lora", 9.0), made("gone", 1.0), made("lora", 300.0), {"kind": "step_done"}]
    assert making_costs(events, ["base", "lora"]) == {
        "lora": {"seconds": 300.0, "energy_wh": 1.0, "peak_memory_bytes": 1000}
    }


def test_tuning_is_paid_back_by_quicker_answers() -> None:
    making = making_costs([made("lora", 300.0), made("asked", 20.0)], ["lora", "asked"])
    found = break_even([PROMPT, LORA], costs([PROMPT, LORA], making, {}), "rougeL", True)
    assert found is not None
    # 280 s against 0.08 - 0.04 s an answer.
    assert (found["prompt"], found["tuned"], found["answers"]) == ("asked", "lora", 7000)
    assert "paid back after 7,000 answers" in found["note"]
    assert found["answers_by_energy"] is None  # equal energies are never paid back


def test_tuning_that_makes_answers_no_quicker_is_never_paid_back() -> None:
    slow = standing("slow", "full", 0.6, 4.0)
    making = making_costs([made("slow", 300.0)], ["slow"])
    found = break_even([PROMPT, slow], costs([PROMPT, slow], making, {}), "rougeL", True)
    assert found is not None
    assert found["answers"] is None
    assert "never paid back" in found["note"]


def test_the_best_of_each_kind_are_compared_and_both_are_needed() -> None:
    others = [standing("long", "prompt", 0.4), standing("full", "full", 0.9)]
    all_of_them = [PROMPT, LORA, *others]
    found = break_even(all_of_them, costs(all_of_them, {}, {}), "rougeL", True)
    assert found is not None
    assert (found["prompt"], found["tuned"]) == ("asked", "full")
    assert found["answers"] is None  # what making it took is not known
    lowest = break_even(all_of_them, costs(all_of_them, {}, {}), "rougeL", False)
    assert lowest is not None
    assert (lowest["prompt"], lowest["tuned"]) == ("long", "lora")
    assert break_even([PROMPT], costs([PROMPT], {}, {}), "rougeL", True) is None
    assert break_even([LORA], costs([LORA], {}, {}), "rougeL", True) is None


def test_an_endpoint_stands_beside_prompts_and_its_price_is_told() -> None:
    big = standing("big", "api", 0.7, 8.0)
    making = making_costs([made("lora", 300.0)], ["lora"])
    every = [PROMPT, big, LORA]
    found = break_even(every, costs(every, making, {"big": (2.0, 10.0)}), "rougeL", True)
    assert found is not None
    assert (found["prompt"], found["tuned"], found["answers"]) == ("big", "lora", 2500)
    assert found["answers_by_energy"] is None
    assert "1,000 answers of big cost 0.04 at its endpoint." in found["note"]


def test_prices_are_those_of_contenders_behind_an_endpoint() -> None:
    endpoint = {"endpoint": "http://a/v1", "model": "m", "price_input": 2.0, "budget": 1.0}
    recipe = Recipe.model_validate(
        {
            "data": {"sources": [{"examples": "a.csv"}]},
            "comparison": {"contenders": ["base", {"api": {"endpoint": endpoint}}]},
        }
    )
    assert prices(recipe) == {"api": (2.0, 0.0)}
