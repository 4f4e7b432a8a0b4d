"""The data on its way, from rows in to rows trained: what left at which stage, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.preparation.ledger_reasons import meaning
from laras.preparation.ledger_view import GUESSED_ASSISTANT
from laras.report.blocks import Block, Cell, Figure, Figures, Paragraph, Section, Table
from laras.report.charts import Bar, bars
from laras.report.facts import RunFacts
from laras.report.wording import shortened, signed, whole
from laras.translation import _

_MOST_REASONS = 14


def funnel(facts: RunFacts) -> Section | None:
    """Stage by stage, what went in and came out, and why rows left."""
    stages = [stage for stage in facts.audit.get("funnel") or () if isinstance(stage, dict)]
    reasons = _reasons(facts)
    if not stages and not reasons:
        return None
    blocks: list[Block] = []
    figures = []
    if stages:
        title = _("Rows from the sources to the training set")
        figures.append(Figure(bars(title, _steps_down(facts, stages), accent_last=True), title))
    if reasons:
        title = _("Why rows left or were cut")
        shown = [Bar(f"{r['reason']}", r["rows"], whole(r["rows"])) for r in reasons[:10]]
        figures.append(Figure(bars(title, shown), title))
    blocks.append(Figures(figures))
    if stages:
        blocks.append(_stage_table(stages))
    if reasons:
        blocks.append(_reason_table(reasons))
    elif not facts.is_missing("data/ledger.parquet"):
        blocks.append(Paragraph(_("The ledger is empty: no row left the data."), "note"))
    return Section("funnel", _("The data, from rows in to rows trained"), blocks)


def _steps_down(facts: RunFacts, stages: list[dict[str, Any]]) -> list[Bar]:
    """What is left after each stage.

    Some stages see only part of the rows, so the rows that left are taken from those before
    instead of showing a stage's own counts.
    """
    left = _count(stages[0], "rows_in")
    steps = [(_("rows in"), left)]
    for stage in stages:
        if stage.get("unit") == "examples":
            left = _count(stage, "rows_out")
        else:
            left -= _count(stage, "rejected")
        if isinstance(stage.get("examples"), int):
            left = stage["examples"]
        steps.append((stage_title(stage), left))
    trained = _trained_rows(facts)
    if trained is not None:
        steps.append((_("trained on"), trained))
    return [Bar(title, rows, whole(rows)) for title, rows in steps]


def _trained_rows(facts: RunFacts) -> int | None:
    """Examples of the training split, less those that did not fit the model."""
    encoded = facts.encoding.get("train")
    if isinstance(encoded, dict) and isinstance(encoded.get("examples"), int):
        return int(encoded["examples"]) - int(encoded.get("dropped") or 0)
    given = (facts.audit.get("splits") or {}).get("train")
    rows = given.get("examples") if isinstance(given, dict) else None
    return rows if isinstance(rows, int) else None


def stage_title(stage: Mapping[str, Any]) -> str:
    """What a stage of preparation is called, in words."""
    name = str(stage.get("stage", ""))
    titles = {
        "read": _("read"),
        "clean": _("cleaned"),
        "deduplicate": _("without duplicates"),
        "examples": _("made into examples"),
        "leak": _("without your test's rows"),
        "split": _("in the splits"),
    }
    title = titles.get(name, name.replace("_", " ").replace("-", " "))
    if stage.get("unit") == "examples":
        return _("{stage} (examples)").format(stage=title)
    return title


def _stage_table(stages: list[dict[str, Any]]) -> Table:
    made = [
        _count(stage, "rows_out") + _count(stage, "rejected") - _count(stage, "rows_in")
        for stage in stages
    ]
    columns = [
        (_("Stage"), [Cell(stage_title(stage), numeric=False) for stage in stages]),
        (_("Rows in"), [Cell(whole(_count(stage, "rows_in"))) for stage in stages]),
        (_("To the ledger"), [Cell(whole(_count(stage, "rejected"))) for stage in stages]),
        (_("Made or joined"), [Cell(signed(rows, 0) if rows else "–") for rows in made]),
        (_("Rows out"), [Cell(whole(_count(stage, "rows_out"))) for stage in stages]),
    ]
    caption = _("At every stage, rows in = rows out + rows in the ledger.")
    if any(made):
        caption = _(
            "At every stage, rows in = rows out + rows in the ledger, less those that were "
            "made by cutting records into examples or by joining them."
        )
    else:
        del columns[3]
    header = [Cell(title, numeric=place > 0) for place, (title, _cells) in enumerate(columns)]
    rows = [list(row) for row in zip(*(cells for _title, cells in columns), strict=True)]
    return Table(header, rows, caption=caption)


def _reason_table(reasons: list[dict[str, Any]]) -> Table:
    rows = [
        [
            Cell(entry["reason"], _meaning(entry), numeric=False),
            Cell(_("cut") if entry["action"] == "cut" else _("dropped"), numeric=False),
            Cell(whole(entry["rows"])),
            Cell(_example(entry), numeric=False),
        ]
        for entry in reasons[:_MOST_REASONS]
    ]
    left_out = len(reasons) - len(rows)
    footnotes = [_("and {count} more reasons").format(count=left_out)] if left_out else []
    header = [
        Cell(_("Reason"), numeric=False),
        Cell(_("Action"), numeric=False),
        Cell(_("Rows")),
        Cell(_("For example"), numeric=False),
    ]
    caption = _("The ledger in short; every single row stands in data/ledger.parquet.")
    return Table(header, rows, caption=caption, footnotes=footnotes)


def _example(entry: Mapping[str, Any]) -> str:
    """The first place, cut where it is long; whole where a line to copy stands in it."""
    example = str(entry["example"])
    return example if entry["reason"] == GUESSED_ASSISTANT else shortened(example, 160)


def _meaning(entry: Mapping[str, Any]) -> str:
    """The stage in which rows left, and what the code of the reason means."""
    return f"{entry['stage']}: {meaning(entry['reason'])}".removesuffix(": ")


def _reasons(facts: RunFacts) -> list[dict[str, Any]]:
    """The ledger by stage, reason and action, most frequent first."""
    grouped: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in facts.ledger:
        stage, reason = str(row.get("stage")), str(row.get("reason"))
        action = str(row.get("action") or "dropped")
        place = ":".join(str(row[key]) for key in ("path", "locator") if row.get(key))
        detail = str(row.get("detail") or "")
        entry = grouped.setdefault(
            (stage, reason, action),
            {
                "stage": stage,
                "reason": reason,
                "action": action,
                "rows": 0,
                "example": f"{place} ({detail})" if place and detail else place or detail,
            },
        )
        # A cut row stays in the balance, so it counts 0 there; here it is one that was cut.
        entry["rows"] += int(row.get("rows") or 0) or 1
    return sorted(grouped.values(), key=lambda entry: -entry["rows"])


def _count(stage: Mapping[str, Any], key: str) -> int:
    value = stage.get(key)
    if isinstance(value, Mapping):  # reason to rows
        return sum(int(rows) for rows in value.values())
    return int(value) if isinstance(value, (int, float)) else 0
