"""A contender made ready to be trained: loaded, encoded, planned; and how its result is saved."""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from peft import PeftModel

from laras.adapters.learnt_before import LEARNT_BEFORE
from laras.adapters.prepare import first_weights, prepare_for, save_adapter
from laras.adapters.soft_prompt import refuse_head
from laras.batches.account import write_account
from laras.batches.token_batch import EncodedExample
from laras.batches.tokens import Wanted, split_tokens
from laras.devices.memory import held_memory_bytes, reset_peak_memory, total_bytes
from laras.distribution.ranks import Ranks
from laras.engine.precision import choose, use_float8
from laras.errors import DataRefused, UsageError
from laras.models.classifier import add_to_adapter, as_classifier, padding_id
from laras.models.load import LoadedModel, context_behind, load_model, resolve_model
from laras.models.save import save_model
from laras.models.virtual_tokens import virtual_ids
from laras.objectives.classification import add_head, classes_of
from laras.objectives.objective import objectives
from laras.planning.hyperparameters import VIRTUAL_TOKENS, resolve
from laras.recipe.schema import TuningSection
from laras.runs.atomic import publish_folder
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment
from laras.tuning.dividing import is_divided
from laras.tuning.fitting import plan_activations, recompute, refuse_what_never_fits
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

if TYPE_CHECKING:
    from laras.preparation.pipeline import Prepared


@dataclass(frozen=True, slots=True)
class Ready:
    """A training before its first step, and what belongs to its result.

    ``first``: first weights of an adapter that was taken out of the base; ``classes``: of a head;
    ``parameters``: of the base; ``reasons``: why each setting is as it is; ``held_before``: bytes
    that were held on the device before anything was loaded.
    """

    training: Training
    loaded: LoadedModel
    first: dict[str, torch.Tensor] | None
    classes: tuple[str, ...] | None
    parameters: int
    reasons: dict[str, str]
    held_before: int

    def memory_facts(self) -> dict[str, Any] | None:
        """The forecast of memory for the events; None where there is none."""
        planned = self.training.memory
        if planned is None:
            return None
        return {**planned.facts(), "held_before_bytes": self.held_before}

    def save(self, folder: Path) -> None:
        """Publish what was trained as ``folder``, once the engine has let go of the model.

        An adapter, or what is learnt before examples, in peft's format, anything else as a whole
        model.
        """
        loaded, model, method = self.loaded, self.training.model, self.training.chosen.method
        temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
        temporary.mkdir(parents=True)
        pad_id = padding_id(loaded.tokenizer, loaded.template)
        try:
            if isinstance(model, PeftModel):
                save_adapter(model, temporary, loaded.name, self.first)
                if self.classes is not None:
                    add_to_adapter(temporary, loaded.model, self.classes, pad_id)
                loaded.tokenizer.save(temporary, loaded.template.text)
            elif method in LEARNT_BEFORE:
                LEARNT_BEFORE[method].save(loaded.model, temporary, loaded.name)
                loaded.tokenizer.save(temporary, loaded.template.text)
            else:
                # Frozen matrices may have been held in bfloat16; a file has one precision.
                whole = loaded.model.float()
                if self.classes is not None:
                    whole = as_classifier(whole, self.classes, pad_id)
                save_model(whole, loaded.tokenizer, loaded.template, temporary)
            publish_folder(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def make_ready(
    assignment: Assignment,
    key: str,
    run: Run,
    progress: Progress,
    device: torch.device,
    kind: type[Training] = Training,
    tokens: Path | None = None,
    ranks: Ranks | None = None,
) -> Ready:
    """The contender's training as ``kind``, on ``device``; ``tokens``: where encoded splits are
    kept, default in ``run``; ``ranks``: the processes that train together. MemoryExhausted where
    the model can't fit, DataRefused where no example is left, UsageError for what this model can't
    do."""
    contender, ranks = assignment.contender, ranks or Ranks()
    reset_peak_memory(device)
    held_before = held_memory_bytes(device)
    precision = choose(assignment.model.precision, device)
    base = resolve_model(assignment.model, assignment.recipe_folder)
    # A GPU is one process's own, the main memory all processes' together.
    sharers = ranks.count if device.type == "cpu" else 1
    divided = is_divided(assignment, base, ranks, total_bytes(device) // sharers)
    share = (ranks.count if divided else 1) / sharers
    refuse_what_never_fits(base, contender, assignment.tuning, device, share)
    loaded = load_model(
        assignment.model,
        assignment.recipe_folder,
        device=torch.device("cpu") if divided else device,
        trainable=True,
        quantised=contender.quantised,
        compute=precision,
    )
    parameters = loaded.model.num_parameters()
    objective = objectives.get(contender.objective or assignment.tuning.objective)
    if contender.kind in LEARNT_BEFORE:
        refuse_head(contender.name, objective.has_head)
        count = contender.virtual_tokens or VIRTUAL_TOKENS
        loaded = replace(loaded, context=context_behind(loaded, count))
    wanted = Wanted(objective.tasks, classes_of(assignment.prepared.audit, objective))
    with ranks.main_first("encoded"):
        data = encoded(assignment.prepared, loaded, assignment.tuning, run, wanted, tokens)
    chosen, reasons = resolve(
        assignment.tuning, contender, parameters, int(np.sum(data.train_lengths))
    )
    model = prepare_for(loaded.model, chosen, loaded.new_ids)
    data = data.begun_with(virtual_ids(loaded.model))
    first = first_weights(model, chosen) if isinstance(model, PeftModel) else None
    if wanted.classes is not None:
        add_head(loaded.model, len(wanted.classes))
    training = kind(
        model=model,
        data=data,
        chosen=chosen,
        objective=objective,
        run=run,
        contender=contender.name,
        precision=precision,
        key=key,
        progress=progress,
        # Layers that torchao has replaced are run as they are; so are those that are gathered.
        fastest="packed" if divided or assignment.model.precision == "float8" else "fast",
        ranks=ranks,
        divided_on=device if divided else None,
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
    if divided and chosen.recompute_activations != "never":
        training.forward.recompute_activations()
    elif not divided:
        training.memory = plan_activations(
            training.forward, chosen, parameters, data.train_lengths, precision, sharers
        )
        recompute(training.memory, chosen, training.forward)
    return Ready(training, loaded, first, wanted.classes, parameters, reasons, held_before)


def encoded(
    prepared: Prepared,
    loaded: LoadedModel,
    tuning: TuningSection,
    run: Run,
    wanted: Wanted,
    folder: Path | None = None,
) -> TrainingData:
    """The splits in tokens, kept in ``folder`` (default: the run's). DataRefused where nothing is
    left to train on."""
    folder = folder or run.data / "tokens"
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
