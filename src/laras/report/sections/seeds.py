"""The same contender trained from several seeds: how much of a difference is the luck of one."""

from __future__ import annotations

from laras.report.blocks import Block, Cell, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts, entries_of
from laras.report.measures import measure, value_of
from laras.report.retraining_text import spent, which_competes
from laras.report.wording import percent
from laras.translation import _


def seeds(facts: RunFacts) -> Section | None:
    """Mean, spread and each value; None where one seed was all."""
    found = entries_of(facts.verdict.get("seeds"))
    if not found:
        return None
    blocks: list[Block] = [
        Paragraph(
            _(
                "The intervals above are about the test rows that happened to be drawn; these are "
                "about the order of the training rows and the first weights, which a seed decides."
            )
        )
    ]
    blocks += [Paragraph(str(entry["note"]), "note") for entry in found if entry.get("note")]
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Mean")),
        Cell(_("Standard deviation")),
        Cell(_("By seed"), numeric=False),
    ]
    rows = [
        [
            Cell(str(entry.get("contender")), _title(entry), numeric=False),
            Cell(_written(entry, value_of(entry, "mean")), _span(entry)),
            Cell(_written(entry, value_of(entry, "sd"))),
            Cell(_values(entry), numeric=False),
        ]
        for entry in found
    ]
    caption = _("Each mean with its {level} interval over seeds.").format(
        level=percent(facts.confidence, 0)
    )
    blocks.append(Table(header, rows, caption=caption))
    blocks.append(Paragraph(" ".join([which_competes(), spent(found)])))
    return Section("seeds", _("Seeds"), blocks)


def _title(entry: Json) -> str:
    metric = measure(str(entry.get("metric")))
    return f"{metric.title} {metric.arrow}".strip()


def _written(entry: Json, value: float | None) -> str:
    return measure(str(entry.get("metric"))).written(value)


def _span(entry: Json) -> str:
    low, high = value_of(entry, "low"), value_of(entry, "high")
    if low is None or high is None:
        return ""
    return f"{_written(entry, low)} – {_written(entry, high)}"


def _values(entry: Json) -> str:
    return "; ".join(
        f"{each.get('seed')}: {_written(entry, value_of(each))}"
        for each in entries_of(entry.get("values"))
    )
