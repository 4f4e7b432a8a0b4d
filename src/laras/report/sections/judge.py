"""What another model thinks of the answers: evidence beside the figures, which alone decide."""

from __future__ import annotations

from laras.report.blocks import Block, Cell, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts, entries_of, mapping_of
from laras.report.judge_section import caption, columns, position_bias, spending
from laras.report.measures import value_of
from laras.report.wording import percent, probability, whole
from laras.translation import _

_COUNTS = ("wins_first", "wins_second", "ties", "inconsistent", "unusable")


def judge(facts: RunFacts) -> Section | None:
    """Its opinion, how often each contender was preferred, and how far it went by the place of an
    answer; None where no judge was asked."""
    found = mapping_of(facts.verdict.get("judge"))
    if not found:
        return None
    against = found.get("disagrees") or found.get("trouble")
    blocks: list[Block] = []
    if found.get("note"):
        blocks.append(Paragraph(str(found["note"]), "warning" if against else "note"))
    rows = [_row(each) for each in entries_of(found.get("comparisons"))]
    if rows:
        numeric = ("", "", *_COUNTS, "win_rate", "p", "")
        header = [
            Cell(title, numeric=bool(kind)) for title, kind in zip(columns(), numeric, strict=True)
        ]
        blocks.append(Table(header, rows, caption=caption(facts.confidence)))
    blocks += [Paragraph(said) for said in (position_bias(found), spending(found)) if said]
    return Section("judge", _("A language model as judge"), blocks) if blocks else None


def _row(each: Json) -> list[Cell]:
    low, high = value_of(each, "low"), value_of(each, "high")
    span = "" if low is None or high is None else f"{percent(low, 0)} – {percent(high, 0)}"
    p, better = value_of(each, "p_adjusted"), each.get("better")
    return [
        *(Cell(str(each.get(name)), numeric=False) for name in ("first", "second")),
        *(Cell(whole(value_of(each, name))) for name in _COUNTS),
        Cell(percent(value_of(each, "win_rate"), 0), span),
        Cell(probability(value_of(each, "p") if p is None else p)),
        Cell(_("can't be told apart") if better is None else str(better), numeric=False),
    ]
