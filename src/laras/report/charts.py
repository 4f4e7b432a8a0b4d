"""Charts as SVG inside the page, drawn by Altair's grammar without a browser.

Each is drawn once, in placeholder colours that are then replaced by the page's own variables, so
that the same drawing follows a light page, a dark page and paper.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from laras.report.wording import visible
from laras.translation import language

WIDTH = 456  # of a whole drawing in CSS pixels: two side by side fill the page's column
# Placeholder in the drawing -> the style sheet's variable.
_COLOURS = {
    "ink": "#010101",
    "muted": "#010102",
    "rule": "#010103",
    "accent": "#010104",
    "second": "#010105",
    "faint": "#010106",
    "paper": "#010107",
}
_FONT = "Arial"  # what the widths are measured with; the style sheet names fonts as wide
# d3's locale: what it writes for a decimal sign and between thousands.
_NUMBERS = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
    "id": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""]},
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A value of one contender with its interval (None where there is none)."""

    name: str
    value: float
    low: float | None
    high: float | None
    label: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: points of (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its number written beside it."""

    name: str
    value: float
    label: str


def forest(title: str, intervals: Sequence[Interval]) -> str:
    """Values and intervals of the contenders below each other; the marked one stands out."""
    import altair as alt

    rows = [
        {
            "name": visible(entry.name),
            "value": entry.value,
            "low": entry.value if entry.low is None else entry.low,
            "high": entry.value if entry.high is None else entry.high,
            "label": entry.label,
            "marked": entry.marked,
        }
        for entry in intervals
    ]
    colour = alt.condition(
        "datum.marked", alt.value(_COLOURS["accent"]), alt.value(_COLOURS["muted"])
    )
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    scale = alt.Scale(zero=False, nice=True, padding=12)
    axis = alt.Axis(title=None, tickCount=5, gridDash=[2, 3])
    spans = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x="value:Q", color=colour)
    labels = base.mark_text(dy=-13, fontSize=12, fontWeight=600).encode(
        x="value:Q", text="label:N", color=colour
    )
    return _drawn(spans + points + labels, title, height=46 * len(rows))


def curves(
    title: str,
    training: Curve,
    validation: Curve,
    *,
    x_title: str,
    low: float,
    high: float,
) -> str:
    """A contender's losses by step, training thin and validation thick with points.

    ``low`` and ``high`` bound the y axis, so that the charts of a run can be compared.
    """
    import altair as alt

    y = alt.Y(
        "y:Q",
        title=None,
        scale=alt.Scale(domain=[low, high], nice=True, zero=False),
        axis=alt.Axis(tickCount=6, gridDash=[2, 3]),
    )
    x = alt.X("x:Q", title=x_title, axis=alt.Axis(grid=False, tickCount=6, tickMinStep=1))
    names = [training.name, validation.name]
    colour = alt.Color(
        "name:N",
        sort=None,
        scale=alt.Scale(domain=names, range=[_COLOURS["muted"], _COLOURS["accent"]]),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeWidth=3),
    )

    def chart(curve: Curve) -> Any:
        rows = [{"x": x, "y": y, "name": curve.name} for x, y in curve.points]
        return alt.Chart(alt.Data(values=rows)).encode(x=x, y=y, color=colour)

    layers = chart(training).mark_line(strokeWidth=1.5)
    layers += chart(validation).mark_line(strokeWidth=2.5)
    layers += chart(validation).mark_point(filled=True, size=42, opacity=1)
    return _drawn(layers, title, height=210)


def bars(title: str, rows: Sequence[Bar], *, accent_last: bool = False) -> str:
    """Horizontal bars with their numbers at the end; the last may stand out."""
    import altair as alt

    values = [
        {
            "name": visible(bar.name),
            "value": bar.value,
            "label": bar.label,
            "marked": accent_last and position == len(rows) - 1,
        }
        for position, bar in enumerate(rows)
    ]
    top = max((bar.value for bar in rows), default=0.0) or 1.0
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
    )
    x = alt.X("value:Q", scale=alt.Scale(domain=[0, top * 1.22], nice=False), axis=None)
    drawn = base.mark_bar(height=16).encode(
        x=x,
        color=alt.condition(
            "datum.marked", alt.value(_COLOURS["accent"]), alt.value(_COLOURS["faint"])
        ),
    )
    labels = base.mark_text(align="left", dx=6, fontSize=12, color=_COLOURS["ink"]).encode(
        x=x, text="label:N"
    )
    return _drawn(drawn + labels, title, height=max(30, 28 * len(rows)))


def dots(title: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """One line a class, one point a contender: rows of ``class``, ``contender``, ``value`` in 0..1.

    ``names`` are the contenders, the one to stand out last.
    """
    import altair as alt

    values = [
        {"class": visible(str(row["class"])), "contender": row["contender"], "value": row["value"]}
        for row in rows
    ]
    palette = [_COLOURS["muted"], _COLOURS["second"], _COLOURS["ink"], _COLOURS["rule"]]
    colours = [*(palette * len(names))[: len(names) - 1], _COLOURS["accent"]]
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("class:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
        x=alt.X(
            "value:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1], padding=9),
            axis=alt.Axis(tickCount=5, gridDash=[2, 3]),
        ),
    )
    spans = base.mark_line(strokeWidth=1.5, color=_COLOURS["rule"]).encode(detail="class:N")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color(
            "contender:N",
            sort=None,
            scale=alt.Scale(domain=list(names), range=colours),
            legend=alt.Legend(orient="top", title=None),
        )
    )
    classes = len({row["class"] for row in values})
    return _drawn(spans + points, title, height=max(40, 22 * classes))


def _drawn(chart: Any, title: str, *, height: int) -> str:
    """The chart as an ``<svg>`` element with a title, in the page's colours."""
    import vl_convert

    specification = (
        chart.properties(
            width=WIDTH - 10,
            height=height,
            autosize={"type": "fit-x", "contains": "padding"},
            background="transparent",
            padding={"left": 4, "top": 4, "right": 8, "bottom": 2},
        )
        .configure(font=_FONT, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_COLOURS["muted"],
            titleColor=_COLOURS["muted"],
            gridColor=_COLOURS["rule"],
            domainColor=_COLOURS["rule"],
            tickColor=_COLOURS["rule"],
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=190,
            labelPadding=6,
        )
        .configure_axisY(labelColor=_COLOURS["ink"])
        .configure_legend(labelColor=_COLOURS["ink"], labelFontSize=12, offset=6, padding=0)
        .to_dict()
    )
    svg = vl_convert.vegalite_to_svg(specification, format_locale=_NUMBERS[language()])
    return _for_the_page(svg, title)


def _for_the_page(svg: str, title: str) -> str:
    for name, colour in _COLOURS.items():
        svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
    opening, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', opening)
    if box is None:
        raise ValueError("the drawing has no viewBox")
    name = escape(visible(title))
    return f'<svg class="chart" role="img" aria-label="{name}" {box[0]}><title>{name}</title>{rest}'
