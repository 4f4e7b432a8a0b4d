"""What the contenders forgot of what the reference can do, on material that is not the user's."""

from __future__ import annotations

from io import StringIO

from laras.checks.group_names import language_name
from laras.report.blocks import Block, Cell, Code, Section, Table
from laras.report.checked import check_titles, in_points, notes, share_cell, state_in_words
from laras.report.facts import Json, RunFacts, entries_of, mapping_of
from laras.report.measures import value_of
from laras.report.wording import number, percent, probability, signed, whole
from laras.translation import _


def forgetting(facts: RunFacts) -> Section | None:
    """General text by language, general questions, and what would help; None where not measured."""
    found = entries_of(facts.verdict.get("forgetting"))
    if not found:
        return None
    blocks: list[Block] = [*notes(found), _losses(found, facts)]
    abilities = _abilities(found)
    if abilities is not None:
        blocks.append(abilities)
    advice = _advice(found)
    if advice is not None:
        blocks.append(advice)
    return Section("forgetting", check_titles()["forgetting"], blocks)


def _losses(found: list[Json], facts: RunFacts) -> Table:
    header = [
        Cell(_("General material"), numeric=False),
        Cell(_("Contender")),
        Cell(_("with the reference")),
        Cell(_("Difference")),
        Cell("p"),
        Cell(_("Finding"), numeric=False),
    ]
    rows: list[list[Cell]] = []
    for entry in found:
        rows.append([Cell(_against(entry), numeric=False)])
        rows += [_text(part) for part in entries_of(entry.get("texts"))]
        rows += [_questions(part) for part in entries_of(entry.get("questions"))]
    caption = _(
        "Text in bits per byte (lower is better), questions by the share of right answers, each "
        "with its {level} interval. p is adjusted for all that is tested (Holm); what the "
        "reference itself does not know is not tested."
    ).format(level=percent(facts.confidence, 0))
    return Table(header, rows, caption=caption)


def _against(entry: Json) -> str:
    if entry.get("reference") is None:
        return str(entry.get("contender"))
    return _("{name}, beside {reference}").format(
        name=entry.get("contender"), reference=entry.get("reference")
    )


def _text(part: Json) -> list[Cell]:
    title = _("text ({language})").format(language=language_name(str(part.get("language"))))
    found = mapping_of(part.get("difference"))
    rise = value_of(part, "rise")
    return [
        Cell(title, "" if part.get("counts") else _("no language of the data"), numeric=False),
        *(_bits(mapping_of(part.get(side))) for side in ("own", "reference")),
        Cell(
            signed(value_of(found), 2),
            "" if rise is None else f"{in_points(rise)} %",
        ),
        Cell(probability(_p(found))),
        Cell(state_in_words(part.get("state")), numeric=False),
    ]


def _questions(part: Json) -> list[Cell]:
    titles = {"choices": _("questions with four choices"), "written": _("answers in a given form")}
    count = whole(value_of(mapping_of(part.get("own")), "rows"))
    found = mapping_of(part.get("difference"))
    return [
        Cell(
            titles.get(str(part.get("part")), str(part.get("part"))),
            _("{count} questions").format(count=count),
            numeric=False,
        ),
        share_cell(part.get("own")),
        share_cell(part.get("reference")),
        share_cell(found, points=True),
        Cell(probability(_p(found))),
        Cell(state_in_words(part.get("state")), numeric=False),
    ]


def _bits(figure: Json) -> Cell:
    low, high = value_of(figure, "low"), value_of(figure, "high")
    span = "" if low is None or high is None else f"{number(low, 2)} – {number(high, 2)}"
    return Cell(number(value_of(figure), 2), span)


def _p(found: Json) -> float | None:
    adjusted = value_of(found, "p_adjusted")
    return value_of(found, "p") if adjusted is None else adjusted


def _abilities(found: list[Json]) -> Table | None:
    """Right answers by ability and language: too few of each for anything to be said of them."""
    rows: list[list[Cell]] = []
    for entry in found:
        of_entry = entries_of(entry.get("by_ability"))
        if of_entry:
            rows.append([Cell(_against(entry), numeric=False)])
        rows += [
            [
                Cell(_ability(part), language_name(str(part.get("language"))), numeric=False),
                Cell(whole(value_of(part, "questions"))),
                Cell(whole(value_of(part, "own"))),
                Cell(whole(value_of(part, "reference"))),
            ]
            for part in of_entry
        ]
    if not rows:
        return None
    header = [
        Cell(_("Ability"), numeric=False),
        Cell(_("Questions")),
        Cell(_("Right: contender")),
        Cell(_("Right: reference")),
    ]
    return Table(header, rows, folded=_("General questions by ability"))


def _ability(part: Json) -> str:
    titles = {
        "arithmetic": _("arithmetic"),
        "facts": _("common facts"),
        "instruction": _("following an instruction"),
        "format": _("keeping to a form"),
    }
    title = titles.get(str(part.get("ability")), str(part.get("ability")))
    return _("{ability}, in writing").format(ability=title) if _is_written(part) else title


def _is_written(part: Json) -> bool:
    return part.get("part") == "written"


def _advice(found: list[Json]) -> Code | None:
    """What a recipe would say to mix in general text: of the contender that forgot most."""
    mixes = [mapping_of(entry.get("replay")) for entry in found]
    mixes = sorted((mix for mix in mixes if mix), key=lambda mix: -(value_of(mix, "share") or 0.0))
    if not mixes or not mapping_of(mixes[0].get("recipe")):
        return None
    from ruamel.yaml import YAML

    text = StringIO()
    YAML().dump(mixes[0]["recipe"], text)
    source = str(mixes[0].get("source") or "")
    lines = [(line, "") for line in text.getvalue().splitlines()]
    lines.append(("", f"# {source}"))
    return Code(_("How a recipe mixes general examples in"), lines)
