"""What a contender behind an endpoint will be asked, and the most that it can cost: from the very
messages that would be sent. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from laras.contenders.hosted.choosing import (
    choices_of,
    hosted_key,
    section_to_choose_by,
)
from laras.contenders.hosted.source import (
    answering,
    kept_replies,
    question_of,
    section_of,
    where,
)
from laras.contenders.hosted.unfinished import stopped_by_budget
from laras.contenders.prompting.kept import stage_of
from laras.endpoints.client import api_key
from laras.endpoints.kept import key_of
from laras.endpoints.spending import (
    Estimate,
    Question,
    announce,
    estimate,
    refuse_cost,
    spent_on,
)
from laras.evaluation.answered import longest_answer, rows_asked
from laras.evaluation.candidate import Rewrite, as_it_is
from laras.evaluation.classification import labels_to_name
from laras.preparation.pipeline import load_examples
from laras.recipe.endpoint import EndpointSection
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.damage import damage_told
from laras.runs.folder import Run
from laras.runs.progress import Progress
from laras.translation import _
from laras.tuning.assignment import Assignment

Questions = dict[str, Question]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is still to be asked at most; ``kept``: answers that are there, which cost ``spent``
    together with others that are kept."""

    estimate: Estimate
    kept: int
    spent: float

    def as_json(self, assignment: Assignment) -> dict[str, Any]:
        """The forecast beside the budget, for a plan."""
        section = section_of(assignment.contender)
        return {
            **asdict(self.estimate),
            "kept": self.kept,
            "spent": self.spent,
            "budget": section.budget,
            "currency": section.currency,
            "model": section.model,
        }


def forecast(assignment: Assignment, run: Run) -> Forecast:
    """Of the choice of prompts and of the test. Where they are yet to be chosen, the test counts
    with the dearest ones."""
    contender = assignment.contender
    section = section_of(contender)
    with damage_told(assignment.prepared.test):
        test = rows_asked(load_examples(assignment.prepared.test), assignment.evaluation)
    labels = assignment.prepared.audit["labels"]

    def judging(rewrite: Rewrite, tasks: Collection[str]) -> Questions:
        rows = [row for row in test if row.task in tasks]
        return _questions(rows, rewrite, assignment.evaluation, labels, assignment)

    asked: Questions = {}
    possible: list[list[Questions]] = []  # of each choice that is open, what each prompt would ask
    tasks = {row.task for row in test}
    if run.stage(stage_of(contender.name), hosted_key(assignment)).done:
        asked |= judging(answering(contender, run).rewrite, tasks)
    else:
        for choice in choices_of(assignment):
            bench = choice.bench
            rewrites = [bench.rewrite_with(prompt) for prompt in choice.prompts]
            possible.append([judging(rewrite, {bench.task}) for rewrite in rewrites])
            tasks.discard(bench.task)
            chosen_by = section_to_choose_by(bench.metric, assignment.evaluation)
            rows = rows_asked(choice.rows, chosen_by)
            for rewrite in rewrites:
                asked |= _questions(rows, rewrite, chosen_by, bench.labels, assignment)
        asked |= judging(as_it_is, tasks)
    store = kept_replies(contender, run)
    if store is None:
        return Forecast(_dearest(asked, possible, section), 0, 0.0)
    with store:
        spent = spent_on(store.replies(), section)
        every = [asked, *(questions for choice in possible for questions in choice)]
        kept = {key for each in every for key in each if store.get(key) is not None}

    def open_(questions: Questions) -> Questions:
        return {key: question for key, question in questions.items() if key not in kept}

    left = _dearest(
        open_(asked), [[open_(each) for each in choice] for choice in possible], section
    )
    return Forecast(left, len(kept), spent)


def announce_cost(assignment: Assignment, key: str, run: Run, progress: Progress) -> None:
    """Say what asking will cost; UsageError where the key is absent, or the budget may not suffice.

    ``key``: of the evaluation. One that ended at its budget before is not refused: it ends there
    again, and the others have their verdict.
    """
    contender = assignment.contender
    section = section_of(contender)
    api_key(section, where(contender))
    found = forecast(assignment, run)
    if not found.estimate.calls:
        return
    announce(contender.name, found.estimate, found.kept, found.spent, section, progress)
    if stopped_by_budget(run, contender, key):
        return
    refuse_cost(
        contender.name,
        found.estimate,
        found.spent,
        section,
        where(contender),
        _(
            "Lower evaluation.max_rows, max_new_tokens or the contender's prompt_rows or shots, "
            "name a single one of its ways, or raise the budget."
        ),
    )


def _dearest(
    asked: Questions, possible: Sequence[Sequence[Questions]], section: EndpointSection
) -> Estimate:
    """Of ``asked`` and the dearest of each choice."""

    def cost(questions: Questions) -> tuple[float, int]:
        found = estimate([*questions.values()], section)
        return found.money, found.input_tokens

    every = dict(asked)
    for choice in possible:
        dearest: Questions = max(choice, key=cost)
        every |= dearest
    return estimate([*every.values()], section)


def _questions(
    examples: Sequence[Example],
    rewrite: Rewrite,
    section: EvaluationSection,
    labels: Sequence[str],
    assignment: Assignment,
) -> Questions:
    """What the evaluation asks about ``examples``, by the keys of the replies."""
    endpoint = section_of(assignment.contender)
    references = {example.label for example in examples if example.label is not None}
    known = labels_to_name(labels, references)[0] if references else list(labels)
    found = {}
    for example in examples:
        question = question_of(rewrite(example), longest_answer(example.task, known, section))
        found[key_of(question, endpoint)] = question
    return found
