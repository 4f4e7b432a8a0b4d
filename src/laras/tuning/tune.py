"""Tune one contender: load, make ready, train, save what was trained."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from laras.distribution.processes import ONE_PROCESS, Processes
from laras.distribution.ranks import Ranks
from laras.errors import MemoryExhausted, is_out_of_memory
from laras.models.places import template_file
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.begun import key_of_begun
from laras.tuning.continuation import Continuation
from laras.tuning.energy import energy_counter, watt_hours
from laras.tuning.exhausted import OUT_OF_MEMORY, let_go, ran_out, with_half
from laras.tuning.fitting import tell_what_hardly_fits
from laras.tuning.learning_rates import tell_of_idle_decay
from laras.tuning.loop import Training
from laras.tuning.memory import peak_memory_bytes
from laras.tuning.ready import make_ready
from laras.tuning.result import TrainingResult
from laras.tuning.watcher import Watcher

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared

FEW_STEPS = 20  # fewer hardly move a model
VERSION = 3  # raise it when the same input gives other weights


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one contender is obtained with. ``model_digest`` names the base model's files.

    ``evaluation`` and ``primary_metric`` (as the recipe wishes) decide what is compared before the
    contender is judged; tuning reads neither. ``on_change``: what becomes of a training that was
    begun with something else (:mod:`.begun`). ``processes``: in how many it is trained; they decide
    nothing but the last bits of it.
    """

    contender: Contender
    model: ModelSection
    model_digest: str
    recipe_folder: Path
    tuning: TuningSection
    prepared: Prepared
    evaluation: EvaluationSection = field(default_factory=EvaluationSection)
    primary_metric: str = "auto"
    on_change: Literal["refuse", "allow", "restart"] = "refuse"
    processes: Processes = ONE_PROCESS

    def key(self) -> str:
        """Hash of all that decides the weights."""
        return content_hash(*self.deciding().values())

    def deciding(self) -> dict[str, Any]:
        """What decides the weights, by section of the recipe.

        Settings that only decide how often is saved, how a step is cut into what memory holds, or
        whether there will be weights at all, are left out: after running out of memory, or with
        another learning rate after a divergence, one goes on.
        """
        tuning = self.tuning.model_dump(
            exclude={
                "checkpoint_every_s",
                "checkpoint_every_steps",
                "keep_checkpoints",
                "micro_batch_tokens",
                "recompute_activations",
                "divergence",
                "on_out_of_memory",
            }
        )
        template = template_file(self.model, self.recipe_folder)
        beside = {"base", "download", "revision", "chat_template"}
        return {
            "laras.training": VERSION,
            "contender": self.contender.model_dump(exclude={"micro_batch_tokens"}),
            "model": self.model.model_dump(exclude=beside),
            "model.base": self.model_digest,
            "model.chat_template": None if template is None else file_sha256(template),
            "tuning": tuning,
            "data": self.prepared.key,
        }


def best_device(ranks: Ranks | None = None) -> torch.device:
    """The GPU if there is one, NVIDIA's or a Mac's, else the CPU. ``ranks``: several processes have
    an NVIDIA GPU each, or the CPU together."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if ranks is not None and ranks.count > 1:
        return torch.device("cpu")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def refuse_processes(processes: Processes) -> None:
    """UsageError where this machine can't have so many processes."""
    processes.refuse_impossible(torch.cuda.device_count())


def tune(
    assignment: Assignment, run: Run, progress: Progress, watcher: Watcher | None = None
) -> Path:
    """Train the contender and return the folder ``model`` that holds the result.

    An adapter is saved in peft's format, anything else as a whole model; both load without Laras.
    A stage that is done for the same key is not done again; an interrupted one goes on from its
    newest checkpoint. Raises what :meth:`Training.run` raises, and MemoryExhausted.
    """
    name = assignment.contender.name
    key = assignment.key()
    stage = run.stage(f"tune-{name}", key)
    folder = run.contender(name) / "model"
    if stage.done:
        return folder
    key = key_of_begun(assignment, key, run, progress)
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
                from laras.tuning.in_processes import train_in_processes

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
    name, device = assignment.contender.name, best_device(ranks)
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
        energy_wh=watt_hours(energy, result.seconds, device, ranks),
        energy_source=energy.source,
    )
    progress.finish()
    return result


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
