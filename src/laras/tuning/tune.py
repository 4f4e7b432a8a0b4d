"""Tune one contender: load, make ready, train, save what was trained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch

from laras.devices.choice import best_device
from laras.devices.energy import energy_counter
from laras.devices.memory import let_go, peak_memory_bytes
from laras.distribution.ranks import Ranks
from laras.errors import MemoryExhausted, is_out_of_memory
from laras.optimizers.learning_rates import tell_of_idle_decay
from laras.runs.energy import EnergyCounter
from laras.runs.folder import Run
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress
from laras.saving.begun import key_of_begun
from laras.saving.continuation import Continuation
from laras.translation import _
from laras.tuning.assignment import Assignment
from laras.tuning.exhausted import OUT_OF_MEMORY, ran_out, with_half
from laras.tuning.fitting import tell_what_hardly_fits
from laras.tuning.in_processes import train_in_processes
from laras.tuning.loop import Training
from laras.tuning.ready import make_ready
from laras.tuning.result import TrainingResult
from laras.tuning.watcher import Watcher

FEW_STEPS = 20  # fewer hardly move a model


def tune(
    assignment: Assignment, run: Run, progress: Progress, watcher: Watcher | None = None
) -> Path:
    """Train the contender and return the folder ``model`` that holds the result.

    An adapter is saved in peft's format, anything else as a whole model; both load without Laras.
    A stage that is done for the same key is not done again; an interrupted one goes on from its
    newest checkpoint. Raises what :meth:`Training.run` raises, and MemoryExhausted.
    """
    name = assignment.contender.name
    stage = run.stage(f"tune-{name}", assignment.key())
    folder = run.contender(name) / "model"
    if stage.done:
        return folder
    key = key_of_begun(assignment.asked(), run, progress)
    run.event("stage_started", stage=f"tune-{name}")
    started = time.monotonic()
    result = _fitted(assignment, key, run, folder, progress, watcher)
    stage.finish({"model": folder, **asdict(result)})
    # The result is published and recorded; what served to continue is only weight on the disk now.
    Continuation(run, name, assignment.tuning.keep_checkpoints, progress).clear()
    run.event("stage_finished", stage=f"tune-{name}", seconds=time.monotonic() - started)
    return folder


def _fitted(
    assignment: Assignment,
    key: str,
    run: Run,
    folder: Path,
    progress: Progress,
    watcher: Watcher | None,
) -> TrainingResult:
    """Train, with ever smaller micro-batches where memory runs out and the recipe wishes that."""
    while True:
        try:
            if assignment.processes.count > 1 and watcher is None:
                return train_in_processes(assignment, key, run, progress)
            with reused_memory():
                return train(assignment, key, run, folder, progress, watcher)
        except MemoryExhausted as error:
            of_a_step = error.identifier == OUT_OF_MEMORY
            smaller = with_half(assignment, run, progress) if of_a_step else None
            if smaller is None:
                raise
        assignment = smaller
        let_go(best_device())


def train(
    assignment: Assignment,
    key: str,
    run: Run,
    folder: Path,
    progress: Progress,
    watcher: Watcher | None = None,
    ranks: Ranks | None = None,
) -> TrainingResult:
    """Train the contender in this process, as one of ``ranks`` where there are others, and leave
    the result in ``folder``. ``key``: what its checkpoints bear. Raises what :func:`tune` raises.
    """
    ranks = ranks or Ranks()
    name, device = assignment.contender.name, best_device(alone=ranks.count == 1)
    energy = energy_counter(device)
    # Beside the rows that were encoded: whoever else learns from them finds them there.
    tokens = assignment.prepared.train.parent / "tokens"
    with _memory_told(name, device):
        ready = make_ready(assignment, key, run, progress, device, tokens=tokens, ranks=ranks)
    training, chosen = ready.training, ready.training.chosen
    if watcher is not None:
        watcher.begins(chosen.objective, training.data.validation)
        training.watcher = watcher
    run.event(
        "training_planned",
        contender=name,
        key=key,
        steps=len(training.steps),
        precision=str(training.precision).removeprefix("torch."),
        device=device.type,
        processes=ranks.count,
        divided=training.holding.in_step,
        settings=asdict(chosen),
        reasons=ready.reasons,
        memory=ready.memory_facts(),
    )
    if training.memory is not None:
        tell_what_hardly_fits(training.memory, name, progress)
    tell_of_idle_decay(training.model, chosen, name, progress)
    if len(training.steps) < FEW_STEPS:
        progress.note(
            _(
                "{name} gets only {steps} optimizer steps: add rows, raise tuning.epochs or lower "
                "tuning.batch_tokens."
            ).format(name=name, steps=len(training.steps))
        )
    progress.stage(_("Tuning {name}").format(name=name), len(training.steps))
    with _memory_told(name, device, training):
        result = training.run()
        training.forward.release()
        if ranks.main:
            ready.save(folder)
    run.event(
        "contender_finished",
        contender=name,
        seconds=result.seconds,
        tokens=result.tokens,
        steps=result.steps,
        best_step=result.best_step,
        trained_parameters=result.trained_parameters,
        parameters=ready.parameters,
        peak_memory_bytes=peak_memory_bytes(device),
        # Of all its seconds, those before an interruption too, at the power of what ran now.
        energy_wh=_watt_hours(energy, result.seconds, device, ranks),
        energy_source=energy.source,
    )
    progress.finish()
    return result


def _watt_hours(
    counter: EnergyCounter, seconds: float, device: torch.device, ranks: Ranks
) -> float | None:
    """Of a training of so many seconds in all processes. Each counts its own GPU, but all of them
    the same processor."""
    own = counter.watt_hours_of(seconds)
    if device.type != "cuda":
        return own
    unknown, total = ranks.sum(float(own is None), own or 0.0)
    return None if unknown else total


@contextmanager
def _memory_told(
    name: str, device: torch.device, training: Training | None = None
) -> Iterator[None]:
    """Raise a lack of memory as what it is, with sizes."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        known = (None, None) if training is None else (training.chosen, training.memory)
        raise ran_out(name, device, *known) from error
