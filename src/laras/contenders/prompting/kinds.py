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
    on; ``main``: whether the verdict over the test turns on them."""

    task: Task
    metric: Metric
    main: bool


def kinds_of(
    wish: str,
    families: Collection[str],
    audit: Mapping[str, Any],
    otherwise: str | None = None,
) -> list[Kind]:
    """One for each kind of the validation rows that asks something and that a metric judges.

    ``wish``: the metric that the recipe wants the verdict to turn on, or ``auto``; ``families`` of
    metrics to choose from; ``audit``: of the data; ``otherwise``: the metric where none of these
    judges a kind.
    """
    splits = audit["splits"]
    judged = [task for task in splits.get("test", splits["validation"])["tasks"] if task in _ASKED]
    primary = expected_primary(wish, families, judged)
    of_task = None if primary is None else METRICS.get(primary.name).task
    found = []
    for task in _ASKED:
        if task not in splits["validation"]["tasks"]:
            continue
        chosen = expected_primary(wish, families, [task])
        name = otherwise if chosen is None else chosen.name
        if name is not None:
            found.append(Kind(task, METRICS.get(name), of_task in (None, task)))
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
