"""The audit for people who open the folder: one page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from laras.translation import _


def report_text(audit: Mapping[str, Any]) -> str:
    """The audit as Markdown, in the language in use."""
    sections = [
        "# " + _("The data of this run"),
        *_warnings([*audit["warnings"], *audit["findings"]["remarks"]]),
        "## " + _("From rows in to examples"),
        _funnel(audit["funnel"]),
        "## " + _("Sources"),
        _sources(audit["sources"]),
        "## " + _("Splits"),
        _splits(audit["splits"]),
        "## " + _("What left, and why"),
        _counts(audit["ledger"]["reasons"], _("Reason"), _("Rows")),
        "## " + _("What was repaired"),
        _cleaning(audit["cleaning"]),
        "## " + _("Kept apart"),
        _certificate(audit["certificate"], audit["leak"]),
        "## " + _("Examples"),
        *_samples(audit["samples"]),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = list(head)
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _warnings(messages: list[str]) -> list[str]:
    return ["\n".join(f"- **{_('Note')}**: {message}" for message in messages)] if messages else []


def _funnel(stages: list[dict[str, Any]]) -> str:
    heads = (_("Stage"), _("Rows in"), _("Rows out"), _("Dropped"), _("Unit"))
    columns = ("stage", "rows_in", "rows_out", "rejected", "unit")
    return _table(heads, ([stage[column] for column in columns] for stage in stages))


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
    return _table(
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
    return _table(heads, rows)


def _inline(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:5]]
    return ", ".join([*shown, "..."] if len(counts) > 5 else shown)


def _counts(counts: Mapping[str, int], name: str, number: str) -> str:
    if not counts:
        return _("Nothing.")
    return _table((name, number), counts.items())


def _cleaning(cleaning: Mapping[str, Any]) -> str:
    rules = cleaning["rules"]
    if not rules:
        return _("Nothing.")
    rows = [(rule, found["changes"], found["rows"]) for rule, found in rules.items()]
    return _table((_("Rule"), _("Changes"), _("Rows")), rows)


def _certificate(certificate: Mapping[str, Any], leak: Mapping[str, Any]) -> str:
    lines = [
        certificate["statement"],
        _(
            "Groups in two splits: {groups}. Equal texts: {exact}. Near-duplicates (Jaccard of "
            "word 5-grams from {threshold}): {near}. Rows looked at for these: {checked} of {rows}."
        ).format(
            groups=certificate["groups_crossing"],
            exact=certificate["exact_crossing"],
            near=certificate["near_duplicates_crossing"],
            threshold=certificate["threshold"],
            checked=certificate["rows_checked"],
            rows=certificate["rows_to_check"],
        ),
    ]
    if leak["own_test"]:
        lines.append(
            _(
                "Of your own {rows} test rows, {count} ({share:.2%}) also stood in the training "
                "data word for word, and {near} nearly so; {removed} training rows were removed."
            ).format(
                rows=leak["test_rows"],
                count=leak["test_rows_also_in_train"],
                share=leak["share"],
                near=leak["test_rows_near_train"],
                removed=leak["removed_from_train"] + leak["removed_near_from_train"],
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
