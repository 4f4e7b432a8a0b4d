"""What a contender's training will cost: from sizes, and from a rehearsal."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from laras.devices.choice import best_device
from laras.devices.memory import available_bytes, peak_memory_bytes
from laras.engine.loss import _CHUNK_BYTES
from laras.engine.precision import choose
from laras.errors import MemoryExhausted
from laras.models.inspection import parameters_in, read_configuration
from laras.models.load import resolve_model
from laras.planning import rate_test
from laras.planning.duration import Band, checkpoints_in
from laras.planning.footprint import disk_bytes
from laras.planning.hyperparameters import resolve, suggested
from laras.planning.memory import SAFE_SHARE, Shape, Work
from laras.planning.ways import ways_that_fit, with_adapter
from laras.rehearsal.rates import RateTest
from laras.rehearsal.steps import MOST_STEPS, Clock, Rehearsal
from laras.runs.folder import Run
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment
from laras.tuning.fitting import shape_of, work_of
from laras.tuning.ready import Ready, make_ready

# Peaks of equal work differ by this share: in which order memory is given and taken is chance.
_MEMORY_UNCERTAINTY = 0.08
# On a processor memory goes on growing for a while: oneDNN keeps a kernel for each new shape of a
# product (at most 1,024), and tensors of ever new sizes leave gaps between them. Bytes in the end,
# and steps after which two thirds of them are there, as seen in runs of 14 to 70 steps.
_LATER_BYTES = 0.25e9
_LATER_STEPS = 20


def rehearse(assignment: Assignment, run: Run, tokens: Path, progress: Progress) -> dict[str, Any]:
    """What the contender's training will cost, as plain data; ``run``: a scratch folder.

    ``tokens``: where encoded splits are kept. Nothing is trained where memory is forecast not to
    suffice: ``fits_memory`` is false then, and no time is told.
    """
    device = best_device()
    with reused_memory():
        try:
            with Clock() as setting_up:
                ready = make_ready(
                    assignment, assignment.key(), run, progress, device, Rehearsal, tokens
                )
        except MemoryExhausted as error:
            return _never_fits(assignment, device, error)
        training = ready.training
        assert isinstance(training, Rehearsal)
        told = _facts(ready, assignment)
        if training.memory is not None and not training.memory.fits:
            return told
        progress.stage(
            _("Rehearsing {name}").format(name=assignment.contender.name), MOST_STEPS + 1
        )
        timed = training.rehearse()
        loop, cost = training.expected(timed)
        with Clock() as saving:
            training.forward.release()
            folder = run.contender(assignment.contender.name) / "model"
            ready.save(folder)
            run.stage("rehearsal", "").finish({"model": folder})  # which hashes it
        rehearsed = 1 + len(timed.steps) + len(timed.again)
        later = _later_bytes(len(training.steps) - rehearsed) if device.type == "cpu" else 0.0
        copies = checkpoints_in(loop.value, len(training.steps), training.chosen) > 0
        held = peak_memory_bytes(device) if copies else timed.peak_before_saving
        peak = Band.around(held + later, _MEMORY_UNCERTAINTY)
    around = Band.around(setting_up.seconds + saving.seconds, cost.uncertainty)
    return {
        **told,
        "training_seconds": loop.as_json(),
        "tuning_seconds": (loop + around).as_json(),
        "peak_memory_bytes": peak.as_json(),
        "rehearsed_steps": rehearsed,
        "seconds_of": {
            "setting_up": setting_up.seconds,
            "saving": saving.seconds,
            "step": float(cost.seconds(training._work(training.steps)).mean()),
            **asdict(timed.besides),
        },
    }


def _later_bytes(steps: int) -> float:
    """What memory grows by in so many steps after the rehearsal."""
    return _LATER_BYTES * -math.expm1(-max(0, steps) / _LATER_STEPS)


def try_rates(assignment: Assignment, run: Run, tokens: Path, progress: Progress) -> Any:
    """The learning-rate range test of the contender, as plain data; ``run``: a scratch folder."""
    with reused_memory():
        ready = make_ready(
            assignment, assignment.key(), run, progress, best_device(), RateTest, tokens
        )
        assert isinstance(ready.training, RateTest)
        name = assignment.contender.name
        progress.stage(_("Trying learning rates for {name}").format(name=name), rate_test.STEPS)
        return ready.training.measure().as_json()


def _facts(ready: Ready, assignment: Assignment) -> dict[str, Any]:
    """What is known before the first step."""
    training, chosen = ready.training, ready.training.chosen
    tokens = int(np.sum(training.data.train_lengths))
    trained = sum(part.numel() for part in training.parameters.values())
    planned = training.memory
    shape = shape_of(training.forward, ready.parameters)
    room = planned.room if planned is not None else 0
    ways = []
    if shape is not None:
        work = work_of(training.forward, chosen, training.data.train_lengths, training.precision)
        ways = ways_that_fit(shape, chosen, work, room, training.device.type == "cuda")
    return {
        "parameters": ready.parameters,
        "trained_parameters": trained,
        "examples": len(training.data.train_lengths),
        "tokens_per_epoch": tokens,
        "longest_tokens": int(np.max(training.data.train_lengths, initial=0)),
        "steps": len(training.steps),
        "way": training.forward.route.way,
        "device": training.device.type,
        "precision": str(training.precision).removeprefix("torch."),
        "settings": asdict(chosen),
        "reasons": ready.reasons,
        "suggested": suggested(assignment.tuning, assignment.contender, ready.parameters, tokens),
        "memory": ready.memory_facts(),
        "fits_memory": planned is None or planned.fits,
        "room_bytes": None if planned is None else room,
        "peak_memory_bytes": None if planned is None else _from_sizes(ready),
        "disk_bytes": disk_bytes(chosen, ready.parameters, trained),
        "ways": [way.as_json() for way in ways],
    }


def _never_fits(
    assignment: Assignment, device: torch.device, error: MemoryExhausted
) -> dict[str, Any]:
    """What is known of a model that is not even loaded: its sizes, from its files."""
    folder = resolve_model(assignment.model, assignment.recipe_folder)
    parameters = parameters_in(folder)
    chosen, _reasons = resolve(assignment.tuning, assignment.contender, parameters)
    shape = Shape.of(read_configuration(folder), parameters, parameters)
    room, ways = available_bytes(device), []
    if shape is not None:
        if chosen.method not in ("full", "freeze"):
            shape = with_adapter(shape, chosen.rank)
        work = Work(
            product_bytes=choose(assignment.model.precision, device).itemsize,
            tokens=chosen.micro_batch_tokens,
            labelled=chosen.micro_batch_tokens,
            chunk_bytes=_CHUNK_BYTES["cuda" if device.type == "cuda" else "cpu"],
        )
        ways = ways_that_fit(shape, chosen, work, room, device.type == "cuda")
    return {
        "parameters": parameters,
        "problem": error.as_json(),
        "fits_memory": False,
        "room_bytes": room,
        "ways": [way.as_json() for way in ways],
    }


def _from_sizes(ready: Ready) -> dict[str, float]:
    """The peak by arithmetic alone."""
    assert ready.training.memory is not None
    peak = ready.training.memory.forecast.peak + ready.held_before
    return Band.around(float(peak), 1 / SAFE_SHARE - 1).as_json()
