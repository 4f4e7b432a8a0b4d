"""F1 by class: which labels the contenders know, and which they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from laras.report.blocks import Block, Cell, Figure, Figures, Section, Table
from laras.report.charts import dots
from laras.report.facts import ContenderFacts, RunFacts
from laras.report.wording import number, whole
from laras.translation import _

_SHOWN = 8  # at either end


def classes(facts: RunFacts) -> Section | None:
    """The best and worst known classes; None where nothing was classified."""
    scores = {contender.name: class_f1(contender) for contender in facts.contenders}
    scores = {name: by_class for name, by_class in scores.items() if by_class}
    if not scores:
        return None
    shown = facts.recommended if facts.recommended in scores else list(scores)[-1]
    ranked = sorted(scores[shown], key=lambda label: (scores[shown][label], label))
    others = [name for name in scores if name != shown]
    blocks: list[Block] = []
    if len(ranked) > 2 * _SHOWN:
        ends = [
            (
                _("The {count} classes that {contender} knows least").format(
                    count=_SHOWN, contender=shown
                ),
                ranked[:_SHOWN],
            ),
            (
                _("The {count} classes that {contender} knows best").format(
                    count=_SHOWN, contender=shown
                ),
                ranked[: -_SHOWN - 1 : -1],
            ),
        ]
    else:
        ends = [(_("F1 by class"), ranked)]
    blocks.append(
        Figures(
            [
                Figure(_dots(title, labels, scores, [*others, shown]), title)
                for title, labels in ends
            ]
        )
    )
    confusions = _confusions(next(c for c in facts.contenders if c.name == shown))
    if confusions:
        blocks.append(confusions)
    return Section("classes", _("F1 by class"), blocks)


def class_f1(contender: ContenderFacts) -> dict[str, float]:
    """Label to its F1, of the classes that occur in the test set."""
    figures = contender.scores.get("per_class")
    if not isinstance(figures, list):
        return {}
    return {
        str(entry.get("label")): float(entry["f1"])
        for entry in figures
        if isinstance(entry, dict) and isinstance(entry.get("f1"), (int, float))
    }


def _dots(
    title: str,
    labels: list[str],
    scores: Mapping[str, Mapping[str, float]],
    names: list[str],
) -> str:
    rows = [
        {"class": label, "contender": name, "value": scores[name][label]}
        for label in labels
        for name in names
        if label in scores[name]
    ]
    return dots(title, rows, names)


def _confusions(contender: ContenderFacts) -> Table | None:
    """The pairs of classes that are mistaken for each other most often."""
    counts: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for row in contender.predictions:
        if row.get("task") != "classification":
            continue
        true, said = row.get("label"), row.get("predicted_label")
        if not isinstance(true, str) or not isinstance(said, str):
            continue
        totals[true] += 1
        if true != said:
            counts[true, said] += 1
    if not counts:
        return None
    rows = [
        [
            Cell(true, numeric=False),
            Cell(said, numeric=False),
            Cell(whole(count)),
            Cell(number(count / totals[true], 2)),
        ]
        for (true, said), count in counts.most_common(_SHOWN)
    ]
    return Table(
        [
            Cell(_("True class"), numeric=False),
            Cell(_("Taken for"), numeric=False),
            Cell(_("Test examples")),
            Cell(_("Share of the class")),
        ],
        rows,
        caption=_("The most frequent mistakes of {contender}.").format(contender=contender.name),
    )
