"""Charts and diagrams of Office documents as text: a chart's title and its numbers as a table, a
diagram's labels as a list.

Both are parts of their own, with the last values and labels kept in XML; the spreadsheet behind a
chart is not opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from laras.sources.documents.package import Package
from laras.sources.documents.table_text import table_text

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MAX_POINTS = 1000


def drawn_texts(package: Package, targets: Mapping[str, str], element: Any) -> Iterator[str]:
    """The texts of charts and diagrams that ``element`` holds; ``targets`` are the names of
    parts by the identifiers that the element's own part knows them by."""
    for found in element.iter(f"{C}chart", f"{_D}relIds"):
        is_chart = found.tag == f"{C}chart"
        part = targets.get(found.get(f"{R}id" if is_chart else f"{R}dm", ""))
        if part is not None:
            tree = package.tree(part)
            text = chart_text(tree) if is_chart else _diagram_text(tree)
            if text:
                yield text


def chart_title(chart: Any) -> str:
    """The title that was written for a chart, "" where it has none or a generated one."""
    title = chart.find(f"{C}chart/{C}title")
    return "" if title is None else _words(title)


def chart_text(chart: Any) -> str:
    """The title, and a table with a column for each series."""
    title = chart_title(chart)
    columns: dict[str, list[str]] = {}
    rows: dict[int, str] = {}
    series = [(_name(one), *_points(one)) for one in chart.iter(f"{C}ser")]
    for _series_name, categories, values in series:
        for index in values:
            rows[index] = categories.get(index) or rows.get(index, "")
    for number, (name, _categories, values) in enumerate(series, 1):
        label = name or str(number)
        columns[label if label not in columns else f"{label} ({number})"] = [
            values.get(index, "") for index in sorted(rows)
        ]
    axis = next((_words(title) for title in chart.iterfind(f".//{C}catAx/{C}title")), "")
    table = [[axis, *columns]]
    table += [
        [rows[index], *(values[place] for values in columns.values())]
        for place, index in enumerate(sorted(rows))
    ]
    written = table_text(table) if rows and columns else ""
    return "\n\n".join(text for text in (title, written) if text)


def _points(series: Any) -> tuple[dict[int, str], dict[int, str]]:
    """Categories and values of a series by their index."""
    found: list[dict[int, str]] = []
    for names in (("cat", "xVal"), ("val", "yVal")):
        points: dict[int, str] = {}
        for part in (series.find(f"{C}{name}") for name in names):
            for point in part.iter(f"{C}pt") if part is not None else ():
                index = point.get("idx", "")
                if index.isdecimal() and len(points) < _MAX_POINTS:
                    value = " ".join((point.findtext(f"{C}v") or "").split())
                    # The levels of a category with several come from the innermost out.
                    points.setdefault(int(index[:9]), value)
        found.append(points)
    return found[0], found[1]


def _name(series: Any) -> str:
    text = series.find(f"{C}tx")
    if text is None:
        return ""
    return " ".join((value.text or "").strip() for value in text.iter(f"{C}v"))


def _diagram_text(diagram: Any) -> str:
    """The labels of a diagram in the order of its points, one a line."""
    labels = (
        _words(point.find(f"{_D}t"))
        for point in diagram.iterfind(f"{_D}ptLst/{_D}pt")
        if point.find(f"{_D}t") is not None and point.get("type", "node") in ("node", "asst")
    )
    return "\n".join(f"- {label}" for label in labels if label)


def _words(element: Any) -> str:
    """The words of rich text on one line."""
    paragraphs = (
        "".join(text.text or "" for text in paragraph.iter(f"{A}t"))
        for paragraph in element.iter(f"{A}p")
    )
    return " ".join(" ".join(paragraphs).split())
