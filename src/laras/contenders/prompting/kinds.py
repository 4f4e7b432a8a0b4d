"""The kinds of questions that prompts are made for, each with the metric that compares them there.

Labels and conversations want different instructions and examples: each kind gets a prompt of its
own, so that the base model is asked well wherever a tuned one is held against it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from laras.contenders.primary import expected_primary
from laras.evaluation.metric import METRICS, Metric
from laras.records import Task

ASKED: tuple[Task, ...] = ("chat", "classification")


@dataclass(frozen=True, slots=True)
class Kind:
    """Examples of one ``task``; ``metric``: what a verdict over rows like these alone would turn
    on."""

    task: Task
    metric: Metric


def kinds_of(wish: str, families: Collection[str], tasks: Collection[str]) -> list[Kind]:
    """One for each of ``tasks`` that asks something and that a metric judges.

    ``wish``: the metric that the recipe wants the verdict to turn on, or ``auto``; ``families`` of
    metrics to choose from.
    """
    found = [(task, expected_primary(wish, families, [task])) for task in ASKED if task in tasks]
    return [Kind(task, METRICS.get(primary.name)) for task, primary in found if primary is not None]
