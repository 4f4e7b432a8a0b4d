"""The verdict on the terminal: each metric, each contender, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from laras.cli.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from laras.report.measures import Measure

Score = Mapping[str, Any]
Scores = Mapping[str, Mapping[str, Any]]  # contender -> its scores.json

# First those that people look for, in this order; others follow as they were measured.
_ORDER = (
    "perplexity",
    "bits_per_byte",
    "macro_f1",
    "micro_f1",
    "accuracy",
    "macro_f1_generated",
    "micro_f1_generated",
    "calibration_error",
    "bleu",
    "chrf",
    "ter",
    "rouge1",
    "rouge2",
    "rougeL",
    "rougeLsum",
    "token_f1",
    "span_f1",
    "exact_match",
    "refusal_rate",
    "repetition_rate",
    "length_ratio",
    "distinct1",
    "distinct2",
)


def score_table(scores: Scores) -> Table:
    """Metrics down, contenders across; the best value of a row is bold where it stands alone."""
    from rich.table import Table
    from rich.text import Text

    from laras.report.measures import measure

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for contender in scores:
        table.add_column(Text(printable(contender)), justify="right")
    columns = [entry.get("metrics", {}) for entry in scores.values()]
    measured = dict.fromkeys(metric for column in columns for metric in column)
    for metric in [
        *(name for name in _ORDER if name in measured),
        *sorted({*measured} - {*_ORDER}),
    ]:
        cells = [column.get(metric) for column in columns]
        read_as = measure(metric, next(cell for cell in cells if cell is not None))
        best = _best(cells, read_as)
        table.add_row(
            Text(printable(f"{read_as.title} {read_as.arrow}".rstrip())),
            *(
                Text(score_text(cell, read_as), style="bold" if index == best else "")
                for index, cell in enumerate(cells)
            ),
        )
    return table


def _best(cells: Sequence[Score | None], read_as: Measure) -> int | None:
    return read_as.best(
        {
            index: float(cell["value"])
            for index, cell in enumerate(cells)
            if cell and isinstance(cell.get("value"), int | float)
        }
    )


def score_text(score: Score | None, read_as: Measure) -> str:
    """``12.34 (11.80–12.91)``; a dash for what was not measured."""
    if not score or not isinstance(score.get("value"), int | float):
        return "–"
    text, low, high = read_as.written(score["value"]), score.get("low"), score.get("high")
    if isinstance(low, int | float) and isinstance(high, int | float):
        text += f" ({read_as.written(low)}–{read_as.written(high)})"
    return text
