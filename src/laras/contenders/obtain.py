"""The ways to get a candidate. Each is one function under a kind's name.

A candidate is always loaded from the files that the run leaves behind, never taken over from
training: what is judged is what can be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PreTrainedModel

from laras.errors import GuardStopped, ModelRefused, StorageFailed, UsageError
from laras.evaluation.evaluate import Candidate
from laras.models.load import load_model, quiet
from laras.recipe.schema import Contender, ModelSection
from laras.registry import Registry
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.tune import Assignment, best_device, tune

_MERGING_TOLERANCE = 1e-4  # of the largest logit, in float32

Obtain = Callable[[Assignment, Run, Progress], None]

contenders: Registry[Obtain] = Registry("contender")


def _nothing_to_do(assignment: Assignment, run: Run, progress: Progress) -> None:
    """The base model competes as it is; it only gets its folder."""
    run.contender(assignment.contender.name)


def _tune(assignment: Assignment, run: Run, progress: Progress) -> None:
    tune(assignment, run, progress)


contenders.register("base", _nothing_to_do)
contenders.register("lora", _tune)
contenders.register("full", _tune)
contenders.register("freeze", _tune)


def obtain(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Bring the contender's files into the run folder, if they are not there yet."""
    contenders.get(assignment.contender.kind)(assignment, run, progress)


def load_candidate(
    contender: Contender, model: ModelSection, recipe_folder: Path, run: Run
) -> Candidate:
    """The contender's model, in float32 and evaluation mode, from the run's files.

    An adapter is merged into its base in float32: the same logits within rounding, at the base
    model's speed. UsageError where it is not trained yet, StorageFailed where its files are not
    what training left.
    """
    folder = run.contender(contender.name) / "model"
    if contender.kind != "base":
        _check_files(contender.name, folder, run)
    if contender.kind in ("full", "freeze"):
        own = model.model_copy(update={"base": str(folder.resolve()), "revision": None})
        loaded = load_model(own, recipe_folder, device=best_device())
        return Candidate(contender.name, loaded)
    if contender.kind == "lora":
        # The template that it was trained with lies beside it.
        model = model.model_copy(
            update={"chat_template": str((folder / "chat_template.jinja").resolve())}
        )
    loaded = load_model(model, recipe_folder, device=best_device())
    if contender.kind == "lora":
        loaded = replace(loaded, model=_merged(loaded.model, folder))
    return Candidate(contender.name, loaded)


def _check_files(name: str, folder: Path, run: Run) -> None:
    """Weights with a flipped bit load like any others, so their hashes are looked at first."""
    stage = run.finished_stage(f"tune-{name}")
    if stage is None:
        raise UsageError(
            "contender.not-trained",
            _("The contender {name!r} is not trained yet.").format(name=name),
            where=str(run.folder),
            hint=_("`laras run` with its recipe trains it."),
        )
    if not stage.done:
        raise StorageFailed(
            "runs.damaged",
            _("The model's files are not what training left."),
            where=str(folder),
            hint=_("Run the same command again: `laras run` trains what is damaged anew."),
        )


@torch.no_grad()
def _merged(base: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """The base with the adapter of ``folder`` merged in, checked against the two side by side.

    peft only warns where an adapter's weights find no place in the model, and the base would then
    be judged, or shipped, under the adapter's name.
    """
    with quiet():
        adapted = PeftModel.from_pretrained(base, str(folder)).eval()
    saved = load_file(folder / "adapter_model.safetensors")
    # Its default would ask a hub whether the base's vocabulary was changed.
    expected_names = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    if set(saved) != set(expected_names):
        raise ModelRefused(
            "contender.adapter-misfit",
            _("The adapter does not belong to this base model."),
            where=str(folder),
            hint=_("Delete the contender's folder and give the command again."),
        )
    probe = torch.arange(2, 34, device=base.device)[None] % base.config.vocab_size
    expected = adapted(input_ids=probe).logits
    _check_finite(expected, folder)
    with quiet():
        merged: PreTrainedModel = adapted.merge_and_unload().eval()
    found = merged(input_ids=probe).logits
    _check_finite(found, folder)
    difference = float((found - expected).abs().max())
    if not difference <= _MERGING_TOLERANCE * max(1.0, float(expected.abs().max())):
        raise ModelRefused(
            "contender.merge-differs",
            _("Merging the adapter changes the model's logits by {difference:.1e}.").format(
                difference=difference
            ),
            where=str(folder),
        )
    return merged


def _check_finite(logits: torch.Tensor, folder: Path) -> None:
    if not torch.isfinite(logits).all():
        raise GuardStopped(
            "tuning.not-finite",
            _("The tuned model's logits are not finite."),
            where=str(folder),
            hint=_("Training went too far: lower tuning.learning_rate."),
        )
