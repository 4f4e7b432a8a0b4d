"""Whether a contender overfitted: its losses, what it knows by heart, what hangs on wording."""

from __future__ import annotations

from laras.report.blocks import Block, Cell, Heading, Paragraph, Section, Table
from laras.report.checked import check_titles, notes, share_cell, state_in_words
from laras.report.facts import Json, RunFacts, entries_of, mapping_of
from laras.report.measures import value_of
from laras.report.wording import number, percent, signed, whole
from laras.translation import _


def overfitting(facts: RunFacts) -> Section | None:
    """Losses, memorisation and wording, each as far as it was measured; None where nothing was."""
    verdict, titles = facts.verdict, check_titles()
    blocks: list[Block] = []
    for check, title, blocks_of in (
        ("overfitting", _("Losses"), _losses),
        ("memorisation", titles["memorisation"], _by_heart),
        ("wording", titles["wording"], _wording),
    ):
        found = entries_of(verdict.get(check))
        if found:
            blocks += [Heading(title), *notes(found), *blocks_of(found, facts)]
    return Section("overfitting", _("Overfitting"), blocks) if blocks else None


def _losses(found: list[Json], facts: RunFacts) -> list[Block]:
    header = [
        Cell(_("Contender"), numeric=False),
        Cell(_("Training loss")),
        Cell(_("Validation loss")),
        Cell(_("its best")),
        Cell(_("Gap")),
    ]
    rows = [
        [
            Cell(str(entry.get("contender")), numeric=False),
            Cell(number(value_of(entry, "train_loss"), 3)),
            Cell(number(value_of(entry, "validation_loss"), 3)),
            Cell(number(value_of(entry, "best_validation_loss"), 3)),
            Cell(signed(value_of(entry, "gap"), 3)),
        ]
        for entry in found
    ]
    caption = _(
        "At the end of training, in nats per token; the gap is validation minus training loss."
    )
    return [Table(header, rows, caption=caption)]


def _by_heart(found: list[Json], facts: RunFacts) -> list[Block]:
    header = [
        Cell(_("What came back word for word"), numeric=False),
        Cell(_("Training rows")),
        Cell(_("Held-out rows")),
        Cell(_("Difference")),
        Cell(_("of the reference")),
        Cell(_("Asked in other words")),
        Cell(_("Finding"), numeric=False),
    ]
    rows: list[list[Cell]] = []
    for entry in found:
        rows.append([Cell(str(entry.get("contender")), numeric=False)])
        for part in entries_of(entry.get("parts")):
            title = _("texts") if part.get("task") == "text" else _("answers")
            rows.append(
                [
                    Cell(title, _rows_of(part), numeric=False),
                    share_cell(part.get("train")),
                    share_cell(part.get("test")),
                    share_cell(part.get("surplus"), points=True),
                    share_cell(part.get("reference_surplus"), points=True),
                    share_cell(part.get("reworded")),
                    Cell(state_in_words(part.get("state")), numeric=False),
                ]
            )
    return [Table(header, rows, caption=_caption(facts))]


def _rows_of(part: Json) -> str:
    counts = [value_of(mapping_of(part.get(side)), "rows") for side in ("train", "test")]
    return _("of {train} training and {test} held-out rows").format(
        train=whole(counts[0] or 0), test=whole(counts[1] or 0)
    )


def _wording(found: list[Json], facts: RunFacts) -> list[Block]:
    header = [
        Cell(_("Score"), numeric=False),
        Cell(_("As asked")),
        Cell(_("In other words")),
        Cell(_("Lost")),
        Cell(_("of the reference")),
        Cell(_("Answers that change")),
        Cell(_("Finding"), numeric=False),
    ]
    rows: list[list[Cell]] = []
    by_kind: list[list[Cell]] = []
    for entry in found:
        name = Cell(str(entry.get("contender")), numeric=False)
        rows.append([name])
        by_kind.append([name])
        for part in entries_of(entry.get("parts")):
            of_labels = part.get("task") == "classification"
            title = _("labels: share right") if of_labels else _("answers: words shared")
            count = whole(value_of(mapping_of(part.get("literal")), "rows"))
            rows.append(
                [
                    Cell(title, _("{count} rows").format(count=count), numeric=False),
                    share_cell(part.get("literal")),
                    share_cell(part.get("reworded")),
                    share_cell(part.get("loss"), points=True),
                    share_cell(part.get("reference_loss"), points=True),
                    share_cell(part.get("changed")),
                    Cell(state_in_words(part.get("state")), numeric=False),
                ]
            )
            by_kind += [_of_kind(title, kind) for kind in entries_of(part.get("wordings"))]
    blocks: list[Block] = [
        Table(header, rows, caption=_caption(facts)),
        Paragraph(_("A score in other words may be higher: then nothing is lost.")),
    ]
    kinds = [
        Cell(_("Wording"), numeric=False),
        Cell(_("Rows")),
        Cell(_("As asked")),
        Cell(_("In other words")),
        Cell(_("Answers that change")),
    ]
    return [*blocks, Table(kinds, by_kind, folded=_("By kind of wording"))]


def _of_kind(of: str, kind: Json) -> list[Cell]:
    titles = {
        "words": _("other words"),
        "frame": _("said around it"),
        "order": _("another order"),
        "surface": _("as typed on a phone"),
    }
    return [
        Cell(titles.get(str(kind.get("kind")), str(kind.get("kind"))), of, numeric=False),
        Cell(whole(value_of(kind, "rows"))),
        *(Cell(percent(value_of(kind, name), 0)) for name in ("literal", "score", "changed")),
    ]


def _caption(facts: RunFacts) -> str:
    return _("Each figure with its {level} interval; differences in percentage points.").format(
        level=percent(facts.confidence, 0)
    )
