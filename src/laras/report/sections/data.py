"""The data on its way: rows in to rows trained, who stands in which split, and no leak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Block, Cell, Facts, Figure, Figures, Paragraph, Section, Table
from laras.report.charts import Bar, bars
from laras.report.facts import RunFacts
from laras.report.wording import shortened, signed, significant, whole
from laras.translation import _

_MOST_REASONS = 14
_MOST_VALUES = 8


def funnel(facts: RunFacts) -> Section | None:
    """Stage by stage, what went in and came out, and why rows left."""
    stages = [stage for stage in facts.audit.get("funnel") or () if isinstance(stage, dict)]
    reasons = _reasons(facts)
    if not stages and not reasons:
        return None
    blocks: list[Block] = []
    figures = []
    trained = _rows_of(facts, "train")
    if stages:
        title = _("Rows from the sources to the training set")
        rows = [Bar(_("rows in"), _count(stages[0], "rows_in"), whole(stages[0].get("rows_in")))]
        rows += [
            Bar(stage_title(stage), _count(stage, "rows_out"), whole(stage.get("rows_out")))
            for stage in stages
        ]
        if trained is not None:
            rows.append(Bar(_("trained on"), trained, whole(trained)))
        figures.append(Figure(bars(title, rows, accent_last=True), title))
    if reasons:
        title = _("Why rows left or were cut")
        shown = [Bar(f"{r['reason']}", r["rows"], whole(r["rows"])) for r in reasons[:10]]
        figures.append(Figure(bars(title, shown), title))
    blocks.append(Figures(figures))
    if stages:
        blocks.append(_stage_table(stages))
    if reasons:
        blocks.append(_reason_table(reasons))
    return Section("funnel", _("The data, from rows in to rows trained"), blocks)


def splits(facts: RunFacts) -> Section | None:
    """What stands in train, validation and test."""
    given = facts.audit.get("splits")
    if not isinstance(given, dict) or not given:
        return None
    names = {"train": _("training"), "validation": _("validation"), "test": _("test")}
    columns = [split for split in names if isinstance(given.get(split), dict)]
    facets = list(dict.fromkeys(key for split in columns for key in given[split]))
    # Single numbers first: under a group of rows they would seem to belong to it.
    facets.sort(key=lambda facet: isinstance(given[columns[0]].get(facet), Mapping))
    rows: list[list[Cell]] = []
    for facet in facets:
        values = [given[split].get(facet) for split in columns]
        if any(isinstance(value, Mapping) for value in values):
            rows.extend(_facet_rows(facet, values))
        elif any(isinstance(value, (int, float)) for value in values):
            cells = [Cell(whole(v) if isinstance(v, (int, float)) else "–") for v in values]
            rows.append([Cell(_facet_title(facet)), *cells])
    header = [Cell("", numeric=False), *(Cell(names[split]) for split in columns)]
    blocks: list[Block] = [Table(header, rows)]
    blocks += [Paragraph(str(warning), "warning") for warning in facts.audit.get("warnings") or ()]
    return Section("splits", _("Who learns, who judges"), blocks)


def leaks(facts: RunFacts) -> Section | None:
    """The certificate that training and test share nothing they may not."""
    certificate = facts.audit.get("leak")
    if not isinstance(certificate, dict) or not certificate:
        return None
    blocks: list[Block] = []
    measured = dict(_flat(certificate))
    clean = measured.pop("clean", None)
    if clean is True:
        text = _(
            "No group, no equal text and no near-duplicate stands in two splits. This was checked "
            "on the finished files, by code that shares nothing with what split them."
        )
        blocks.append(Paragraph(text, "note"))
    elif clean is False:
        blocks.append(Paragraph(_("The splits are not clean: see what crosses them."), "warning"))
    pairs = [(_leak_title(key), _value(value)) for key, value in measured.items()]
    if pairs:
        blocks.append(Facts(pairs))
    return Section("leaks", _("Leak certificate"), blocks)


def _flat(certificate: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Names and single values; lists (examples of rows) stay in the audit."""
    flat: list[tuple[str, Any]] = []
    for key, value in certificate.items():
        if isinstance(value, Mapping):
            flat.extend(_flat(value))
        elif value is not None and not isinstance(value, list):
            flat.append((str(key), value))
    return flat


def _leak_title(key: str) -> str:
    titles = {
        "groups_crossing": _("Groups in two splits"),
        "exact_crossing": _("Equal texts in two splits"),
        "near_duplicates_crossing": _("Pairs of near-duplicates across splits"),
        "threshold": _("Near-duplicate from a similarity of"),
        "rows_checked": _("Rows checked for near-duplicates"),
        "rows_to_check": _("Rows to check"),
        "own_test": _("Test set of your own"),
        "test_rows": _("Rows of the test set"),
        "test_rows_also_in_train": _("Test rows whose text also stood in training"),
        "share": _("Share of the test rows"),
        "removed_from_train": _("Equal rows removed from training"),
        "removed_of_test_groups": _("Rows of the test's groups removed from training"),
        "test_rows_near_train": _("Test rows with a near-duplicate in training"),
        "removed_near_from_train": _("Near-duplicates of test rows removed from training"),
        "removed_equal_passages": _("Passages of test rows removed from training"),
    }
    return titles.get(key, key.replace("_", " "))


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
            Cell(entry["reason"], entry["stage"], numeric=False),
            Cell(_("cut") if entry["action"] == "cut" else _("dropped"), numeric=False),
            Cell(whole(entry["rows"])),
            Cell(shortened(entry["example"], 160), numeric=False),
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


def _rows_of(facts: RunFacts, split: str) -> int | None:
    given = (facts.audit.get("splits") or {}).get(split)
    rows = given.get("examples") if isinstance(given, dict) else None
    return rows if isinstance(rows, int) else None


def _facet_rows(facet: str, values: list[Any]) -> list[list[Cell]]:
    """A group of rows: the most frequent values of a facet (label, source, language)."""
    counts = [value if isinstance(value, Mapping) else {} for value in values]
    totals: dict[str, float] = {}
    for count in counts:
        for key, rows in count.items():
            if isinstance(rows, (int, float)):
                totals[str(key)] = totals.get(str(key), 0) + rows
    ranked = sorted(totals, key=lambda key: -totals[key])
    rows = [
        [Cell(_facet_title(facet))],
        *(
            [Cell(key, numeric=False), *(Cell(whole(count.get(key, 0))) for count in counts)]
            for key in ranked[:_MOST_VALUES]
        ),
    ]
    rest = ranked[_MOST_VALUES:]
    if rest:
        title = _("{count} others").format(count=whole(len(rest)))
        sums = [sum(count.get(key, 0) for key in rest) for count in counts]
        rows.append([Cell(title, numeric=False), *(Cell(whole(rows_of)) for rows_of in sums)])
    return rows


def _facet_title(facet: str) -> str:
    titles = {
        "examples": _("examples"),
        "tasks": _("Examples by task"),
        "labels": _("Examples by label"),
        "sources": _("Examples by source"),
        "languages": _("Language, of a sample"),
        "longest": _("characters of the longest"),
        "mean": _("characters on average"),
        "groups": _("groups"),
        "characters": _("characters"),
    }
    return titles.get(facet, facet.replace("_", " "))


def _count(stage: Mapping[str, Any], key: str) -> int:
    value = stage.get(key)
    if isinstance(value, Mapping):  # reason to rows
        return sum(int(rows) for rows in value.values())
    return int(value) if isinstance(value, (int, float)) else 0


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return significant(value)
    return whole(value) if isinstance(value, int) else str(value)
