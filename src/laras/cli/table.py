"""The verdict on the terminal: each metric, each contender, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from laras.translation import _

if TYPE_CHECKING:
    from rich.table import Table

Scores = Mapping[str, Mapping[str, Any]]  # contender -> its scores.json

# In the order of the table: name in scores.json, and whether less is better.
METRICS = {
    "perplexity": True,
    "bits_per_byte": True,
    "macro_f1": False,
    "micro_f1": False,
    "bleu": False,
    "chrf": False,
    "rouge1": False,
    "rouge2": False,
    "rougeL": False,
    "exact_match": False,
}


def metric_names() -> dict[str, str]:
    """What people call the metrics."""
    return {
        "perplexity": _("Perplexity"),
        "bits_per_byte": _("Bits per byte"),
        "macro_f1": _("Macro-F1"),
        "micro_f1": _("Micro-F1"),
        "bleu": "BLEU",
        "chrf": "chrF",
        "rouge1": "ROUGE-1",
        "rouge2": "ROUGE-2",
        "rougeL": "ROUGE-L",
        "exact_match": _("Exact match"),
    }


def score_table(scores: Scores) -> Table:
    """Metrics down, contenders across; the best value of a row is bold where it stands alone."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for contender in scores:
        table.add_column(Text(contender), justify="right")
    names = metric_names()
    measured = {metric for entry in scores.values() for metric in entry.get("metrics", {})}
    for metric in [*METRICS, *sorted(measured - set(METRICS))]:
        if metric not in measured:
            continue
        cells = [entry.get("metrics", {}).get(metric) for entry in scores.values()]
        best = _best(cells, less_is_better=METRICS.get(metric, False))
        label = f"{names.get(metric, metric)} {'↓' if METRICS.get(metric, False) else '↑'}"
        table.add_row(
            Text(label),
            *(
                Text(score_text(cell), style="bold" if index == best else "")
                for index, cell in enumerate(cells)
            ),
        )
    return table


def _best(cells: list[Any], *, less_is_better: bool) -> int | None:
    values = {
        index: cell["value"]
        for index, cell in enumerate(cells)
        if cell and isinstance(cell.get("value"), int | float)
    }
    if len(values) < 2:
        return None
    best = (min if less_is_better else max)(values.values())
    winners = [index for index, value in values.items() if value == best]
    return winners[0] if len(winners) == 1 else None


def score_text(score: Mapping[str, Any] | None) -> str:
    """``12.3 (11.8–12.9)``; a dash for what was not measured."""
    if not score or not isinstance(score.get("value"), int | float):
        return "–"
    value, low, high = score["value"], score.get("low"), score.get("high")
    digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3
    text = f"{value:,.{digits}f}"
    if isinstance(low, int | float) and isinstance(high, int | float):
        text += f" ({low:,.{digits}f}–{high:,.{digits}f})"
    return text
