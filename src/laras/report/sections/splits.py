"""Who learns and who judges: the splits, and the certificate that they share nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.report.blocks import Block, Cell, Facts, Paragraph, Section, Table
from laras.report.facts import RunFacts
from laras.report.wording import percent, significant, whole
from laras.translation import _

_MOST_VALUES = 8


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
    singles = 0
    for facet in facets:
        values = [given[split].get(facet) for split in columns]
        if any(isinstance(value, Mapping) for value in values):
            rows.extend(_facet_rows(facet, values))
        elif any(isinstance(value, (int, float)) for value in values):
            cells = [Cell(whole(v) if isinstance(v, (int, float)) else "–") for v in values]
            rows.append([Cell(_facet_title(facet)), *cells])
            singles += 1
    for key, title in (
        ("dropped", _("examples too long for the model")),
        ("cut", _("examples cut to fit the model")),
        ("tokens", _("tokens")),
        ("trained_tokens", _("tokens trained on")),
    ):
        counts = [(facts.encoding.get(split) or {}).get(key) for split in columns]
        if any(isinstance(count, int) for count in counts):
            rows.insert(singles, [Cell(title), *(Cell(whole(count)) for count in counts)])
            singles += 1
    header = [Cell("", numeric=False), *(Cell(names[split]) for split in columns)]
    blocks: list[Block] = [Table(header, rows)]
    blocks += [Paragraph(str(warning), "warning") for warning in facts.audit.get("warnings") or ()]
    return Section("splits", _("Who learns, who judges"), blocks)


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


def leaks(facts: RunFacts) -> Section | None:
    """The certificate that training and test share nothing they may not."""
    measured: dict[str, Any] = {}
    for part in ("certificate", "leak"):
        found = facts.audit.get(part)
        if isinstance(found, dict):
            measured |= {k: v for k, v in found.items() if isinstance(v, (bool, int, float))}
    if not measured:
        return None
    blocks: list[Block] = []
    clean = measured.pop("clean", None)
    if clean is True:
        text = _(
            "No group, no equal text and no near-duplicate stands in two splits. This was checked "
            "on the finished files, by code that shares nothing with what split them."
        )
        blocks.append(Paragraph(text, "note"))
    elif clean is False:
        blocks.append(Paragraph(_("The splits are not clean: see what crosses them."), "warning"))
    pairs = [(_leak_title(key), _value(key, value)) for key, value in measured.items()]
    if pairs:
        blocks.append(Facts(pairs))
    return Section("leaks", _("Leak certificate"), blocks)


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
        "limit": _("Largest share allowed"),
        "removed_from_train": _("Equal rows removed from training"),
        "removed_of_test_groups": _("Rows of the test's groups removed from training"),
        "test_rows_near_train": _("Test rows with a near-duplicate in training"),
        "removed_near_from_train": _("Near-duplicates of test rows removed from training"),
        "removed_equal_passages": _("Passages of test rows removed from training"),
    }
    return titles.get(key, key.replace("_", " "))


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key in ("share", "limit"):
        return percent(float(value))
    return significant(value) if isinstance(value, float) else whole(value)
