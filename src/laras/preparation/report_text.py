"""The audit for people who open the folder: one page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from laras.preparation import report_findings as parts
from laras.preparation.report_table import table
from laras.preparation.written_numbers import percent, whole
from laras.translation import _


def report_text(audit: Mapping[str, Any], data: Path | None = None) -> str:
    """The audit as Markdown, in the language in use.

    ``data``: the data folder of the run, whose ledger tells places and guesses.
    """
    findings = audit["findings"]
    sections = [
        (_("From rows in to examples"), _funnel(audit["funnel"])),
        (_("Sources"), _sources(audit["sources"])),
        (_("Splits"), _splits(audit["splits"])),
        (_("Whom the model speaks as"), parts.who_speaks(data) if data else ""),
        (_("What left, and why"), parts.what_left(audit["ledger"]["reasons"], data)),
        (_("What was repaired"), _cleaning(audit["cleaning"])),
        (_("Languages"), parts.by_source(audit.get("languages") or {}, _("Records"))),
        (_("Quality"), parts.by_source(audit.get("quality") or {}, _("Rules that were broken"))),
        (_("Personal data"), parts.personal_data(audit.get("personal_data") or {})),
        (_("Duplicates"), parts.duplicates(audit.get("duplicates") or {})),
        (_("What to look at in the data"), parts.doubtful(findings)),
        (_("Labels"), parts.labels(findings)),
        (_("Kept apart"), _certificate(audit["certificate"], audit["leak"])),
        (_("Examples"), "\n\n".join(_samples(audit["samples"]))),
    ]
    written = [
        "# " + _("The data of this run"),
        *_warnings([*audit["warnings"], *findings.get("remarks", ())]),
        *(f"## {title}\n\n{text}" for title, text in sections if text),
    ]
    return "\n\n".join(written) + "\n"


def _warnings(messages: list[str]) -> list[str]:
    note = _("Note")
    return ["\n".join(f"- **{note}**: {message}" for message in messages)] if messages else []


def _funnel(stages: list[dict[str, Any]]) -> str:
    heads = (_("Stage"), _("Rows in"), _("Rows out"), _("Dropped"), _("Unit"))
    columns = ("stage", "rows_in", "rows_out", "rejected", "unit")
    return table(heads, ([stage[column] for column in columns] for stage in stages))


def _sources(sources: list[dict[str, Any]]) -> str:
    heads = (
        _("Source"),
        _("Given for"),
        _("Rows"),
        _("Read"),
        _("Cleaned"),
        _("Distinct"),
        _("Train"),
        _("Validation"),
        _("Test"),
    )
    columns = ("name", "role", "rows", "read", "cleaned", "deduplicated")
    splits = ("train", "validation", "test")
    return table(
        heads,
        (
            [*(source[column] for column in columns), *(source["examples"][s] for s in splits)]
            for source in sources
        ),
    )


def _splits(splits: Mapping[str, Mapping[str, Any]]) -> str:
    heads = (
        _("Split"),
        _("Examples"),
        _("Groups"),
        _("Tasks"),
        _("Labels"),
        _("Languages"),
        _("Characters"),
        _("Longest"),
    )
    rows = [
        [
            name,
            split["examples"],
            split["groups"],
            _inline(split["tasks"]),
            len(split["labels"]),
            _inline(split["languages"]),
            split["characters"],
            split["longest"],
        ]
        for name, split in splits.items()
    ]
    return table(heads, rows)


def _inline(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {whole(count)}" for name, count in list(counts.items())[:5]]
    return ", ".join([*shown, "..."] if len(counts) > 5 else shown)


def _cleaning(cleaning: Mapping[str, Any]) -> str:
    rules = cleaning["rules"]
    if not rules:
        return _("Nothing.")
    rows = [(rule, found["changes"], found["rows"]) for rule, found in rules.items()]
    return table((_("Rule"), _("Changes"), _("Rows")), rows)


def _certificate(certificate: Mapping[str, Any], leak: Mapping[str, Any]) -> str:
    lines = [
        certificate["statement"],
        _(
            "Groups in two splits: {groups}. Equal texts: {exact}. Near-duplicates (Jaccard of "
            "word 5-grams from {threshold}): {near}. Rows looked at for these: {checked} of {rows}."
        ).format(
            groups=whole(certificate["groups_crossing"]),
            exact=whole(certificate["exact_crossing"]),
            near=whole(certificate["near_duplicates_crossing"]),
            threshold=certificate["threshold"],
            checked=whole(certificate["rows_checked"]),
            rows=whole(certificate["rows_to_check"]),
        ),
    ]
    if leak["own_test"]:
        lines.append(
            _(
                "Of your own {rows} test rows, {count} ({share}) also stood in the training "
                "data word for word, and {near} nearly so; {removed} training rows were removed."
            ).format(
                rows=whole(leak["test_rows"]),
                count=whole(leak["test_rows_also_in_train"]),
                share=percent(leak["share"], 2),
                near=whole(leak["test_rows_near_train"]),
                removed=whole(leak["removed_from_train"] + leak["removed_near_from_train"]),
            )
        )
    return "\n\n".join(lines)


def _samples(samples: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    shown = []
    for task, examples in samples.items():
        for example in examples:
            lines = [f"**{task}**, {example['source']}, `{example['example_id']}`"]
            for message in example["messages"]:
                content = message["content"]
                content = content[:600] + " ..." if len(content) > 600 else content
                quoted = "\n".join(f"> {line}".rstrip() for line in content.split("\n"))
                lines.append(f"> *{message['role']}*\n>\n{quoted}")
            shown.append("\n\n".join(lines))
    return shown
