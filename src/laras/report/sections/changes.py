"""What would change the verdict: more test rows, or more training data."""

from __future__ import annotations

from laras.report.blocks import Block, Cell, Figure, Figures, Heading, Paragraph, Section, Table
from laras.report.certainty import what_would_change
from laras.report.charts import Point, growth
from laras.report.facts import Json, RunFacts, entries_of
from laras.report.forests import drawable
from laras.report.measures import measure, value_of
from laras.report.retraining_text import spent
from laras.report.wording import percent, whole
from laras.translation import _


def changes(facts: RunFacts) -> Section | None:
    """Sentences, and the learning curve where there is one; None where nothing is known."""
    blocks: list[Block] = [Paragraph(said, "note") for said in what_would_change(facts.verdict)]
    curves = entries_of(facts.verdict.get("learning_curve"))
    if curves:
        blocks.append(Heading(_("Would more training data help?")))
        blocks += [Paragraph(str(curve["note"]), "note") for curve in curves if curve.get("note")]
        figures = [figure for figure in map(_chart, curves) if figure is not None]
        if figures:
            blocks.append(Figures(figures))
        blocks.append(_table(curves, percent(facts.confidence, 0)))
        blocks.append(Paragraph(spent(curves)))
    title = _("What would change the verdict")
    return Section("changes", title, blocks) if blocks else None


def _chart(curve: Json) -> Figure | None:
    metric = measure(str(curve.get("metric")))
    points = []
    for point in entries_of(curve.get("points")):
        rows, value = value_of(point, "rows"), value_of(point)
        if not drawable(rows) or not drawable(value):
            continue
        low, high = value_of(point, "low"), value_of(point, "high")
        points.append(
            Point(
                rows,
                value,
                low if drawable(low) else value,
                high if drawable(high) else value,
                f"{whole(rows)}: {metric.written(value)}",
            )
        )
    if len(points) < 2:
        return None
    title = _("{metric} of {contender} by training rows").format(
        metric=metric.title, contender=curve.get("contender")
    )
    return Figure(growth(title, points, x_title=_("training rows")), title)


def _table(curves: list[Json], level: str) -> Table:
    rows: list[list[Cell]] = []
    for curve in curves:
        metric = measure(str(curve.get("metric")))
        name = f"{curve.get('contender')}: {metric.title} {metric.arrow}".strip()
        rows.append([Cell(name, numeric=False)])
        for point in entries_of(curve.get("points")):
            low, high = value_of(point, "low"), value_of(point, "high")
            span = ""
            if low is not None and high is not None:
                span = f"{metric.written(low)} – {metric.written(high)}"
            rows.append(
                [
                    Cell(percent(value_of(point, "share"), 0), numeric=False),
                    Cell(whole(value_of(point, "rows"))),
                    Cell(metric.written(value_of(point)), span),
                ]
            )
    header = [
        Cell(_("Share of the training data"), numeric=False),
        Cell(_("Training rows")),
        Cell(_("Figure")),
    ]
    caption = _("Each figure with its {level} interval.").format(level=level)
    return Table(header, rows, caption=caption)
