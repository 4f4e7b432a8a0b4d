"""Tune one contender: load, make ready, train, save what was trained."""

from __future__ import annotations

import shutil
import time
import uuid
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from peft import PeftModel

from laras.adapters.prepare import first_weights, prepare_for, save_adapter
from laras.batches.account import write_account
from laras.batches.token_batch import EncodedExample
from laras.batches.tokens import Wanted, split_tokens
from laras.errors import DataRefused, MemoryExhausted, UsageError, is_out_of_memory
from laras.models.classifier import add_to_adapter, as_classifier, padding_id
from laras.models.load import LoadedModel, load_model, resolve_model
from laras.models.places import template_file
from laras.models.save import save_model
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.runs.atomic import publish_folder
from laras.runs.folder import Run
from laras.runs.hashing import content_hash, file_sha256
from laras.runs.heap import reused_memory
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.fitting import (
    plan_activations,
    recompute,
    refuse_what_never_fits,
    tell_what_hardly_fits,
)
from laras.tuning.learning_rates import tell_of_idle_decay
from laras.tuning.loop import Training, TrainingData, TrainingResult
from laras.tuning.memory import peak_memory_bytes, reset_peak_memory
from laras.tuning.objectives.classification import add_head, classes_of
from laras.tuning.objectives.objective import objectives
from laras.tuning.precision import choose, use_float8

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared

_FEW_STEPS = 20  # fewer hardly move a model
VERSION = 3  # raise it when the same input gives other weights


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one contender is tuned with. ``model_digest`` names the base model's files."""

    contender: Contender
    model: ModelSection
    model_digest: str
    recipe_folder: Path
    tuning: TuningSection
    prepared: Prepared

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


def tune(assignment: Assignment, run: Run, progress: Progress) -> Path:
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
            training, result = _train(assignment, key, run, folder, progress)
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
    assignment: Assignment, key: str, run: Run, folder: Path, progress: Progress
) -> tuple[Training, TrainingResult]:
    contender = assignment.contender
    device = best_device()
    reset_peak_memory(device)
    precision = choose(assignment.model.precision, device)
    base = resolve_model(assignment.model, assignment.recipe_folder)
    refuse_what_never_fits(base, contender, assignment.tuning, device)
    loaded = load_model(
        assignment.model,
        assignment.recipe_folder,
        device=device,
        trainable=True,
        quantised=contender.quantised,
        compute=precision,
    )
    parameters = loaded.model.num_parameters()
    chosen, reasons = resolve(assignment.tuning, contender, parameters)
    objective = objectives.get(chosen.objective)
    wanted = Wanted(objective.tasks, classes_of(assignment.prepared.audit, objective))
    data = _encoded(assignment.prepared, loaded, assignment.tuning, run, wanted)
    model = prepare_for(loaded.model, chosen, loaded.new_ids)
    first = first_weights(model, chosen) if isinstance(model, PeftModel) else None
    if wanted.classes is not None:
        add_head(loaded.model, len(wanted.classes))
    training = Training(
        model=model,
        data=data,
        chosen=chosen,
        objective=objective,
        run=run,
        contender=contender.name,
        precision=precision,
        key=key,
        progress=progress,
        # Layers that torchao has replaced are run as they are.
        fastest="packed" if assignment.model.precision == "float8" else "fast",
    )
    if assignment.model.precision == "float8":
        use_float8(model)
    if chosen.quantised == "fp8" and (problem := training.forward.hold_float8()):
        raise UsageError(
            "tuning.no-fp8-way",
            _("An FP8 base is not available for {model}: {reason}").format(
                model=loaded.name, reason=problem
            ),
            where="quantised",
            hint=_("Use quantised: nf4 or int8, or leave it out."),
        )
    memory = plan_activations(training.forward, chosen, parameters, data.train_lengths, precision)
    recompute(memory, chosen, training.forward)
    if memory is not None:
        training.memory = memory
        tell_what_hardly_fits(memory, contender.name, progress)
    run.event(
        "training_planned",
        contender=contender.name,
        steps=len(training.steps),
        precision=str(precision).removeprefix("torch."),
        device=device.type,
        settings=asdict(chosen),
        reasons=reasons,
        memory=None if memory is None else memory.facts(),
    )
    tell_of_idle_decay(model, chosen, contender.name, progress)
    if len(training.steps) < _FEW_STEPS:
        progress.note(
            _(
                "{name} gets only {steps} optimizer steps: add rows, raise tuning.epochs or lower "
                "tuning.batch_tokens."
            ).format(name=contender.name, steps=len(training.steps))
        )
    progress.stage(_("Tuning {name}").format(name=contender.name), len(training.steps))
    result = training.run()
    training.forward.release()
    _save(loaded, model, first, wanted.classes, folder)
    run.event(
        "contender_finished",
        contender=contender.name,
        seconds=result.seconds,
        tokens=result.tokens,
        steps=result.steps,
        best_step=result.best_step,
        trained_parameters=result.trained_parameters,
        parameters=parameters,
        peak_memory_bytes=peak_memory_bytes(device),
    )
    progress.finish()
    return training, result


def _encoded(
    prepared: Prepared, loaded: LoadedModel, tuning: TuningSection, run: Run, wanted: Wanted
) -> TrainingData:
    folder = run.data / "tokens"
    splits = {
        name: split_tokens(path, loaded, folder, wanted)
        for name, path in (("train", prepared.train), ("validation", prepared.validation))
    }
    write_account(run, prepared.key, wanted, splits)
    for name, split in splits.items():
        run.event("split_encoded", split=name, **split.encoder)
    train, validation = splits["train"].tokens, splits["validation"].tokens
    if not len(train) or not train.trained_tokens:
        rejections = splits["train"].rejections
        reasons = Counter(row.reason for row in rejections)
        if reasons and reasons.most_common(1)[0][0] == "template-refused":
            details = Counter(row.detail for row in rejections if row.reason == "template-refused")
            raise DataRefused(
                "tuning.nothing-to-train",
                _("The chat template takes none of the training examples: {reason}").format(
                    reason=details.most_common(1)[0][0]
                ),
                hint=_("Give another template as model.chat_template, or change the data."),
            )
        raise DataRefused(
            "tuning.nothing-to-train",
            _("No training example fits the model's {context} tokens ({reasons}).").format(
                context=loaded.context, reasons=", ".join(sorted(reasons))
            ),
            hint=_("Raise model.context, or cut the data into shorter pieces."),
        )
    return TrainingData(train, train.lengths, _sample(validation, tuning))


def _sample(validation: Any, tuning: TuningSection) -> list[EncodedExample]:
    """At most ``validation_rows`` of the validation examples, the same ones every time."""
    count = len(validation)
    if count > tuning.validation_rows:
        generator = np.random.Generator(np.random.Philox(key=[tuning.seed, 1]))
        chosen = sorted(generator.choice(count, tuning.validation_rows, replace=False).tolist())
    else:
        chosen = list(range(count))
    return [validation[index] for index in chosen]


def _save(
    loaded: LoadedModel,
    model: torch.nn.Module,
    first: dict[str, torch.Tensor] | None,
    classes: tuple[str, ...] | None,
    folder: Path,
) -> None:
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    temporary.mkdir(parents=True)
    pad_id = padding_id(loaded.tokenizer, loaded.template)
    try:
        if isinstance(model, PeftModel):
            save_adapter(model, temporary, loaded.name, first)
            if classes is not None:
                add_to_adapter(temporary, loaded.model, classes, pad_id)
            loaded.tokenizer.save(temporary, loaded.template.text)
        else:
            # Frozen matrices may have been held in bfloat16; a file has one precision.
            whole = loaded.model.float()
            if classes is not None:
                whole = as_classifier(whole, classes, pad_id)
            save_model(whole, loaded.tokenizer, loaded.template, temporary)
        publish_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
