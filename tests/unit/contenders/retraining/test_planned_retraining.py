"""What a plan says of training once more."""

from __future__ import annotations

import pytest

from laras.cli.planned import show_plan
from laras.contenders.retraining.planned import planned_retraining
from laras.contenders.retraining.variants import Retraining
from laras.recipe.schema import Contender
from laras.translation import set_language

LORA = Contender(kind="lora", name="lora")
PENDING = [Retraining(LORA, seed=1), Retraining(LORA, share=0.25)]


def band(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": value * 2}


ENTRY = {
    "name": "lora",
    "kind": "lora",
    "state": "forecast",
    "tuning_seconds": band(60.0),
    "training_seconds": band(40.0),
    "disk_bytes": 10_000,
    "settings": {"max_steps": None, "learning_rate": 1e-3, "batch_tokens": 512, "epochs": 3.0},
}
JUDGING = {"answering_seconds": band(5.0)}


def test_a_seed_takes_what_its_contender_took_and_a_share_its_part_of_the_loop() -> None:
    found = planned_retraining(PENDING, ENTRY, JUDGING, []) or {}
    assert found["trainings"] == 2
    assert found["seconds"]["value"] == pytest.approx((60 + 5) + (20 + 10 + 5))
    assert found["seconds"]["low"] < found["seconds"]["value"] < found["seconds"]["high"]
    assert found["disk_bytes"] == 10_000


def test_a_fixed_number_of_steps_is_the_same_on_less_data() -> None:
    settings = {**ENTRY["settings"], "max_steps": 100}  # type: ignore[dict-item]
    found = planned_retraining(PENDING, {**ENTRY, "settings": settings}, JUDGING, []) or {}
    assert found["seconds"]["value"] == pytest.approx(2 * 65)


def test_what_a_contender_took_that_is_done_is_taken_from_the_events() -> None:
    events = [
        {"kind": "stage_finished", "stage": stage, "seconds": seconds}
        for stage, seconds in (("tune-lora", 99.0), ("tune-lora", 30.0), ("evaluate-lora", 4.0))
    ]
    done = {"name": "lora", "kind": "lora", "state": "done"}
    found = planned_retraining(PENDING[:1], done, {}, events) or {}
    assert found["seconds"]["value"] == pytest.approx(34.0)


def test_nothing_pending_is_nothing_planned() -> None:
    assert planned_retraining([], ENTRY, JUDGING, []) is None


def test_the_plan_says_so_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_language("en")
    entry = {**ENTRY, "retraining": planned_retraining(PENDING, ENTRY, JUDGING, [])}
    machine = {"cores": 2, "memory_bytes": 1, "available_bytes": 1, "disk_free_bytes": 1}
    plan = {"machine": machine, "contenders": [entry], "seconds": band(160.0)}
    show_plan(plan, "laras run recipe.yaml")
    shown = capsys.readouterr().out
    assert "lora: 2 more trainings for seeds and learning curve, in all 1 min 40 s" in shown
    assert "In all about 2 min 40 s" in shown
