"""What the contenders cost, to make and for 1,000 answers; and what was forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.planning.accuracy import Compared, compared, surest
from laras.report.blocks import Block, Cell, Heading, Paragraph, Section, Table
from laras.report.facts import Json, RunFacts, entries_of, mapping_of
from laras.report.measures import value_of
from laras.report.wording import duration, energy, money, percent, significant, size, whole
from laras.translation import _


def cost(facts: RunFacts) -> Section | None:
    """What was counted, one row a contender; what was forecast; None where nothing was counted."""
    tuned = {str(event.get("contender")): event for event in facts.events_of("contender_finished")}
    rows = []
    for contender in facts.contenders:
        given = contender.scores.get("cost")
        evaluation = given if isinstance(given, dict) else {}
        tuning = tuned.get(contender.name, {})
        if evaluation or tuning:
            rows.append(_row(contender.name, tuning, evaluation))
    if not rows:
        return None
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Tuning")),
        Cell(_("Tokens trained")),
        Cell(_("Parameters trained")),
        Cell(_("Memory, most")),
        Cell(_("Evaluation")),
        Cell(_("Tokens read"), _("and written")),
    ]
    caption = _(
        "Wall-clock time on this machine. Memory is the most that tuning or evaluation "
        "held at once."
    )
    blocks: list[Block] = [Table(header, rows, caption=caption)]
    answers = _answers(facts)
    if answers is not None:
        blocks += [Heading(_("1,000 answers")), answers]
    note = mapping_of(facts.verdict.get("break_even")).get("note")
    if note:
        blocks.append(Paragraph(str(note), "note"))
    forecasts = _forecasts(compared(facts.events))
    if forecasts is not None:
        blocks += [Heading(_("Forecast and measured")), forecasts]
    return Section("cost", _("What it cost"), blocks)


def _answers(facts: RunFacts) -> Table | None:
    """What a thousand answers of each take; None where nobody answered."""
    entries = entries_of(facts.verdict.get("cost"))
    rows = [_of_answers(entry) for entry in entries if mapping_of(entry.get("per_1000_answers"))]
    if not rows:
        return None
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Time")),
        Cell(_("Tokens read")),
        Cell(_("Tokens written")),
        Cell(_("Energy")),
        Cell(_("Money")),
        Cell(_("Energy of tuning")),
    ]
    # A column in which nobody has anything says nothing.
    kept = [at for at in range(len(header)) if any(row[at].text != "–" for row in rows)]
    caption = _(
        "In proportion to what the test rows took. The prompt is paid with every answer. Energy is "
        "that of processor and GPU."
    )
    if any("estimate" in str(entry.get("energy_source")) for entry in entries):
        caption += " " + _("It is estimated here, from the time that processor cores were busy.")
    return Table(
        [header[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        caption=caption,
    )


def _of_answers(entry: Json) -> list[Cell]:
    answers, tuning = mapping_of(entry.get("per_1000_answers")), mapping_of(entry.get("tuning"))
    return [
        Cell(str(entry.get("contender")), numeric=False),
        Cell(duration(value_of(answers, "seconds"))),
        Cell(whole(value_of(answers, "tokens_in"))),
        Cell(whole(value_of(answers, "tokens_out"))),
        Cell(energy(value_of(answers, "energy_wh"))),
        Cell(money(value_of(answers, "money"), str(entry.get("currency") or ""))),
        Cell(energy(value_of(tuning, "energy_wh"))),
    ]


def _forecasts(rows: list[Compared]) -> Table | None:
    """What was forecast beside what was measured; None where nothing was forecast."""
    shown = surest(rows)
    if not shown:
        return None
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("What"), numeric=False),
        Cell(_("Forecast")),
        Cell(_("Measured")),
        Cell(_("Measured / forecast")),
    ]
    cells = [
        [
            Cell(row.contender, numeric=False),
            Cell(what_in_words(row.what), source_in_words(row.source), numeric=False),
            Cell(quantity(row.what, row.forecast), _range(row)),
            Cell(quantity(row.what, row.measured)),
            Cell(significant(row.ratio, 3)),
        ]
        for row in shown
    ]
    early = [row.contender for row in shown if row.ended_early]
    footnotes = []
    if early:
        footnotes = [
            _("The training of {names} ended early; the forecast is of all of it.").format(
                names=", ".join(dict.fromkeys(early))
            )
        ]
    caption = _("What was forecast before, and what came of it.")
    return Table(header, cells, caption=caption, footnotes=footnotes)


def quantity(what: str, value: float) -> str:
    """Bytes or seconds, as ``what`` says."""
    return size(value) if what.endswith("_bytes") else duration(value)


def what_in_words(what: str) -> str:
    """What was forecast, in the language in use."""
    titles = {
        "peak_memory_bytes": _("memory of tuning, most"),
        "training_seconds": _("training"),
        "tuning_seconds": _("tuning, with loading and saving"),
        "judging_seconds": _("judging"),
    }
    return titles.get(what, what)


def source_in_words(source: str) -> str:
    """Where a forecast comes from, in the language in use."""
    titles = {
        "rehearsal": _("by laras plan"),
        "first steps": _("by its first steps"),
        "sizes": _("by the model's sizes"),
    }
    return titles.get(source, source)


def _range(row: Compared) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{quantity(row.what, row.low)}–{quantity(row.what, row.high)}"


def _row(name: str, tuning: Mapping[str, Any], evaluation: Mapping[str, Any]) -> list[Cell]:
    trained, parameters = value_of(tuning, "trained_parameters"), value_of(tuning, "parameters")
    share = percent(trained / parameters) if trained is not None and parameters else ""
    seconds, tokens = value_of(tuning, "seconds"), value_of(tuning, "tokens")
    rate = ""
    if seconds and tokens:
        rate = _("{count} a second").format(count=whole(tokens / seconds))
    memory = [value_of(facts, "peak_memory_bytes") for facts in (tuning, evaluation)]
    return [
        Cell(name, numeric=False),
        Cell(duration(seconds)),
        Cell(whole(tokens), rate),
        Cell(whole(trained), share),
        Cell(size(max((held for held in memory if held is not None), default=None))),
        Cell(duration(value_of(evaluation, "seconds"))),
        Cell(whole(value_of(evaluation, "tokens_in")), whole(value_of(evaluation, "tokens_out"))),
    ]
