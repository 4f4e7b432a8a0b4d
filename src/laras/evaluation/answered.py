"""Judge whoever only answers: figures of answers, and none that takes a likelihood.

A label is what the answer says, matched as the generated answers of any candidate are; what is no
label counts as wrong. Perplexity and calibration are not there: they are unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laras.errors import DataRefused
from laras.evaluation.candidate import Answering, Written
from laras.evaluation.catalogue import answer_scores, metrics_of
from laras.evaluation.classification import labels_to_name, named_label
from laras.evaluation.concluded import concluded
from laras.evaluation.result import Evaluation
from laras.evaluation.rows import blank_row, last_answer, sampled
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.progress import Progress
from laras.translation import _

OF_LIKELIHOODS = ("perplexity", "calibration")  # families of metrics that take more than answers
_LEAST_LABEL_TOKENS = 16


def evaluate_answers(
    candidate: Answering,
    examples: Sequence[Example],
    section: EvaluationSection,
    labels: Sequence[str],
    progress: Progress,
) -> Evaluation:
    """Predictions and figures of ``candidate`` on those of ``examples`` that can be asked and that
    a metric judges the answers of; ``labels`` as for :func:`laras.evaluation.evaluate.evaluate`.

    Errors: DataRefused where there are no such examples, and what the source raises.
    """
    chosen = rows_asked(examples, section)
    if not chosen:
        raise DataRefused(
            "evaluation.no-rows",
            _("No test example is left to evaluate {name} on.").format(name=candidate.name),
        )
    rows = [_unread(example) for example in chosen]
    tasks = [example.task for example in chosen]
    written: list[Written] = []
    warnings: list[str] = []
    for task in dict.fromkeys(tasks):
        places = [place for place, each in enumerate(tasks) if each == task]
        of_task = [rows[place] for place in places]
        known, unknown = list(labels), list[str]()
        if task == "classification":
            known, unknown = labels_to_name(labels, {row["label"] for row in of_task})
        progress.stage(
            _("Judging {name}: {what}").format(name=candidate.name, what=_("answers")), len(places)
        )
        answers = candidate.source.answers(
            [candidate.rewrite(chosen[place]) for place in places],
            longest_answer(task, known, section),
            progress.advance,
        )
        for row, answer in zip(of_task, answers, strict=True):
            row["prediction"], row["finished"] = answer.text.strip(), answer.finished
        if task == "classification":
            warnings += [*unknown, *_name_labels(of_task, known)]
        else:
            _score(of_task, section)
        written += answers
    warnings += _refused(written)
    return concluded(rows, chosen, section, lambda: _cost(written), (), warnings)


def rows_asked(examples: Sequence[Example], section: EvaluationSection) -> list[Example]:
    """Those of ``examples`` that are asked: not texts, nor what no metric judges the answers of,
    nor answers that nothing goes before."""
    tasks = {metric.task for metric in metrics_of(section.metrics)}
    return [
        example
        for example in sampled(examples, section.max_rows, section.seed)
        if example.task in tasks and last_answer(example)
    ]


def longest_answer(task: str, labels: Sequence[str], section: EvaluationSection) -> int:
    """Tokens that an answer may take, in any tokenizer: a label has no more than it has bytes."""
    if task != "classification":
        return section.max_new_tokens
    return max([_LEAST_LABEL_TOKENS, *(len(each.encode("utf-8", "replace")) for each in labels)])


def _unread(example: Example) -> dict[str, Any]:
    """A row without what only a model of one's own tells."""
    return blank_row(example) | {"nll": None}


def _name_labels(rows: Sequence[dict[str, Any]], labels: Sequence[str]) -> list[str]:
    """Fill in the labels; returns what is to be said of answers that are none."""
    for row in rows:
        row["generated_label"] = named_label(row["prediction"], labels)
        row["predicted_label"] = row["generated_label"]
    unnamed = sum(row["predicted_label"] is None for row in rows)
    if not unnamed:
        return []
    return [
        _("{count:,} of {rows:,} answers ({share:.1%}) name no label; they count as wrong.").format(
            count=unnamed, rows=len(rows), share=unnamed / len(rows)
        )
    ]


def _score(rows: Sequence[dict[str, Any]], section: EvaluationSection) -> None:
    predictions = [row["prediction"] for row in rows]
    references = [row["reference"] for row in rows]
    for name, values in answer_scores(section.metrics, predictions, references).items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value


def _refused(written: Sequence[Written]) -> list[str]:
    refused = sum(answer.refused for answer in written)
    if not refused:
        return []
    return [
        _("{count:,} of {rows:,} questions were refused; they count as answered wrongly.").format(
            count=refused, rows=len(written)
        )
    ]


def _cost(written: Sequence[Written]) -> dict[str, Any]:
    """As of a :class:`laras.evaluation.cost.Meter`; memory and energy are those of another
    machine, and not known."""
    answers = {
        "rows": len(written),
        "seconds": sum(answer.seconds for answer in written),
        "tokens_in": sum(answer.tokens_in for answer in written),
        "tokens_out": sum(answer.tokens_out for answer in written),
        "energy_wh": None,
    }
    total = {name: answers[name] for name in ("seconds", "tokens_in", "tokens_out", "energy_wh")}
    return {
        **total,
        "peak_memory_bytes": None,
        "energy_source": None,
        "tokens_estimated": sum(answer.estimated for answer in written),
        "stages": {"answers": answers},
    }
