"""What training once more will cost, from what its contender costs.

A training on a share of the rows takes that share of the time of the loop, and all of what is
beside it; the number of its steps is not rehearsed. Models are dropped once they were judged, so
that only one of them is on the disk at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laras.contenders.retraining.variants import Retraining
from laras.planning.duration import NOTHING, Band

Facts = dict[str, Any]
_MEASURED_UNCERTAINTY = 0.2  # the same training again, on a machine that may be busier


def planned_retraining(
    pending: Sequence[Retraining],
    entry: Mapping[str, Any],
    judging: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
) -> Facts | None:
    """``trainings`` that are ``pending`` of one contender, ``seconds`` of all of them and
    ``disk_bytes`` of one; None where there are none, times None where nothing is known.

    ``entry``: the contender's in the plan; ``judging``: what judging costs; ``events``: of the run,
    for a contender that is done already.
    """
    if not pending:
        return None
    tuning = band_of(entry.get("tuning_seconds"))
    if entry["state"] == "done" or tuning == NOTHING:
        tuning = _measured(events, f"tune-{entry['name']}")
    answering = band_of(judging.get("answering_seconds"))
    if answering is None:
        answering = _measured(events, f"evaluate-{entry['name']}")
    seconds = None
    if tuning is not None and answering is not None:
        seconds = NOTHING
        loop = band_of(entry.get("training_seconds")) or tuning
        has_fixed_steps = (entry.get("settings") or {}).get("max_steps") is not None
        for each in pending:
            share = 1.0 if each.share is None or has_fixed_steps else each.share
            seconds += _scaled(tuning, loop, share) + answering
    return {
        "trainings": len(pending),
        "seconds": None if seconds is None else seconds.as_json(),
        "disk_bytes": entry.get("disk_bytes"),
    }


def band_of(told: Mapping[str, float] | None) -> Band | None:
    """A band that was written as plain data."""
    return None if told is None else Band(told["value"], told["low"], told["high"])


def _scaled(tuning: Band, loop: Band, share: float) -> Band:
    """``tuning`` with its ``loop`` over only a ``share`` of the rows."""
    saved = 1 - share
    return Band(
        max(0.0, tuning.value - saved * loop.value),
        max(0.0, tuning.low - saved * loop.low),
        max(0.0, tuning.high - saved * loop.high),
    )


def _measured(events: Sequence[Mapping[str, Any]], stage: str) -> Band | None:
    """What ``stage`` took when it was done last."""
    took = [
        float(event["seconds"])
        for event in events
        if event.get("kind") == "stage_finished" and event.get("stage") == stage
    ]
    return Band.around(took[-1], _MEASURED_UNCERTAINTY) if took else None
