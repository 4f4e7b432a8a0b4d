"""Tune one contender: load, make ready, train, save what was trained."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from laras.errors import MemoryExhausted, is_out_of_memory
from laras.models.places import template_file
from laras.recipe.schema import Contender, EvaluationSection, ModelSection, TuningSection
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.energy import energy_counter
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
    contender is judged; tuning reads neither.
    """

    contender: Contender
    model: ModelSection
    model_digest: str
    recipe_folder: Path
    tuning: TuningSection
    prepared: Prepared
    evaluation: EvaluationSection = field(default_factory=EvaluationSection)
    primary_metric: str = "auto"

    def key(self) -> str:
        """Hash of all that decides the weights.

        Settings that only decide how often is saved, or how a step is cut into what memory holds,
        are left out: after running out of memory one lowers the latter and goes on.
        """
        tuning = self.tuning.model_dump(
            exclude={
                "checkpoint_every_s",
                "checkpoint_every_steps",
                "keep_checkpoints",
                "micro_batch_tokens",
                "recompute_activations",
            }
        )
        template = template_file(self.model, self.recipe_folder)
        return content_hash(
            VERSION,
            self.contender.model_dump(exclude={"micro_batch_tokens"}),
            self.model.model_dump(exclude={"base", "download", "revision", "chat_template"}),
            self.model_digest,
            None if template is None else file_sha256(template),
            tuning,
            self.prepared.key,
        )


def best_device() -> torch.device:
    """The GPU if there is one, NVIDIA's or a Mac's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


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
    run.event("stage_started", stage=f"tune-{name}")
    started = time.monotonic()
    try:
        with reused_memory():
            training, result = _train(assignment, key, run, folder, progress, watcher)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryExhausted(
            "tuning.out-of-memory",
            _("Not enough memory to tune {name}.").format(name=name),
            hint=_(
                "Halve tuning.micro_batch_tokens or model.context, use lora instead of full, or "
                "a quantised base (quantised: nf4). "
                "What was saved stays; the same command continues."
            ),
        ) from error
    stage.finish({"model": folder, **asdict(result)})
    # The result is published and recorded; what served to continue is only weight on the disk now.
    training.continuation.clear()
    run.event("stage_finished", stage=f"tune-{name}", seconds=time.monotonic() - started)
    return folder


def _train(
    assignment: Assignment,
    key: str,
    run: Run,
    folder: Path,
    progress: Progress,
    watcher: Watcher | None,
) -> tuple[Training, TrainingResult]:
    name, device = assignment.contender.name, best_device()
    energy = energy_counter(device)
    # Beside the rows that were encoded: whoever else learns from them finds them there.
    tokens = assignment.prepared.train.parent / "tokens"
    ready = make_ready(assignment, key, run, progress, device, tokens=tokens)
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
    result = training.run()
    training.forward.release()
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
        energy_wh=energy.watt_hours_of(result.seconds),
        energy_source=energy.source,
    )
    progress.finish()
    return training, result
