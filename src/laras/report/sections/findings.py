"""What a careful colleague would say about the training data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laras.preparation.ledger_reasons import meaning
from laras.preparation.ledger_view import GUESSED_ASSISTANT
from laras.report.blocks import Block, Cell, Facts, Paragraph, Section, Table
from laras.report.facts import RunFacts
from laras.report.wording import percent, shortened, whole
from laras.translation import _, ngettext

_PLACE_CHARACTERS = 200
_MOST_GROUPS = 12
_MOST_GUESSES = 5


def findings(facts: RunFacts) -> Section | None:
    """Doubtful rows with their places, personal data, and who is spoken of."""
    found = facts.audit.get("findings")
    if not isinstance(found, dict):
        found = {}
    blocks: list[Block] = [
        Paragraph(str(remark), "warning") for remark in found.get("remarks") or ()
    ]
    blocks += _guessed_assistants(facts)
    rows = [*_answer_rows(found), *_length_rows(found), *_noise_row(found)]
    if rows:
        header = [
            Cell(_("Finding"), numeric=False),
            Cell(_("Rows")),
            Cell(_("Of")),
            Cell(_("Share (95% interval)")),
            Cell(_("For example"), numeric=False),
        ]
        blocks.append(Table(header, rows, caption=_("Of the training data.")))
    if pairs := _label_facts(found):
        blocks.append(Facts(pairs, title=_("Labels")))
    blocks += _personal_data(facts)
    blocks += _balance(found)
    return Section("findings", _("What to look at in the data"), blocks) if blocks else None


def _guessed_assistants(facts: RunFacts) -> list[Block]:
    """Whom the model speaks as where that was guessed; each with the whole line to copy."""
    guesses = [row for row in facts.ledger if row.get("reason") == GUESSED_ASSISTANT]
    blocks: list[Block] = [
        Paragraph(f"{row.get('path')}: {meaning(GUESSED_ASSISTANT)} {row.get('detail')}", "warning")
        for row in guesses[:_MOST_GUESSES]
    ]
    left_out = len(guesses) - _MOST_GUESSES
    if left_out > 0:
        more = ngettext("… and {count} more", "… and {count} more", left_out)
        blocks.append(Paragraph(more.format(count=whole(left_out))))
    return blocks


def _answer_rows(found: Mapping[str, Any]) -> list[list[Cell]]:
    titles = {
        "contradictory": _("questions with different answers"),
        "truncated": _("answers that break off"),
        "canned": _("answers that are said five times or more"),
        "model_talk": _("answers that speak as a language model"),
        "template_marks": _("examples with marks of a chat template as text"),
    }
    answers = found.get("answers") or {}
    rows = []
    for name, title in titles.items():
        measured = answers.get(name) or {}
        if measured.get("of"):
            most = [f"{m['answer']} (×{m['copies']})" for m in measured.get("most") or ()]
            rows.append(_share_row(title, measured, [*(measured.get("places") or ()), *most]))
    return rows


def _length_rows(found: Mapping[str, Any]) -> list[list[Cell]]:
    tasks = (found.get("lengths") or {}).get("tasks") or {}
    return [
        _share_row(
            _("{task}: lengths far from the others").format(task=task),
            measured["far_out"],
            measured["places"],
        )
        for task, measured in tasks.items()
    ]


def _noise_row(found: Mapping[str, Any]) -> list[list[Cell]]:
    noise = (found.get("labels") or {}).get("noise") or {}
    if not noise.get("measured"):
        return []
    return [_share_row(_("labels that look wrong"), noise, noise["places"])]


def _share_row(title: str, measured: Mapping[str, Any], places: list[str]) -> list[Cell]:
    return [
        Cell(title, numeric=False),
        Cell(whole(measured["count"])),
        Cell(whole(measured["of"])),
        Cell(percent(measured["share"]), _interval(measured)),
        Cell(shortened("; ".join(places[:2]), _PLACE_CHARACTERS), numeric=False),
    ]


def _interval(measured: Mapping[str, Any]) -> str:
    return f"{percent(measured['low'])} – {percent(measured['high'])}"


def _label_facts(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    labels = found.get("labels") or {}
    if not labels:
        return []
    pairs = [
        (_("labels"), whole(labels["labels"])),
        (_("rows of the smallest label"), whole(labels["smallest"])),
        (_("rows of the largest label"), whole(labels["largest"])),
        (_("evenness (1: all equally frequent)"), f"{labels['evenness']:.3f}"),
    ]
    noise = labels.get("noise") or {}
    if not noise.get("measured"):
        pairs.append((_("labels that look wrong"), _("not measured: {why}").format(**noise)))
    return pairs


def _personal_data(facts: RunFacts) -> list[Block]:
    measured = facts.audit.get("personal_data")
    if not isinstance(measured, dict):
        return []
    counts: dict[str, dict[str, int]] = {}
    for of_source in measured.values():
        for kind, entry in of_source.items():
            total = counts.setdefault(kind, {"count": 0, "rows": 0})
            for name in total:
                total[name] += entry[name]
    if not counts:
        return [Paragraph(_("No personal data of the kinds looked for was found."), "note")]
    header = [Cell(_("Personal data"), numeric=False), Cell(_("Found")), Cell(_("Rows"))]
    rows = [
        [
            Cell(str(kind), numeric=False),
            Cell(whole(entry["count"])),
            Cell(whole(entry["rows"])),
        ]
        for kind, entry in counts.items()
    ]
    caption = (
        _("All of it was replaced by placeholders.")
        if facts.setting("preparation", "personal_data") == "replace"
        else _("It stays in the data: set preparation.personal_data to replace to take it out.")
    )
    return [Table(header, rows, caption=caption)]


def _balance(found: Mapping[str, Any]) -> list[Block]:
    balance = found.get("balance") or {}
    dimensions = balance.get("dimensions") or {}
    titles = {
        "gender": _("Gender"),
        "religion": _("Religion"),
        "ethnicity": _("Ethnicity"),
        "region": _("Region"),
    }
    rows: list[list[Cell]] = []
    for dimension, groups in dimensions.items():
        rows.append([Cell(titles.get(dimension, dimension), numeric=False)])
        for group, measured in list(groups.items())[:_MOST_GROUPS]:
            mentions, answers = measured["mentions"], measured.get("in_answers")
            rows.append(
                [
                    Cell(str(group), numeric=False),
                    Cell(whole(mentions["count"])),
                    Cell(percent(mentions["share"], 2), _interval(mentions)),
                    Cell(percent(answers["share"], 2), _interval(answers))
                    if answers
                    else Cell("–"),
                ]
            )
    if not rows:
        return []
    header = [
        Cell(_("Who is spoken of"), numeric=False),
        Cell(_("Examples")),
        Cell(_("Share (95% interval)")),
        Cell(_("In answers")),
    ]
    note = _(
        "Counted by lists of words in {rows} of {of} training examples. Whether the shares are "
        "as they should be is for you to say; there is no score for it."
    ).format(rows=whole(balance["rows"]), of=whole(balance["of"]))
    return [Table(header, rows, footnotes=[note])]
