"""What was forecast beside what was then measured, as a run's events tell both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Event = Mapping[str, Any]
Source = Literal["rehearsal", "first steps", "sizes"]
What = Literal["peak_memory_bytes", "training_seconds", "tuning_seconds", "judging_seconds"]
# A band, where it comes from, and whether it is of more than what was then done.
Told = tuple[Event, Source, bool]


@dataclass(frozen=True, slots=True)
class Compared:
    """``what`` of a contender, in seconds or bytes. ``source``: ``rehearsal`` of `laras plan`, the
    run's own ``first steps``, or ``sizes`` alone. ``ended_early``: patience ended the training,
    and the forecast is of all of it."""

    contender: str
    what: What
    source: Source
    forecast: float
    low: float | None
    high: float | None
    measured: float
    ended_early: bool = False

    @property
    def ratio(self) -> float:
        """Measured by forecast."""
        return self.measured / self.forecast

    def as_json(self) -> dict[str, Any]:
        """The same as plain data, with the ratio."""
        return {**asdict(self), "ratio": self.ratio}


@dataclass(slots=True)
class _Training:
    """What is known of one contender so far."""

    planned: Event = field(default_factory=dict)
    forecast: Event | None = None
    rehearsed: Event | None = None
    resumed: bool = False
    copied: bool = False  # checkpoints to the main memory
    ended_early: bool = False


def compared(events: Sequence[Event]) -> list[Compared]:
    """Of each contender's last training and judgement what had been forecast of it before, in the
    order in which it was measured."""
    found: dict[tuple[str, What, Source], Compared] = {}
    known: dict[str, _Training] = {}
    rehearsals: dict[str, Event] = {}
    for event in events:
        kind, name = event.get("kind"), str(event.get("contender"))
        if kind == "plan_made":
            rehearsals = {str(each.get("name")): each for each in event.get("contenders") or ()}
        elif kind == "training_planned":
            rehearsed = rehearsals.get(name)
            if rehearsed is not None and rehearsed.get("key") != event.get("key"):
                rehearsed = None  # of another recipe
            before = known.get(name)
            known[name] = _Training(planned=event, rehearsed=rehearsed)
            if before is not None and before.planned.get("key") == event.get("key"):
                known[name].rehearsed = before.rehearsed or rehearsed
        elif kind == "training_resumed" and name in known:
            known[name].resumed = True
        elif kind == "checkpoint_saved" and name in known:
            known[name].copied |= event.get("copied") is True
        elif kind == "training_forecast" and name in known:
            known[name].forecast = event
        elif kind in ("contender_finished", "stage_finished"):
            for each in _measured(event, known, rehearsals):
                found.pop((each.contender, each.what, each.source), None)
                found[each.contender, each.what, each.source] = each
    return list(found.values())


def surest(rows: Sequence[Compared]) -> list[Compared]:
    """The surest forecast of each thing: a rehearsal's, else the run's own."""
    rehearsed = {(row.contender, row.what) for row in rows if row.source == "rehearsal"}
    # The rehearsal's is of the whole stage, the run's own of the loop in it.
    whole_stage = {name for name, what in rehearsed if what == "tuning_seconds"}
    return [
        row
        for row in rows
        if row.source == "rehearsal"
        or (
            (row.contender, row.what) not in rehearsed
            and not (row.what == "training_seconds" and row.contender in whole_stage)
        )
    ]


def _measured(
    event: Event, known: Mapping[str, _Training], rehearsals: Mapping[str, Event]
) -> Iterator[Compared]:
    """What ``event``, the end of something, says beside what was forecast of it."""
    seconds = event.get("seconds")
    if event["kind"] == "contender_finished":
        name = str(event.get("contender"))
        training = known.get(name)
        if training is not None:
            steps, peak = training.planned.get("steps"), event.get("peak_memory_bytes")
            training.ended_early = isinstance(steps, int) and event.get("steps") != steps
            told: Told = (training.forecast or {}, "first steps", training.ended_early)
            yield from _row(name, "training_seconds", told, seconds)
            if not training.resumed:  # else the peak is of the last part alone
                told = (_from_sizes(training), "sizes", False)
                yield from _row(name, "peak_memory_bytes", told, peak)
                told = (_part(training.rehearsed, "peak_memory_bytes"), "rehearsal", False)
                yield from _row(name, "peak_memory_bytes", told, peak)
        return
    stage, _dash, name = str(event.get("stage")).partition("-")
    training = known.get(name)
    if stage == "tune" and training is not None and not training.resumed:
        told = (_part(training.rehearsed, "tuning_seconds"), "rehearsal", training.ended_early)
        yield from _row(name, "tuning_seconds", told, seconds)
    elif stage == "evaluate":
        told = (_part(rehearsals.get(name), "judging_seconds"), "rehearsal", False)
        yield from _row(name, "judging_seconds", told, seconds)


def _row(name: str, what: What, told: Told, measured: Any) -> Iterator[Compared]:
    band, source, ended_early = told
    value = _number(band.get("value"))
    actual = _number(measured)
    if value and actual is not None:
        low, high = _number(band.get("low")), _number(band.get("high"))
        yield Compared(name, what, source, value, low, high, actual, ended_early)


def _from_sizes(training: _Training) -> Event:
    memory = training.planned.get("memory")
    if not isinstance(memory, Mapping):
        return {}
    peak, before = _number(memory.get("peak_bytes")), _number(memory.get("held_before_bytes"))
    saving = 0.0
    if training.copied and training.planned.get("device") == "cpu":  # else in another memory
        saving = _number(memory.get("saving_bytes")) or 0.0
    return {} if peak is None or before is None else {"value": peak + before + saving}


def _part(told: Event | None, what: str) -> Event:
    band = (told or {}).get(what)
    return band if isinstance(band, Mapping) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
