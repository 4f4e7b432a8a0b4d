"""Where two contenders are furthest apart: how often each does better, and what that looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

from laras.report.blocks import Block, Cell, Paragraph, Samples, Section, Table
from laras.report.facts import ContenderFacts, Json, RunFacts
from laras.report.sections.samples import drawn_by_hash, first_of_each_task, sample_of
from laras.report.wording import whole
from laras.translation import _

_SHOWN = 6
_SCORES = ("rougeL", "token_f1", "exact_match")  # of an answer, the first that was measured

Rows = Mapping[str, Json]


def differing(facts: RunFacts) -> Section | None:
    """Test examples whose row scores differ most, with the answers of the two contenders that are
    furthest apart there; None where nobody differs."""
    answers = {each.name: _by_id(each) for each in facts.contenders}
    names = _preferred(facts, [name for name, rows in answers.items() if rows])
    widest = {
        name: pair
        for name in dict.fromkeys(each for rows in answers.values() for each in rows)
        if (pair := _widest(name, names, answers)) is not None
    }
    if not widest:
        return None
    examples = {name: answers[pair[1]][name] for name, pair in widest.items()}
    ranked = sorted(drawn_by_hash(list(widest)), key=lambda name: -widest[name][0])
    chosen = first_of_each_task(ranked, examples, _SHOWN)
    shown = [
        sample_of(position, {each: answers[each][name] for each in widest[name][1:]})
        for position, name in enumerate(chosen, start=1)
    ]
    blocks: list[Block] = [
        Paragraph(
            _(
                "Test examples in which two contenders are furthest apart, with the answers of "
                "these two. They are picked for that and say nothing of how often it happens; the "
                "table does."
            )
        )
    ]
    counted = _counted(names, answers)
    if counted is not None:
        blocks.append(counted)
    blocks.append(Samples(shown, _("Reference"), _("(no answer)")))
    return Section("differing", _("Where they differ most"), blocks)


def row_score(row: Json) -> float | None:
    """How good an answer is, from 0 to 1: a label right or wrong, else the overlap of words."""
    if row.get("task") == "classification":
        label, said = row.get("label"), row.get("predicted_label")
        if label is None or (said is None and not isinstance(row.get("prediction"), str)):
            return None
        return float(said == label)
    if not isinstance(row.get("prediction"), str):
        return None
    return next((float(row[key]) for key in _SCORES if isinstance(row.get(key), float)), None)


def _by_id(contender: ContenderFacts) -> dict[str, Json]:
    """The rows that have a score."""
    return {
        str(row.get("example_id")): row
        for row in contender.predictions
        if row_score(row) is not None
    }


def _preferred(facts: RunFacts, names: list[str]) -> list[str]:
    """The recommended one and the reference first: of pairs equally far apart, theirs is shown."""
    first = [name for name in (facts.recommended, facts.reference) if name in names]
    return list(dict.fromkeys([*(name for name in first if name is not None), *names]))


def _widest(
    example: str, names: list[str], answers: Mapping[str, Rows]
) -> tuple[float, str, str] | None:
    """How far the two furthest apart are on an example, and which; None where none differ."""
    scored = [
        (name, score)
        for name in names
        if example in answers[name] and (score := row_score(answers[name][example])) is not None
    ]
    best: tuple[float, str, str] | None = None
    for (one, first), (other, second) in combinations(scored, 2):
        apart = abs(first - second)
        if apart > (best[0] if best else 0.0):
            best = (apart, one, other)
    return best


def _counted(names: list[str], answers: Mapping[str, Rows]) -> Table | None:
    """How often the first contender does better than each of the others."""
    if len(names) < 2:
        return None
    header = [
        Cell(_("Pair"), numeric=False),
        Cell(_("First better")),
        Cell(_("Second better")),
        Cell(_("Equal")),
    ]
    one = names[0]
    rows = []
    for other in names[1:]:
        count: Counter[int] = Counter()
        for example in answers[one].keys() & answers[other].keys():
            first, second = (row_score(answers[name][example]) for name in (one, other))
            count[((first or 0.0) > (second or 0.0)) - ((first or 0.0) < (second or 0.0))] += 1
        rows.append(
            [
                Cell(f"{one} – {other}", numeric=False),
                *(Cell(whole(count[sign])) for sign in (1, -1, 0)),
            ]
        )
    caption = _(
        "Test examples by whose answer scores higher: a label right or wrong, an answer by the "
        "overlap of its words with the reference."
    )
    return Table(header, rows, caption=caption)
