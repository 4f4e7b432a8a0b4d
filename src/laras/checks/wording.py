"""How much hangs on the wording of a question: the same test rows, asked in other words.

For labels: whether the right one is found, and whether the label changes. For answers: how many
words they share with the reference (F1 of words), and with the answer to the question as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.checks.check import Check, Finding, Grounds, Measured, checks
from laras.checks.inquiry import Inquiry, inquiry
from laras.checks.rewording import instructions_of, main_language, rewordings
from laras.checks.wording_finding import compare_wording
from laras.evaluation.candidate import Candidate
from laras.evaluation.rows import last_answer, sampled
from laras.evaluation.token_f1 import token_f1
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.progress import Progress

ANSWER_TOKENS = 32  # how an answer begins is enough to see whether it is another one
ANSWERED_SHARE = 0.5  # of check_rows: an answer costs many times what a label does
WORDINGS = 2  # of each row; which ones of those that it has goes by its name


def measure(
    candidate: Candidate, grounds: Grounds, section: EvaluationSection, progress: Progress
) -> Mapping[str, Any] | None:
    """For each row: its score as it was asked, and score and change by kind of rewording."""
    with inquiry(candidate, section) as asking:
        rows = [*_labels(asking, grounds, section), *_answers(asking, grounds, section)]
    return {"name": candidate.name, "rows": rows} if rows else None


def compare(
    name: str, own: Measured, reference: Measured | None, section: EvaluationSection
) -> Finding | None:
    """Whether ``name`` loses more by other words than the reference, for labels and answers."""
    return compare_wording(name, own, reference, section)


def _labels(asking: Inquiry, grounds: Grounds, section: EvaluationSection) -> list[dict[str, Any]]:
    chosen, asked = _chosen(asking, grounds, "classification", section.check_rows)
    labels = list(grounds.labels) or sorted({each.label or "" for each, _k in chosen})
    found = iter(asking.likeliest_labels(asked, labels))
    rows = []
    for example, kinds in chosen:
        literal, others = next(found), [next(found) for _kind in kinds]
        if literal is not None:
            named = {k: o for k, o in zip(kinds, others, strict=True) if o is not None}
            scores = {kind: label == example.label for kind, label in named.items()}
            changes = {kind: label != literal for kind, label in named.items()}
            rows.append(_row(example, float(literal == example.label), scores, changes))
    return [row for row in rows if row["reworded"]]


def _answers(asking: Inquiry, grounds: Grounds, section: EvaluationSection) -> list[dict[str, Any]]:
    most = max(1, round(ANSWERED_SHARE * section.check_rows))
    chosen, asked = _chosen(asking, grounds, "chat", most)
    limit = min(ANSWER_TOKENS, section.max_new_tokens)
    found = iter(asking.answers(asked, limit))
    rows = []
    for example, kinds in chosen:
        literal, others = next(found), [next(found) for _kind in kinds]
        last = last_answer(example)
        if literal is None or last is None:
            continue
        reference = example.messages[last].content
        texts = {k: o.text for k, o in zip(kinds, others, strict=True) if o is not None}
        scores = {kind: overlap(text, reference) for kind, text in texts.items()}
        changes = {kind: 1.0 - overlap(text, literal.text) for kind, text in texts.items()}
        rows.append(_row(example, overlap(literal.text, reference), scores, changes))
    return [row for row in rows if row["reworded"]]


def _chosen(
    asking: Inquiry, grounds: Grounds, task: str, most: int
) -> tuple[list[tuple[Example, list[str]]], list[Example]]:
    """A sample of test rows with the kinds of other wordings they have, and all that is asked: each
    row as it is, then in its other wordings."""
    instructions = instructions_of([*grounds.train, *grounds.test])
    language = main_language(grounds.languages)
    worded = {
        example.example_id: others
        for example in grounds.test
        if example.task == task
        and (others := _some(example, rewordings(example, instructions, language)))
    }
    able = [example for example in grounds.test if example.example_id in worded]
    chosen, asked = [], []
    for example in sampled(able, most, asking.section.seed):
        others = worded[example.example_id]
        chosen.append((example, list(others)))
        asked += [asking.candidate.rewrite(each) for each in (example, *others.values())]
    return chosen, asked


def _some(example: Example, others: dict[str, Example]) -> dict[str, Example]:
    """A few of the ``others``, so that all kinds have their turn."""
    first = sum(example.example_id.encode())
    kinds = list(others)
    chosen = {kinds[(first + step) % len(kinds)] for step in range(min(WORDINGS, len(kinds)))}
    return {kind: other for kind, other in others.items() if kind in chosen}


def overlap(answer: str, reference: str) -> float:
    """F1 of the words of two texts, as in the metric; those that are the same are all the same."""
    return 1.0 if answer == reference else token_f1([answer], [reference])[0]


def _row(
    example: Example,
    literal: float,
    scores: Mapping[str, float | bool],
    changes: Mapping[str, float | bool],
) -> dict[str, Any]:
    return {
        "id": example.example_id,
        "group": example.group,
        "task": example.task,
        "literal": literal,
        "reworded": {kind: float(score) for kind, score in scores.items()},
        "changed": {kind: float(change) for kind, change in changes.items()},
    }


checks.register("wording", Check("wording", measure, compare))
