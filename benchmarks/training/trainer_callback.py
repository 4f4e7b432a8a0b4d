"""What joins the meter to transformers' Trainer, which three of the trainers are built on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from meter import Meter
from transformers import TrainerCallback

IGNORED = -100


class StepTimes(TrainerCallback):
    """Notes the end of each optimizer step, and its loss where it is logged."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def on_step_end(self, args: Any, state: Any, control: Any, **unused: Any) -> None:
        """The optimizer has stepped; gradients are not yet dropped."""
        self.meter.step_done()

    def on_log(self, args: Any, state: Any, control: Any, **told: Any) -> None:
        """Called after each step with ``logging_steps=1``."""
        logs = told.get("logs") or {}
        if "loss" in logs:
            self.meter.losses.append(float(logs["loss"]))


def counted(collate: Callable[[list[Any]], Any], meter: Meter) -> Callable[[list[Any]], Any]:
    """``collate`` that tells the meter how many tokens a batch holds, with and without padding."""

    def wrapped(rows: list[Any]) -> Any:
        useful = sum(len(row["input_ids"]) for row in rows)
        batch = collate(rows)
        meter.batch(useful, int(batch["input_ids"].numel()))
        return batch

    return wrapped


def versions(*names: str) -> dict[str, str]:
    """Of the libraries that decide the speed."""
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", *names)}


def threads() -> int:
    """Threads that torch computes with."""
    return torch.get_num_threads()
