"""Charts as SVG inside the page, drawn by Altair's grammar without a browser.

Each is drawn once, in placeholder colours that are then replaced by the page's own variables, so
that the same drawing follows a light page, a dark page and paper. What a colour says is said by a
shape, a dash or a word as well; what a chart shows is in its description, figure by figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from laras.report.wording import number, significant, visible
from laras.translation import _, language

WIDTH = 456  # of a whole drawing in CSS pixels: two side by side fill the page's column
# Placeholder in the drawing -> the style sheet's variable.
COLOURS = {
    "ink": "#010101",
    "muted": "#010102",
    "rule": "#010103",
    "accent": "#010104",
    "second": "#010105",
    "faint": "#010106",
    "paper": "#010107",
}
_SHAPES = ("circle", "square", "triangle-up", "cross", "triangle-down")
_FONT = "Arial"  # what the widths are measured with; the style sheet names fonts as wide
# d3's locale: what it writes for a decimal sign and between thousands.
_NUMBERS = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
    "id": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""]},
}
# What Vega writes for scripts and readers that never meet an image: half of the drawing.
_TAG = re.compile(r"<[^<>]*>")  # in text, < and > are escaped
_UNSEEN = re.compile(r'<path class="(?:background|foreground)"[^<>]*/>')
_NEEDLESS = re.compile(
    r' (?:class="[^"]*"|role="graphics-[a-z]+"|aria-[a-z]+="[^"]*"|pointer-events="none"'
    r'|opacity="1"|stroke-miterlimit="10"|font-family="Arial")'
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: points of (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve with its interval, and the same in words."""

    x: float
    y: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its number written beside it."""

    name: str
    value: float
    label: str


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
        scale=alt.Scale(domain=names, range=[COLOURS["muted"], COLOURS["accent"]]),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeWidth=3),
    )

    dash = alt.StrokeDash(
        "name:N",
        sort=None,
        scale=alt.Scale(domain=names, range=[[4, 2], [1, 0]]),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeWidth=3),
    )

    def chart(curve: Curve) -> Any:
        rows = [{"x": x, "y": y, "name": curve.name} for x, y in curve.points]
        return alt.Chart(alt.Data(values=rows)).encode(x=x, y=y, color=colour)

    layers = chart(training).mark_line(strokeWidth=1.5).encode(strokeDash=dash)
    layers += chart(validation).mark_line(strokeWidth=2.5).encode(strokeDash=dash)
    layers += chart(validation).mark_point(filled=True, size=42, opacity=1)
    said = "; ".join(_ends(curve) for curve in (training, validation) if curve.points)
    return drawn(layers, title, said, height=210)


def _ends(curve: Curve) -> str:
    (first, before), (last, after) = curve.points[0], curve.points[-1]
    return _("{name}: {before} at {first}, {after} at {last}").format(
        name=curve.name,
        before=significant(before, 3),
        first=significant(first, 3),
        after=significant(after, 3),
        last=significant(last, 3),
    )


def growth(title: str, points: Sequence[Point], *, x_title: str) -> str:
    """How a figure grows with what it is made from: a line with the interval of each point."""
    import altair as alt

    rows = [{"x": p.x, "y": p.y, "low": p.low, "high": p.high} for p in points]
    scale = alt.Scale(zero=False, nice=True, padding=12)
    y = alt.Axis(title=None, tickCount=6, gridDash=[2, 3])
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("x:Q", title=x_title, scale=scale, axis=alt.Axis(grid=False, tickCount=6))
    )
    spans = base.mark_rule(strokeWidth=3, opacity=0.55, color=COLOURS["accent"]).encode(
        y=alt.Y("low:Q", scale=scale, axis=y), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=1.5, color=COLOURS["accent"]).encode(
        y=alt.Y("y:Q", scale=scale, axis=y)
    )
    dots_of = base.mark_point(filled=True, size=70, opacity=1, color=COLOURS["accent"]).encode(
        y=alt.Y("y:Q", scale=scale, axis=y)
    )
    said = "; ".join(point.label for point in points)
    return drawn(spans + line + dots_of, title, said, height=210)


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
    shapes = base.mark_bar(height=16).encode(
        x=x,
        color=alt.condition(
            "datum.marked", alt.value(COLOURS["accent"]), alt.value(COLOURS["faint"])
        ),
    )
    labels = base.mark_text(align="left", dx=6, fontSize=12, color=COLOURS["ink"]).encode(
        x=x, text="label:N"
    )
    said = "; ".join(f"{bar.name}: {bar.label}" for bar in rows)
    return drawn(shapes + labels, title, said, height=max(30, 28 * len(rows)))


def dots(title: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """One line a class, one point a contender: rows of ``class``, ``contender``, ``value`` in 0..1.

    ``names`` are the contenders, the one to stand out last.
    """
    import altair as alt

    values = [
        {"class": visible(str(row["class"])), "contender": row["contender"], "value": row["value"]}
        for row in rows
    ]
    palette = [COLOURS["muted"], COLOURS["second"], COLOURS["ink"], COLOURS["rule"]]
    colours = [*(palette * len(names))[: len(names) - 1], COLOURS["accent"]]
    shapes = [*(_SHAPES * len(names))[: len(names) - 1], "diamond"]
    legend = alt.Legend(orient="top", title=None)
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("class:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
        x=alt.X(
            "value:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1], padding=9),
            axis=alt.Axis(tickCount=5, gridDash=[2, 3]),
        ),
    )
    spans = base.mark_line(strokeWidth=1.5, color=COLOURS["rule"]).encode(detail="class:N")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color(
            "contender:N",
            sort=None,
            scale=alt.Scale(domain=list(names), range=colours),
            legend=legend,
        ),
        shape=alt.Shape(
            "contender:N",
            sort=None,
            scale=alt.Scale(domain=list(names), range=shapes),
            legend=legend,
        ),
    )
    classes = dict.fromkeys(row["class"] for row in values)
    said = "; ".join(
        f"{each}: "
        + ", ".join(
            f"{row['contender']} {number(row['value'], 2)}"
            for row in values
            if row["class"] == each
        )
        for each in classes
    )
    return drawn(spans + points, title, said, height=max(40, 22 * len(classes)))


def drawn(chart: Any, title: str, said: str, *, height: int) -> str:
    """The chart as an ``<svg>`` element with a title and what it shows in words, in the page's
    colours."""
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
            labelColor=COLOURS["muted"],
            titleColor=COLOURS["muted"],
            gridColor=COLOURS["rule"],
            domainColor=COLOURS["rule"],
            tickColor=COLOURS["rule"],
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=190,
            labelPadding=6,
        )
        .configure_axisY(labelColor=COLOURS["ink"])
        .configure_legend(labelColor=COLOURS["ink"], labelFontSize=12, offset=6, padding=0)
        .to_dict()
    )
    svg = vl_convert.vegalite_to_svg(specification, format_locale=_NUMBERS[language()])
    return _for_the_page(svg, title, said)


def _for_the_page(svg: str, title: str, said: str) -> str:
    for name, colour in COLOURS.items():
        svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
    opening, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', opening)
    if box is None:
        raise ValueError("the drawing has no viewBox")
    rest = _TAG.sub(lambda tag: _NEEDLESS.sub("", tag[0]), _UNSEEN.sub("", rest))
    name, words = escape(visible(title)), escape(visible(said))
    return (
        f'<svg class="chart" role="img" aria-label="{name}" {box[0]}><title>{name}</title>'
        f"<desc>{words}</desc>{rest}"
    )
