"""Parts of the account for people about what is in the data: languages, doubtful rows, persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from laras.preparation.ledger_reasons import meaning
from laras.preparation.ledger_view import (
    GUESSED_ASSISTANT,
    guessed_assistants,
    ledger_entries,
    ledger_groups,
    line_to_copy,
    place_of,
)
from laras.preparation.report_table import table
from laras.preparation.written_numbers import share_with_interval, whole
from laras.translation import _, ngettext

_PLACES = 3
_CLUSTERS = 8
_GUESSES = 20
_MOST_COUNTS = 8


def who_speaks(data: Path) -> str:
    """Whom the model speaks as where that was guessed, each with the whole line to copy."""
    guesses = guessed_assistants(data)
    if not guesses:
        return ""
    lines = [meaning(GUESSED_ASSISTANT), ""]
    for entry in guesses[:_GUESSES]:
        line, clue = line_to_copy(entry)
        lines.append(f"- {_on_one_line(entry.path)}: `{_on_one_line(line)}` {clue}".rstrip())
    left_out = len(guesses) - _GUESSES
    if left_out > 0:
        more = ngettext("… and {count} more", "… and {count} more", left_out)
        lines.append(f"- {more.format(count=whole(left_out))}")
    return "\n".join(lines)


def what_left(reasons: Mapping[str, int], data: Path | None) -> str:
    """Each reason in words, with its count and the first places."""
    groups = ledger_groups(ledger_entries(data), _PLACES) if data is not None else []
    if groups:
        rows = [
            (
                group.stage,
                group.reason,
                _("cut") if group.action == "cut" else _("dropped"),
                group.rows or group.entries,
                group.meaning,
                "; ".join(_place(entry.detail, place_of(entry)) for entry in group.first),
            )
            for group in groups
        ]
        heads = (_("Stage"), _("Reason"), _("Action"), _("Rows"), _("What it means"))
        return table((*heads, _("For example")), rows)
    if not reasons:
        return _("Nothing.")
    plain = [(reason, count, meaning(reason)) for reason, count in reasons.items()]
    return table((_("Reason"), _("Rows"), _("What it means")), plain)


def _place(detail: str, place: str) -> str:
    return f"{place} ({detail})" if detail else place


def by_source(counts: Mapping[str, Mapping[str, int]], title: str) -> str:
    """Counts of each source, the most frequent first; nothing where there are none."""
    rows = [(source, _counted(found)) for source, found in counts.items() if found]
    return table((_("Source"), title), rows) if rows else ""


def _counted(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {whole(count)}" for name, count in list(counts.items())[:_MOST_COUNTS]]
    return ", ".join([*shown, "..."] if len(counts) > _MOST_COUNTS else shown)


def personal_data(found: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Personal data by source and kind, as it was found before it was replaced, if it was."""
    rows = [
        (source, kind, entry["count"], entry["rows"])
        for source, kinds in found.items()
        for kind, entry in kinds.items()
    ]
    if not rows:
        return _("No personal data of the kinds looked for was found.") if found else ""
    return table((_("Source"), _("Personal data"), _("Found"), _("Rows")), rows)


def duplicates(found: Mapping[str, Any]) -> str:
    """How many records were like an earlier one, and the largest clusters of them."""
    counts = found.get("found") or {}
    if not counts:
        return ""
    parts = [table((_("Reason"), _("Rows")), counts.items())]
    largest = (found.get("largest") or [])[:_CLUSTERS]
    if largest:
        rows = [(each["size"], each["kept"], "; ".join(each["others"])) for each in largest]
        parts.append(table((_("Records in the cluster"), _("Stays"), _("Like it")), rows))
    return "\n\n".join(parts)


def doubtful(findings: Mapping[str, Any]) -> str:
    """Rows that a careful colleague would look at, as shares with intervals."""
    rows = [*_answers(findings), *_lengths(findings), *_labels(findings)]
    if not rows:
        return ""
    heads = (_("Finding"), _("Rows"), _("Of"), _("Share (95% interval)"), _("For example"))
    return table(heads, rows)


_Rows = Iterable[tuple[object, ...]]


def _answers(findings: Mapping[str, Any]) -> _Rows:
    titles = {
        "contradictory": _("questions with different answers"),
        "truncated": _("answers that break off"),
        "canned": _("answers that are said five times or more"),
        "model_talk": _("answers that speak as a language model"),
        "template_marks": _("examples with marks of a chat template as text"),
    }
    answers = findings.get("answers") or {}
    for name, title in titles.items():
        measured = answers.get(name) or {}
        if measured.get("of"):
            said = [f"{m['answer']} (×{m['copies']})" for m in measured.get("most") or ()]
            yield _row(title, measured, [*(measured.get("places") or ()), *said])


def _lengths(findings: Mapping[str, Any]) -> _Rows:
    for task, measured in ((findings.get("lengths") or {}).get("tasks") or {}).items():
        title = _("{task}: lengths far from the others").format(task=task)
        yield _row(title, measured["far_out"], measured["places"])


def _labels(findings: Mapping[str, Any]) -> _Rows:
    noise = (findings.get("labels") or {}).get("noise") or {}
    if noise.get("measured"):
        yield _row(_("labels that look wrong"), noise, noise["places"])


def _row(title: str, measured: Mapping[str, Any], places: Iterable[str]) -> tuple[object, ...]:
    first = "; ".join(list(places)[:_PLACES])
    return title, measured["count"], measured["of"], share_with_interval(measured), first


def labels(findings: Mapping[str, Any]) -> str:
    """How many labels there are, how even, and whether their noise was measured."""
    found = findings.get("labels") or {}
    if not found:
        return ""
    rows: list[tuple[str, object]] = [
        (_("labels"), found["labels"]),
        (_("rows of the smallest label"), found["smallest"]),
        (_("rows of the largest label"), found["largest"]),
        (_("evenness (1: all equally frequent)"), f"{found['evenness']:.3f}"),
    ]
    noise = found.get("noise") or {}
    if not noise.get("measured") and "why" in noise:
        rows.append((_("labels that look wrong"), _("not measured: {why}").format(**noise)))
    return table(("", ""), rows)


def _on_one_line(text: str) -> str:
    return text.replace("\n", " ")
