"""Losses of the training that a result comes from, whatever else the events tell of."""

from __future__ import annotations

from typing import Any

from laras.runs.losses import losses


def step(number: int, loss: float | None, contender: str = "lora") -> dict[str, Any]:
    return {"kind": "step_done", "contender": contender, "step": number, "loss": loss}


def validation(number: int, loss: float, contender: str = "lora") -> dict[str, Any]:
    return {"kind": "validation_done", "contender": contender, "step": number, "loss": loss}


PLANNED: dict[str, Any] = {"kind": "training_planned", "contender": "lora"}


def test_steps_done_again_after_a_resume_count_once() -> None:
    events = [
        PLANNED,
        *(step(at, 5.0 - at) for at in range(1, 5)),
        validation(4, 1.5),
        PLANNED,
        {"kind": "training_resumed", "contender": "lora", "step": 2},
        step(3, 2.5),
    ]
    assert losses(events, "lora", "step_done") == [(1.0, 4.0), (2.0, 3.0), (3.0, 2.5)]
    assert losses(events, "lora", "validation_done") == []


def test_a_training_under_an_earlier_recipe_is_left_out() -> None:
    events = [PLANNED, step(1, 9.0), step(2, 8.0), validation(2, 8.5), PLANNED, step(1, 3.0)]
    assert losses(events, "lora", "step_done") == [(1.0, 3.0)]
    assert losses(events, "lora", "validation_done") == []


def test_a_training_that_was_only_planned_hides_nothing() -> None:
    events = [PLANNED, step(1, 9.0), PLANNED]
    assert losses(events, "lora", "step_done") == [(1.0, 9.0)]


def test_other_contenders_and_losses_that_were_not_finite_are_left_out() -> None:
    events = [PLANNED, step(1, 9.0), step(2, None), step(1, 4.0, "full"), step(3, 7.0)]
    assert losses(events, "lora", "step_done") == [(1.0, 9.0), (3.0, 7.0)]
