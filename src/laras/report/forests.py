"""Forest plots: figures below each other, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from laras.report.charts import COLOURS, drawn
from laras.report.wording import visible

_ROOMY, _CLOSE = 46, 34  # pixels a row takes
# Where a logarithmic scale has its ticks.
_RATIOS = [0.001, 0.01, 0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 100, 1000]
_MANY = 6  # rows, from which on they stand closer


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval (None where there is none), and the same in words.

    ``marked``: stands out. ``before``: what it is held against, drawn hollow.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    label: str
    marked: bool = False
    span: str = ""
    before: float | None = None


def forest(
    title: str,
    intervals: Sequence[Interval],
    *,
    line: float | None = None,
    logarithmic: bool = False,
) -> str:
    """Values and intervals below each other; the marked ones stand out by colour and shape.

    ``line``: where no difference would lie; the labels then stand at the right edge, for they are
    long. ``logarithmic``: for ratios, which are above 0.
    """
    import altair as alt

    rows = [_row(entry) for entry in intervals]
    colour = alt.condition(
        "datum.marked", alt.value(COLOURS["accent"]), alt.value(COLOURS["muted"])
    )
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
    scale = alt.Scale(zero=False, nice=True, padding=12)
    axis = alt.Axis(title=None, tickCount=5, gridDash=[2, 3])
    if logarithmic:
        scale = alt.Scale(type="log", nice=False, padding=12)
        axis = alt.Axis(title=None, values=_RATIOS, format="~g", gridDash=[2, 3])
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)

    def at(field: str) -> Any:
        return alt.X(f"{field}:Q", scale=scale, axis=axis)

    layers = []
    if line is not None:
        nothing = alt.Chart(alt.Data(values=[{"line": line}]))
        layers.append(nothing.mark_rule(color=COLOURS["ink"]).encode(x=at("line")))
    layers.append(
        base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
            x=at("low"), x2="high:Q", color=colour
        )
    )
    earlier = [row for row in rows if row["before"] is not None]
    if earlier:
        hollow = alt.Chart(alt.Data(values=earlier)).encode(y=y)
        layers.append(
            hollow.mark_point(
                size=60, shape="square", color=COLOURS["ink"], strokeWidth=1.5
            ).encode(x=at("before"))
        )
    shape = alt.condition("datum.marked", alt.value("diamond"), alt.value("circle"))
    layers.append(
        base.mark_point(filled=True, size=90, opacity=1).encode(
            x=at("value"), color=colour, shape=shape
        )
    )
    aside = line is not None
    place = alt.value("width") if aside else at("value")
    align = "right" if aside else "center"
    layers.append(
        base.mark_text(dy=-13, fontSize=12, fontWeight=600, align=align).encode(
            x=place, text="label:N", color=colour
        )
    )
    height = (_CLOSE if len(rows) > _MANY else _ROOMY) * len(rows)
    return drawn(alt.layer(*layers), title, in_words(intervals), height=height)


def in_words(intervals: Sequence[Interval]) -> str:
    """What the plot shows, for who can't see it."""
    return "; ".join(
        f"{entry.name}: {entry.label}" + (f" ({entry.span})" if entry.span else "")
        for entry in intervals
    )


def drawable(value: float | None) -> TypeGuard[float]:
    """Whether a value has a place on a scale."""
    return value is not None and math.isfinite(value)


def _row(entry: Interval) -> dict[str, Any]:
    return {
        "name": visible(entry.name),
        "value": entry.value,
        "low": entry.low if drawable(entry.low) else entry.value,
        "high": entry.high if drawable(entry.high) else entry.value,
        "label": entry.label,
        "marked": entry.marked,
        "before": entry.before if drawable(entry.before) else None,
    }
