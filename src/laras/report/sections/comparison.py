"""The contenders beside each other: a table with intervals, a chart for each main metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table
from laras.report.facts import ContenderFacts, RunFacts
from laras.report.forests import Interval, drawable, forest
from laras.report.left_out import left_out
from laras.report.measures import (
    best_contender,
    chosen_charts,
    measure,
    metric_keys,
    unit_in_words,
    value_of,
)
from laras.report.wording import percent, whole
from laras.translation import _


def comparison(facts: RunFacts) -> Section | None:
    """Table and charts; None where nothing was measured."""
    contenders = [contender for contender in facts.contenders if contender.metrics]
    keys = metric_keys(contenders)
    if not keys:
        return None
    blocks: list[Block] = [_table(facts, contenders, keys)]
    figures = [_forest(facts, contenders, key) for key in chosen_charts(keys, facts.primary_metric)]
    blocks.append(Figures([figure for figure in figures if figure]))
    blocks.extend(_heads(facts))
    blocks.extend(_remarks(facts.verdict))
    blocks.extend(_warnings(contenders))
    return Section("comparison", _("Who did best"), blocks)


def _table(facts: RunFacts, contenders: list[ContenderFacts], keys: list[str]) -> Table:
    footnotes: dict[str, list[str]] = {}
    rows = []
    for key in keys:
        best = best_contender(contenders, key)
        scores = [contender.metrics.get(key) for contender in contenders]
        metric = measure(key, next(score for score in scores if score))
        mark = _footnote(metric.title, scores, footnotes)
        counts = {int(score["n"]) for score in scores if score and score.get("n") is not None}
        units = {unit_in_words(score.get("unit")) for score in scores if score} - {""}
        rows.append(
            [
                Cell(f"{metric.title} {metric.arrow}{mark}", ", ".join(sorted(units))),
                *(
                    _score_cell(key, contender.metrics.get(key), contender.name == best)
                    for contender in contenders
                ),
                Cell("–".join(whole(count) for count in sorted(counts)) or "–"),
            ]
        )
    names = [contender.name for contender in contenders]
    header = [
        Cell(_("Metric"), numeric=False),
        *(Cell(name, _("recommended") if name == facts.recommended else "") for name in names),
        Cell("n"),
    ]
    return Table(
        header,
        rows,
        caption=_(
            "Each figure with its {level} interval below it; the best in each row is bold. "
            "↓: lower is better, ↑: higher is better. n counts what the figure rests on."
        ).format(level=percent(facts.confidence, 0)),
        footnotes=[f"{', '.join(titles)}: {said}" for said, titles in footnotes.items()],
        marked_column=1 + names.index(facts.recommended) if facts.recommended in names else None,
    )


def _score_cell(key: str, score: Mapping[str, Any] | None, best: bool) -> Cell:
    value = value_of(score)
    if score is None or value is None:
        return Cell("–")
    metric = measure(key, score)
    return Cell(metric.written(value), _interval(key, score), best=best)


def _interval(key: str, score: Mapping[str, Any]) -> str:
    low, high = value_of(score, "low"), value_of(score, "high")
    if low is None or high is None:
        return ""
    metric = measure(key, score)
    return f"{metric.written(low)} – {metric.written(high)}"


def _footnote(
    title: str, scores: list[Mapping[str, Any] | None], footnotes: dict[str, list[str]]
) -> str:
    """A mark for the signature under which a metric was computed, added to ``footnotes``."""
    found = {str(score["signature"]) for score in scores if score and score.get("signature")}
    if not found:
        return ""
    signature = "; ".join(sorted(found))
    footnotes.setdefault(signature, []).append(title)
    return f" [{list(footnotes).index(signature) + 1}]"


def _forest(facts: RunFacts, contenders: list[ContenderFacts], key: str) -> Figure | None:
    intervals = []
    for contender in contenders:
        score = contender.metrics.get(key)
        value = value_of(score)
        if score is None or not drawable(value):
            continue
        intervals.append(
            Interval(
                contender.name,
                value,
                value_of(score, "low"),
                value_of(score, "high"),
                measure(key, score).written(value),
                marked=contender.name == facts.recommended,
                span=_interval(key, score),
            )
        )
    if not intervals:
        return None
    metric = measure(key)
    direction = _("lower is better") if metric.lower_is_better else _("higher is better")
    caption = f"{metric.title} ({direction})"
    return Figure(forest(caption, intervals), caption)


def _heads(facts: RunFacts) -> list[Block]:
    names = [each.name for each in facts.contenders if each.name in facts.with_head]
    if not names:
        return []
    said = _(
        "{names}: a classification head, which names labels and writes nothing. It is judged on "
        "labelled rows only, and has no perplexity."
    )
    return [Paragraph(said.format(names=", ".join(names)), "note")]


def _warnings(contenders: list[ContenderFacts]) -> list[Block]:
    """What the evaluation remarked on, each remark once with those it is about."""
    about: dict[str, list[str]] = {}
    for contender in contenders:
        for warning in contender.scores.get("warnings") or ():
            about.setdefault(str(warning), []).append(contender.name)
    return [Paragraph(f"{', '.join(names)}: {said}", "warning") for said, names in about.items()]


def _remarks(verdict: Mapping[str, Any]) -> list[Block]:
    """What else the verdict found; what it did not measure stays away."""
    remarks: list[Block] = [Paragraph(line, "warning") for line in left_out(verdict)]
    primary = verdict.get("primary")
    if isinstance(primary, dict) and primary.get("reason"):
        remarks.append(
            Paragraph(
                _("The verdict turns on {metric}. {reason}").format(
                    metric=measure(str(primary.get("metric"))).title, reason=primary["reason"]
                ),
                "note",
            )
        )
    return remarks
