"""The one metric that a verdict turns on, and why it is that one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from laras.errors import DataRefused, UsageError
from laras.evaluation.catalogue import ORDER, metrics_of
from laras.evaluation.metric import METRICS
from laras.evaluation.result import Score
from laras.translation import _


@dataclass(frozen=True, slots=True)
class Primary:
    """A metric's name, its direction, and the reason for the choice in a sentence."""

    name: str
    higher_is_better: bool
    reason: str


def check_applies(
    metrics: Collection[str], tasks: Collection[str], primary_metric: str = "auto"
) -> None:
    """Refuse now what else would only come out after the training.

    ``metrics``: families of the recipe's ``evaluation.metrics``; ``tasks`` of the test examples.
    Raises UsageError where none of the metrics judges any of these tasks (some only describe
    answers), and where the verdict is to turn on a metric that the recipe doesn't have measured.
    (One that is measured, but not on these tasks, gives way to another: a preset may name it for
    data that differ.)
    """
    judging = (None, *tasks)
    if not any(metric.judges and metric.task in judging for metric in metrics_of(metrics)):
        able = dict.fromkeys(
            metric.family
            for metric in map(METRICS.get, ORDER)
            if metric.judges and metric.task in judging
        )
        raise UsageError(
            "comparison.no-metric-applies",
            _("None of the recipe's metrics can be measured on this test set ({tasks}).").format(
                tasks=", ".join(sorted(tasks))
            ),
            where="evaluation.metrics",
            hint=_("Name at least one of these there: {metrics}.").format(metrics=", ".join(able)),
        )
    if primary_metric != "auto" and METRICS.get(primary_metric).family not in metrics:
        raise UsageError(
            "comparison.primary-not-measured",
            _(
                "The verdict is to turn on {metric}, but the recipe does not have it measured."
            ).format(metric=primary_metric),
            where="comparison.primary_metric",
            hint=_("Add {family} to evaluation.metrics, or choose another metric here.").format(
                family=METRICS.get(primary_metric).family
            ),
        )


def choose_primary(
    wish: str, predictions: Sequence[pa.Table], scores: Sequence[Mapping[str, Score]]
) -> Primary:
    """``wish`` where it was measured for all; ``auto`` goes by the tasks of the test rows.

    Macro-F1 for labels, ROUGE-L for answers, perplexity for texts; where contenders split the
    same text into different tokens, bits per byte stands in for perplexity. Raises DataRefused
    where nothing was measured for all of them.
    """
    measured = [
        name
        for name in ORDER
        if METRICS.get(name).judges and all(name in score for score in scores)
    ]
    if not measured:
        raise DataRefused(
            "comparison.nothing-measured",
            _("There is no metric that could be measured for all contenders."),
            where="evaluation.metrics",
            hint=_("Add perplexity there: every test example has it."),
        )
    tasks = set(predictions[0]["task"].to_pylist())
    reasons: list[str] = []
    if not tokens_agree(predictions) and "perplexity" in measured:
        # Per-token perplexities of unlike tokenizers are figures of unlike things.
        measured.remove("perplexity")
        reasons.append(_("The contenders split the text into different tokens."))
    return _by_tasks(wish, measured, tasks, reasons)


def expected_primary(wish: str, metrics: Collection[str], tasks: Collection[str]) -> Primary | None:
    """What :func:`choose_primary` chooses if nothing goes wrong: ``metrics`` are families of the
    recipe, ``tasks`` those of the test examples. None where no metric judges any of these."""
    able = [
        metric.name
        for metric in metrics_of(metrics)
        if metric.judges and metric.task in (None, *tasks)
    ]
    return _by_tasks(wish, able, tasks, []) if able else None


def _by_tasks(
    wish: str, measured: Sequence[str], tasks: Collection[str], reasons: list[str]
) -> Primary:
    if wish != "auto":
        if wish in measured:
            return _primary(wish, _("The recipe or its preset names it."))
        if wish == "perplexity" and "bits_per_byte" in measured:
            return _primary("bits_per_byte", *reasons)
        reasons.append(
            _("The recipe names {metric}, which this test set can't measure.").format(metric=wish)
        )
    if "chat" in tasks and "rougeL" in measured:
        reasons.append(_("The test has answers in free text."))
        return _primary("rougeL", *reasons)
    if "classification" in tasks and "chat" not in tasks and "macro_f1" in measured:
        reasons.append(_("The test rows have labels."))
        return _primary("macro_f1", *reasons)
    if "perplexity" in measured:
        reasons.append(_("It is what the test rows of all tasks have."))
        return _primary("perplexity", *reasons)
    if "bits_per_byte" in measured:
        return _primary("bits_per_byte", *reasons)
    reasons.append(_("It is the first of the metrics that were measured."))
    return _primary(measured[0], *reasons)


def tokens_agree(predictions: Sequence[pa.Table]) -> bool:
    """Whether rows that tables share have the same number of tokens in all of them."""
    counts: dict[str, int] = {}
    return all(
        counts.setdefault(name, tokens) == tokens
        for table in predictions
        for name, tokens in zip(
            table["example_id"].to_pylist(), table["tokens"].to_pylist(), strict=True
        )
    )


def _primary(name: str, *reasons: str) -> Primary:
    return Primary(name, bool(METRICS.get(name).higher_is_better), " ".join(reasons))
