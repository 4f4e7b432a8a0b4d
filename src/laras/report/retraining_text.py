"""What training once more told, as Markdown: how much is luck, what more data would bring."""

from __future__ import annotations

from laras.report.facts import Json, entries_of, mapping_of
from laras.report.markdown_text import escaped, table
from laras.report.measures import measure, value_of
from laras.report.wording import duration, percent, whole
from laras.translation import _


def seeds_text(verdict: Json) -> str:
    """A row for each seed of each contender, of the content of ``verdict.json``; "" where one seed
    was all."""
    entries = entries_of(verdict.get("seeds"))
    competes = _("competes")
    titles: dict[object, str] = {True: _("yes"), False: _("no")}
    rows = []
    for entry in entries:
        metric = measure(str(entry.get("metric")))
        for at, each in enumerate(entries_of(entry.get("values"))):
            beats = titles.get(each.get("beats_reference"), "–")
            name = escaped(entry.get("contender"))
            rows.append(
                [
                    f"**{name}** ({competes})" if not at else name,
                    escaped(each.get("seed")),
                    metric.written(value_of(each)),
                    beats,
                ]
            )
    if not rows:
        return ""
    metric = measure(str(entries[0].get("metric")))
    title = f"{escaped(metric.title)} {metric.arrow}".strip()
    beats_whom = _("Beats {name}").format(name=escaped(verdict.get("reference") or "–"))
    head = [_("Contender"), _("Seed"), title, beats_whom]
    return "\n\n".join([*_notes(entries), table(head, rows), which_competes(), spent(entries)])


def which_competes() -> str:
    """Which of the models of several seeds the contender is."""
    return _(
        "The contender is the one of the recipe's own seed, never the best of several. The models "
        "of the other seeds were dropped once they were judged."
    )


def curve_text(verdict: Json) -> str:
    """A row for each share of the training data, of the content of ``verdict.json``; "" where none
    was tried."""
    entries = entries_of(verdict.get("learning_curve"))
    rows = []
    for entry in entries:
        metric = measure(str(entry.get("metric")))
        for point in entries_of(entry.get("points")):
            low, high = value_of(point, "low"), value_of(point, "high")
            figure = metric.written(value_of(point))
            if low is not None and high is not None:
                figure += f" ({metric.written(low)} – {metric.written(high)})"
            share = percent(value_of(point, "share"), 0)
            rows.append(
                [escaped(entry.get("contender")), share, whole(value_of(point, "rows")), figure]
            )
    if not rows:
        return ""
    metric = measure(str(entries[0].get("metric")))
    title = f"{escaped(metric.title)} {metric.arrow}".strip()
    head = [_("Contender"), _("Share of the training data"), _("Training rows"), title]
    return "\n\n".join([*_notes(entries), table(head, rows), spent(entries)])


def _notes(entries: list[Json]) -> list[str]:
    return [escaped(entry["note"], 2000) for entry in entries if entry.get("note")]


def spent(entries: list[Json]) -> str:
    """What training once more took."""
    seconds = [value_of(mapping_of(entry.get("cost")), "seconds") or 0.0 for entry in entries]
    text = _("Training and judging for this took {time}, which is in no contender's own cost.")
    return text.format(time=duration(sum(seconds)))
