"""The ways to get a candidate. Each is one function under a kind's name.

A candidate is always loaded from the files that the run leaves behind, never taken over from
training: what is judged is what can be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from laras.adapters.learnt_before import LEARNT_BEFORE
from laras.adapters.merging import merge
from laras.adapters.methods import ADAPTERS
from laras.contenders.prompting.obtain import load_prompted, obtain_prompt, prompt_key
from laras.devices.choice import best_device
from laras.errors import StorageFailed, UsageError
from laras.evaluation.candidate import Candidate
from laras.models.classifier import labels_of
from laras.models.load import context_behind, load_model
from laras.recipe.schema import Contender, ModelSection, TuningSection
from laras.registry import Registry
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment
from laras.tuning.tune import tune

Obtain = Callable[[Assignment, Run, Progress], None]

contenders: Registry[Obtain] = Registry("contender")


def _nothing_to_do(assignment: Assignment, run: Run, progress: Progress) -> None:
    """The base model competes as it is; it only gets its folder."""
    run.contender(assignment.contender.name)


def _tune(assignment: Assignment, run: Run, progress: Progress) -> None:
    tune(assignment, run, progress)


def _choose_hosted(assignment: Assignment, run: Run, progress: Progress) -> None:
    from laras.contenders.hosted.choosing import obtain_hosted  # it loads an HTTP client

    obtain_hosted(assignment, run, progress)


contenders.register("base", _nothing_to_do)
contenders.register("prompt", obtain_prompt)
contenders.register("api", _choose_hosted)
for _kind in ("full", "freeze", *LEARNT_BEFORE, *ADAPTERS):
    contenders.register(_kind, _tune)


def obtain(assignment: Assignment, run: Run, progress: Progress) -> None:
    """Bring the contender's files into the run folder, if they are not there yet."""
    contenders.get(assignment.contender.kind)(assignment, run, progress)


def key_of(assignment: Assignment) -> str:
    """Hash of all that decides the contender's files."""
    if assignment.contender.kind == "api":
        from laras.contenders.hosted.choosing import hosted_key

        return hosted_key(assignment)
    if assignment.contender.kind == "prompt":
        return prompt_key(assignment)
    if assignment.contender.kind == "base":  # how others are tuned changes nothing in it
        return replace(assignment, tuning=TuningSection()).key()
    return assignment.key()


def load_candidate(
    contender: Contender, model: ModelSection, recipe_folder: Path, run: Run
) -> Candidate:
    """The contender's model, in float32 and evaluation mode, from the run's files.

    An adapter is merged into its base in float32: the same logits within rounding, at the base
    model's speed. UsageError where it is not trained yet, its prompt not chosen, or its model not
    here but behind an endpoint; StorageFailed where its files are not what that left.
    """
    if contender.kind == "api":
        raise UsageError(
            "contender.behind-endpoint",
            _("The contender {name!r} answers from an endpoint; its model is not here.").format(
                name=contender.name
            ),
            where=str(run.folder),
            hint=_("Choose another contender."),
        )
    if contender.kind == "prompt":
        return load_prompted(contender, model, recipe_folder, run)
    folder = run.contender(contender.name) / "model"
    if contender.kind != "base":
        check_files(contender.name, folder, run)
    device, labels = best_device(), None
    if contender.kind != "base":
        labels = labels_of(folder)
    if contender.kind in ADAPTERS:
        own = with_template(model, folder)
        merged = merge(own, recipe_folder, folder, device, contender.quantised, labels)
        return Candidate(contender.name, merged.loaded, labels)
    if contender.kind in LEARNT_BEFORE:
        loaded = load_model(with_template(model, folder), recipe_folder, device=device)
        count = LEARNT_BEFORE[contender.kind].load(loaded.model, folder)
        loaded = replace(loaded, context=context_behind(loaded, count))
        return Candidate(contender.name, loaded)
    if contender.kind != "base":
        model = model.model_copy(update={"base": str(folder.resolve()), "revision": None})
    loaded = load_model(model, recipe_folder, device=device, labels=labels)
    return Candidate(contender.name, loaded, labels)


def with_template(model: ModelSection, folder: Path) -> ModelSection:
    """``model`` with the template that the adapter in ``folder`` was trained with, which lies
    beside it."""
    template = str((folder / "chat_template.jinja").resolve())
    return model.model_copy(update={"chat_template": template})


def check_files(name: str, folder: Path, run: Run) -> None:
    """Raise where the contender is not trained, or its files are not what training left: weights
    with a flipped bit load like any others, so their hashes are looked at first."""
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
