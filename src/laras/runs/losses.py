"""Losses by step as a run's events tell them, for the verdict and for the report alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Points = list[tuple[float, float]]

# Last over best validation loss from which we speak of overfitting; less is noise.
OVERFITTING_RISE = 1.02


def losses(
    events: Sequence[Mapping[str, Any]],
    contender: str,
    kind: Literal["step_done", "validation_done"],
) -> Points:
    """(step, loss) of the training that the result comes from, in order of steps.

    An earlier training under another recipe is left out, and so are the steps that a resumed one
    did again.
    """
    by_step: dict[float, float] = {}
    begins = False
    for event in events:
        if event.get("contender") != contender:
            continue
        step, loss = event.get("step"), event.get("loss")
        if event.get("kind") == "training_planned":
            begins = True
        elif event.get("kind") == "training_resumed" and isinstance(step, int):
            begins = False
            by_step = {done: value for done, value in by_step.items() if done <= step}
        elif event.get("kind") in ("step_done", "validation_done"):
            if begins:
                by_step, begins = {}, False
            if event["kind"] == kind and isinstance(step, int) and isinstance(loss, (int, float)):
                by_step[float(step)] = float(loss)
    return [(step, loss) for step, loss in sorted(by_step.items()) if math.isfinite(loss)]
