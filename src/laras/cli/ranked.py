"""Ranked base models on the terminal: a table, the reasons of those left out, the choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from laras.cli.outcome import console
from laras.cli.printable import printable
from laras.cli.progress import duration
from laras.cli.table import score_text
from laras.translation import _

if TYPE_CHECKING:
    from rich.table import Table

    from laras.evaluation.result import Score
    from laras.ranking.ranked import Ranked, TuningCost
    from laras.ranking.ranking import Ranking

_GIB = 2**30


def show_ranking(ranking: Ranking) -> None:
    """All of it; the model that is recommended is bold."""
    out = console()
    out.print()
    out.print(ranking_table(ranking))
    for each in ranking.models:
        if each.error is not None:
            line = f"{each.model}: {each.reason} [{each.error}]"
            out.print(printable(line), markup=False, style="yellow", soft_wrap=True)
    out.print()
    sentence = printable(ranking.recommendation.sentence)
    out.print(sentence, markup=False, style="bold", soft_wrap=True)
    for remark in ranking.recommendation.remarks:
        out.print(printable(remark), markup=False, soft_wrap=True)


def ranking_table(ranking: Ranking) -> Table:
    """Figures down, the models that were measured across, the best first."""
    from rich.table import Table
    from rich.text import Text

    measured = [each for each in ranking.models if each.error is None]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for each in measured:
        style = "bold" if each.model == ranking.recommendation.model else ""
        table.add_column(Text(printable(_short(each, measured)), style=style), justify="right")
    for title, cells in _rows(measured):
        table.add_row(Text(printable(title)), *(Text(printable(cell)) for cell in cells))
    return table


def _short(each: Ranked, measured: Sequence[Ranked]) -> str:
    """A folder by its last part, unless another one has the same."""
    last = Path(each.model).name
    alone = [Path(other.model).name for other in measured].count(last) == 1
    return last if alone and Path(each.model).is_absolute() else each.model


def _rows(measured: Sequence[Ranked]) -> Iterator[tuple[str, list[str]]]:
    from laras.report.measures import measure

    yield _("Parameters, millions"), [f"{each.parameters / 1e6:,.1f}" for each in measured]
    yield _("Context, tokens"), [f"{each.context:,}" if each.context else "–" for each in measured]
    yield (
        _("Tokens per word"),
        [f"{each.tokens_per_word:.2f}" if each.tokens_per_word else "–" for each in measured],
    )
    title = measure("bits_per_byte").title
    yield f"{title} ↓", [_score("bits_per_byte", each.bits_per_byte) for each in measured]
    metric = next((each.metric for each in measured if each.metric), None)
    if metric is not None:
        title = measure(metric).title
        zero, few = _("{metric}, zero-shot"), _("{metric}, few-shot")
        yield f"{zero.format(metric=title)} ↑", [_score(metric, e.zero_shot) for e in measured]
        yield f"{few.format(metric=title)} ↑", [_score(metric, e.few_shot) for e in measured]
    for kind in dict.fromkeys(kind for each in measured for kind in each.tuning):
        title = _("Tuning: {kind}").format(kind=kind)
        yield title, [_cost(each.tuning.get(kind)) for each in measured]
    yield _("Licence"), [each.licence.name if each.licence else _("unknown") for each in measured]


def _score(metric: str, score: Score | None) -> str:
    from laras.report.measures import measure

    return score_text(score.as_json() if score else None, measure(metric))


def _cost(cost: TuningCost | None) -> str:
    """``1.2 GiB, 3 min 20 s``; why not, where it can't be done."""
    if cost is None:
        return "–"
    if not cost.fits:
        return _("no: {reason}").format(reason=cost.reason)
    parts = []
    if cost.peak_bytes is not None:
        parts.append(_("{size:.1f} GiB").format(size=cost.peak_bytes / _GIB))
    if cost.seconds is not None:
        parts.append(duration(cost.seconds))
    return ", ".join(parts) or "–"
