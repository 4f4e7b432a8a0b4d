"""The kinds of questions that prompts are made for, each with the metric that compares them there.

Labels and conversations want different instructions and examples: each kind gets a prompt of its
own, so that the base model is asked well wherever a tuned one is held against it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from laras.contenders.primary import expected_primary
from laras.evaluation.metric import METRICS, Metric
from laras.records import Task
from laras.runs.progress import Progress
from laras.translation import _

_ASKED: tuple[Task, ...] = ("chat", "classification")


@dataclass(frozen=True, slots=True)
class Kind:
    """Examples of one ``task``; ``metric``: what a verdict over rows like these alone would turn
    on; ``main``: whether the verdict over all rows turns on this kind."""

    task: Task
    metric: Metric
    main: bool


def kinds_of(
    wish: str, families: Collection[str], tasks: Collection[str], otherwise: str | None = None
) -> list[Kind]:
    """One for each of ``tasks`` that asks something and that a metric judges.

    ``wish``: the metric that the recipe wants the verdict to turn on, or ``auto``; ``families`` of
    metrics to choose from; ``otherwise``: the metric where none of these judges a kind.
    """
    asked = [task for task in _ASKED if task in tasks]
    primary = expected_primary(wish, families, asked)
    of_labels = primary is not None and METRICS.get(primary.name).task == "classification"
    main = asked[-1] if of_labels else asked[0] if asked else None
    found = []
    for task in asked:
        chosen = expected_primary(wish, families, [task])
        name = otherwise if chosen is None else chosen.name
        if name is not None:
            found.append(Kind(task, METRICS.get(name), task == main))
    return found


def tell_of_unprompted(
    name: str, audit: Mapping[str, Any], prompted: Collection[str], progress: Progress
) -> None:
    """A note of each kind in the test that no prompt was chosen for. ``audit``: of the data."""
    tasks = audit["splits"].get("test", {}).get("tasks", ())
    for task in _ASKED:
        if task in tasks and task not in prompted:
            progress.note(
                _("{name} has no prompt for {questions}, which are asked as they are.").format(
                    name=name, questions=in_words(task)
                )
            )


def in_words(task: object) -> str:
    """Questions of a kind, in the language in use."""
    titles = {"chat": _("answers"), "classification": _("labels")}
    return titles.get(str(task), _("all questions"))
