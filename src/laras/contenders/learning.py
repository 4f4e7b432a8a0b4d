"""What each contender of a recipe learns, checked before anything that takes time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.errors import DataRefused, UsageError
from laras.evaluation.answered import OF_LIKELIHOODS
from laras.evaluation.catalogue import metrics_of
from laras.models.classifier import check_family
from laras.objectives.classification import classes_of
from laras.objectives.objective import Objective, objectives
from laras.recipe.schema import Contender, Recipe
from laras.translation import _


def objectives_of(recipe: Recipe, model_type: str) -> dict[str, Objective]:
    """The objective of each contender that is tuned, by its name.

    UsageError where there is no such objective, ModelRefused where a model of this type can't get
    the head that one needs.
    """
    found = {}
    for contender in recipe.comparison.contenders:
        name = recipe.objective_of(contender)
        if name is not None:
            found[contender.name] = objectives.get(name)
            if found[contender.name].has_head:
                check_family(model_type)
    return found


def check_data(recipe: Recipe, chosen: Mapping[str, Objective], audit: Mapping[str, Any]) -> None:
    """DataRefused where a contender would have nothing to learn, or a prompt nothing to be put
    before; UsageError where one that only names labels could be judged by nothing."""
    trained, tested = (set(audit["splits"][split]["tasks"]) for split in ("train", "test"))
    for contender in recipe.comparison.contenders:
        objective = chosen.get(contender.name)
        if contender.kind in ("prompt", "api"):
            _check_questions(recipe, contender, audit)
        if contender.kind == "api":
            _check_answers_judged(recipe, contender, audit)
        if objective is None:
            continue
        if not trained & objective.tasks:
            raise DataRefused(
                "tuning.nothing-for-objective",
                _("{name} learns from {wanted} only; the training data has {given}.").format(
                    name=contender.name,
                    wanted=", ".join(sorted(objective.tasks)),
                    given=", ".join(sorted(trained)) or _("none"),
                ),
                where=_place(recipe, contender),
            )
        classes_of(audit, objective)
        if objective.has_head and not (
            "classification" in tested and "f1" in recipe.evaluation.metrics
        ):
            raise UsageError(
                "comparison.head-not-judged",
                _("{name} only names labels, and nothing here judges them.").format(
                    name=contender.name
                ),
                where=_place(recipe, contender),
                hint=_("It takes labelled rows in the test, and f1 among evaluation.metrics."),
            )


def _check_questions(recipe: Recipe, contender: Contender, audit: Mapping[str, Any]) -> None:
    """DataRefused where the test or the validation set has nothing but texts."""
    number = recipe.comparison.contenders.index(contender)
    for split, hint in (
        ("test", _("Leave the contender out: texts are continued, and nothing is asked.")),
        ("validation", _("Raise data.validation_share, or give data.validation.")),
    ):
        if not set(audit["splits"][split]["tasks"]) - {"text"}:
            raise DataRefused(
                "prompting.nothing-to-ask",
                _("{name} puts a prompt before questions; the {split} set has none.").format(
                    name=contender.name, split=split
                ),
                where=f"comparison.contenders.{number}",
                hint=hint,
            )


def _check_answers_judged(recipe: Recipe, contender: Contender, audit: Mapping[str, Any]) -> None:
    """UsageError where the verdict is to turn on what takes likelihoods, or nothing else is
    measured: of an endpoint there are answers only."""
    number = recipe.comparison.contenders.index(contender)
    if recipe.comparison.primary_metric == "perplexity":
        raise UsageError(
            "comparison.no-likelihood",
            _("{name} only answers, and has no perplexity that a verdict could turn on.").format(
                name=contender.name
            ),
            where="comparison.primary_metric",
            hint=_("Choose a metric of answers here, or leave the contender out."),
        )
    for split in ("test", "validation"):
        tasks = [task for task in audit["splits"][split]["tasks"] if task != "text"]
        families = [each for each in recipe.evaluation.metrics if each not in OF_LIKELIHOODS]
        if not any(each.judges and each.task in tasks for each in metrics_of(families)):
            raise UsageError(
                "comparison.answers-not-judged",
                _(
                    "{name} only answers, and nothing here judges answers to the {split} set."
                ).format(name=contender.name, split=split),
                where=f"comparison.contenders.{number}",
                hint=_("Add f1 to evaluation.metrics for labels, rouge for answers in free text."),
            )


def _place(recipe: Recipe, contender: Contender) -> str:
    if contender.objective is None:
        return "tuning.objective"
    return f"comparison.contenders.{recipe.comparison.contenders.index(contender)}.objective"
