"""Whom the contenders treat differently: contrasts between groups of people, before and after."""

from __future__ import annotations

import math

from laras.checks.group_names import axis_name, group_name, language_name
from laras.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table
from laras.report.checked import check_titles, in_points, is_noticed, notes
from laras.report.facts import Json, RunFacts, entries_of, mapping_of
from laras.report.forests import Interval, drawable, forest
from laras.report.measures import value_of
from laras.report.wording import number, percent, probability, significant, whole
from laras.translation import _

_MOST_LOG_ODDS = 7.0  # as far as a scale goes: a thousand times the odds


def bias(facts: RunFacts) -> Section | None:
    """Charts of those noticed and of the recommended contender, tables of all; None where nothing
    was measured."""
    found = entries_of(facts.verdict.get("bias"))
    if not found:
        return None
    blocks: list[Block] = [*notes(found)]
    figures = []
    for entry in found:
        if is_noticed(entry) or entry.get("contender") == facts.recommended:
            figures += [figure for figure in (_odds_chart(entry), _share_chart(entry)) if figure]
    if figures:
        blocks.append(Figures(figures))
    for table in (_contrasts(found, facts), _exchanged(found)):
        if table is not None:
            blocks.append(table)
    blocks.append(
        Paragraph(
            _(
                "Such a check finds what its words ask for. That nothing was noticed does not show "
                "that a model is fair."
            )
        )
    )
    return Section("bias", check_titles()["bias"], blocks)


def _odds_chart(entry: Json) -> Figure | None:
    contrasts = [each for each in entries_of(entry.get("contrasts")) if _is_of_sentences(each)]
    title = _(
        "{contender}: odds of a favourable ending, times those of the others (hollow: reference; a "
        "diamond: noticed)"
    ).format(contender=entry.get("contender"))
    return _chart(contrasts, title, 1.0, logarithmic=True)


def _share_chart(entry: Json) -> Figure | None:
    contrasts = [each for each in entries_of(entry.get("contrasts")) if not _is_of_sentences(each)]
    title = _(
        "{contender}: exchanged rows answered so for this group alone, less those for the others "
        "alone (hollow: reference; a diamond: noticed)"
    ).format(contender=entry.get("contender"))
    return _chart(contrasts, title, 0.0, logarithmic=False)


def _chart(contrasts: list[Json], title: str, line: float, *, logarithmic: bool) -> Figure | None:
    intervals = []
    for each in contrasts:
        after = value_of(each, "after")
        if not drawable(after):
            continue
        low, high, before = (
            _on_scale(value_of(each, name), logarithmic) for name in ("low", "high", "before")
        )
        value = _on_scale(after, logarithmic)
        intervals.append(
            Interval(
                ", ".join([_name(each), *_details(each)[1:]]),
                after if value is None else value,
                low,
                high,
                _amount(each, after),
                marked=is_noticed(each),
                span=_told_span(each),
                before=before,
            )
        )
    if not intervals:
        return None
    return Figure(forest(title, intervals, line=line, logarithmic=logarithmic), title)


def _on_scale(value: float | None, logarithmic: bool) -> float | None:
    if not drawable(value):
        return None
    return math.exp(max(-_MOST_LOG_ODDS, min(_MOST_LOG_ODDS, value))) if logarithmic else value


def _contrasts(found: list[Json], facts: RunFacts) -> Table | None:
    rows: list[list[Cell]] = []
    for entry in found:
        contrasts = entries_of(entry.get("contrasts"))
        if contrasts:
            rows.append([Cell(str(entry.get("contender")), numeric=False)])
        for each in contrasts:
            rows.append(
                [
                    Cell(_name(each), ", ".join(_details(each)), numeric=False),
                    Cell(_amount(each, value_of(each, "before"))),
                    Cell(_amount(each, value_of(each, "after")), _span(each)),
                    Cell(probability(value_of(each, "p_adjusted"))),
                    Cell(_("noticed") if is_noticed(each) else "–", numeric=False),
                ]
            )
    if not rows:
        return None
    header = [
        Cell(_("Group"), numeric=False),
        Cell(_("with the reference")),
        Cell(_("Contender")),
        Cell("p"),
        Cell(_("Finding"), numeric=False),
    ]
    caption = _(
        "One group against the others. In made-up sentences: the odds of a favourable ending, as a "
        "multiple. In exchanged test rows: how many more go to the group alone than to the others "
        "alone, in points. With {level} intervals; p is adjusted for all contrasts of the "
        "contender (Holm). Shown are those noticed and the largest of each kind."
    ).format(level=percent(facts.confidence, 0))
    return Table(header, rows, caption=caption)


def _exchanged(found: list[Json]) -> Table | None:
    """How many test rows are answered otherwise when only the group is exchanged."""
    titles = {"labels": _("another label"), "answers": _("another answer")}
    rows: list[list[Cell]] = []
    for entry in found:
        for key, title in titles.items():
            counted = mapping_of(entry.get(key))
            if counted:
                changed = mapping_of(counted.get("changed"))
                rows.append(
                    [
                        Cell(str(entry.get("contender")), title, numeric=False),
                        Cell(_count(changed), _share(changed)),
                        Cell(_count(mapping_of(counted.get("changed_before")))),
                        Cell(_by_axis(counted), numeric=False),
                        Cell(_overlap(counted)),
                    ]
                )
    if not rows:
        return None
    if all(row[-1].text == "–" for row in rows):
        rows = [row[:-1] for row in rows]
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Rows that change")),
        Cell(_("with the reference")),
        Cell(_("By axis"), numeric=False),
        Cell(_("Words shared")),
    ][: len(rows[0])]
    caption = _("Test rows in which only the words for a group of people were exchanged.")
    return Table(header, rows, caption=caption)


def _is_of_sentences(contrast: Json) -> bool:
    return contrast.get("measure") == "sentences"


def _name(contrast: Json) -> str:
    return group_name(str(contrast.get("group")))


def _details(contrast: Json) -> list[str]:
    """What else tells a contrast from others: axis, language, the answer that is counted."""
    given = [axis_name(str(contrast.get("axis")))]
    if contrast.get("language"):
        given.append(language_name(str(contrast["language"])))
    if contrast.get("answer") is not None:
        given.append(f"“{contrast['answer']}”")
    return given


def _amount(contrast: Json, value: float | None) -> str:
    if value is None:
        return "–"
    return _odds(value) if _is_of_sentences(contrast) else in_points(value)


def _span(contrast: Json) -> str:
    low, high = value_of(contrast, "low"), value_of(contrast, "high")
    if low is None or high is None:
        return ""
    return f"{_amount(contrast, low)} – {_amount(contrast, high)}"


def _told_span(contrast: Json) -> str:
    before = value_of(contrast, "before")
    if before is None:
        return _span(contrast)
    text = _("{span}; reference {before}")
    return text.format(span=_span(contrast), before=_amount(contrast, before))


def _odds(log_odds: float) -> str:
    bounded = max(-50.0, min(50.0, log_odds))
    return f"× {significant(math.exp(bounded), 3)}"


def _count(counted: Json) -> str:
    if value_of(counted, "of") is None:
        return "–"
    return _("{count} of {of}").format(
        count=whole(value_of(counted, "count")), of=whole(value_of(counted, "of"))
    )


def _share(counted: Json) -> str:
    low, high = value_of(counted, "low"), value_of(counted, "high")
    if low is None or high is None:
        return ""
    return f"{percent(low, 0)} – {percent(high, 0)}"


def _by_axis(counted: Json) -> str:
    return "; ".join(
        f"{axis_name(str(axis))}: {_count(mapping_of(of_axis))}"
        for axis, of_axis in mapping_of(counted.get("by_axis")).items()
    )


def _overlap(counted: Json) -> str:
    own, before = value_of(counted, "overlap"), value_of(counted, "overlap_before")
    if own is None:
        return "–"
    if before is None:
        return number(own, 2)
    return f"{number(own, 2)} ({number(before, 2)})"
