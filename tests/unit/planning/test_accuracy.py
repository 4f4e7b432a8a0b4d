"""Forecasts beside what was measured, from a run's events alone."""

from __future__ import annotations

from typing import Any

import pytest

from laras.planning.accuracy import Compared, compared, surest

Event = dict[str, Any]


def band(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": value * 2}


def plan(key: str = "k", name: str = "lora") -> Event:
    forecasts = {
        "peak_memory_bytes": band(900),
        "tuning_seconds": band(100),
        "judging_seconds": band(20),
    }
    return {"kind": "plan_made", "contenders": [{"name": name, "key": key, **forecasts}]}


def training(key: str = "k", *, steps: int = 10, done: int = 10) -> list[Event]:
    memory = {"peak_bytes": 500, "held_before_bytes": 300}
    named = {"contender": "lora"}
    return [
        {"kind": "training_planned", **named, "key": key, "steps": steps, "memory": memory},
        {"kind": "training_forecast", **named, "step": 4, **band(80)},
        {
            "kind": "contender_finished",
            **named,
            "seconds": 90.0,
            "steps": done,
            "peak_memory_bytes": 1000,
        },
        {"kind": "stage_finished", "stage": "tune-lora", "seconds": 110.0},
        {"kind": "stage_finished", "stage": "evaluate-lora", "seconds": 30.0},
    ]


@pytest.mark.parametrize(
    ("device", "copied", "expected"),
    [("cpu", True, 1000), ("cpu", False, 800), ("cuda", True, 800)],
)
def test_copies_of_checkpoints_count_where_they_were_made_in_the_same_memory(
    device: str, copied: bool, expected: float
) -> None:
    events = training()
    events[0] = {**events[0], "device": device}
    events[0]["memory"] = {**events[0]["memory"], "saving_bytes": 200}
    events.insert(2, {"kind": "checkpoint_saved", "contender": "lora", "copied": copied})
    (row,) = [row for row in compared(events) if row.what == "peak_memory_bytes"]
    assert row.forecast == expected


def ratios(rows: list[Compared]) -> dict[tuple[str, str], float]:
    return {(row.what, row.source): row.ratio for row in rows}


def test_a_planned_run_is_held_against_its_rehearsal_and_against_itself() -> None:
    found = compared([plan(), *training()])
    assert ratios(found) == {
        ("training_seconds", "first steps"): 90 / 80,
        ("peak_memory_bytes", "sizes"): 1000 / 800,
        ("peak_memory_bytes", "rehearsal"): 1000 / 900,
        ("tuning_seconds", "rehearsal"): 1.1,
        ("judging_seconds", "rehearsal"): 1.5,
    }
    assert {row.what for row in surest(found)} == {
        "peak_memory_bytes",
        "tuning_seconds",
        "judging_seconds",
    }
    assert {row.source for row in surest(found)} == {"rehearsal"}


def test_a_run_that_nobody_planned_has_a_forecast_of_its_own() -> None:
    found = surest(compared(training()))
    assert ratios(found) == {
        ("training_seconds", "first steps"): 90 / 80,
        ("peak_memory_bytes", "sizes"): 1000 / 800,
    }
    (loop,) = (row for row in found if row.what == "training_seconds")
    assert (loop.low, loop.high) == (40, 160)
    assert loop.as_json()["ratio"] == pytest.approx(1.125)


def test_the_plan_of_another_recipe_says_nothing_about_this_one() -> None:
    found = compared([plan("other"), *training("k")])
    assert not [row for row in found if row.source == "rehearsal" and "judging" not in row.what]


def test_what_was_resumed_is_held_against_its_last_forecast_of_the_whole_only() -> None:
    begun = [plan(), *training()[:2]]
    again = training()
    resumed = [*begun, again[0], {"kind": "training_resumed", "contender": "lora"}, *again[1:]]
    found = {row.what for row in compared(resumed)}
    assert found == {"training_seconds", "judging_seconds"}


def test_a_training_that_patience_ended_is_marked() -> None:
    rows = compared([plan(), *training(done=4)])
    early = {row.what for row in rows if row.ended_early}
    assert early == {"training_seconds", "tuning_seconds"}


def test_the_last_training_counts_and_events_of_no_use_are_passed_over() -> None:
    first = training()
    first[2]["seconds"] = 800.0
    odd: list[Event] = [
        {"kind": "contender_finished", "contender": "unknown", "seconds": 1.0},
        {"kind": "plan_made"},
        {"kind": "training_planned", "contender": "bare", "memory": None},
        {"kind": "contender_finished", "contender": "bare", "seconds": None},
        {"kind": "stage_finished", "stage": "prepare", "seconds": 1.0},
    ]
    found = compared([*first, *odd, *training()])
    assert ratios(found)["training_seconds", "first steps"] == 90 / 80
    assert {row.contender for row in found} == {"lora"}
