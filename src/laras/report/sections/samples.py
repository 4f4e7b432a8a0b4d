"""Test examples side by side: the question, the reference, and what each contender said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any

from laras.report.blocks import Answer, Block, Paragraph, Sample, Samples, Section, Word
from laras.report.facts import RunFacts
from laras.report.wording import number, shortened, whole
from laras.translation import _

_DEFAULT_COUNT = 12
_LONGEST_PROMPT = 1200
_LONGEST_ANSWER = 900


def samples(facts: RunFacts) -> Section | None:
    """Test examples with the answers of all who were asked them; None where there are none."""
    contenders = [contender for contender in facts.contenders if contender.predictions]
    if not contenders:
        return None
    by_id = [
        {str(row.get("example_id")): row for row in contender.predictions}
        for contender in contenders
    ]
    # One that has a head is asked for labels only; the others have all rows.
    most = max(by_id, key=len)
    writing = [
        rows
        for contender, rows in zip(contenders, by_id, strict=True)
        if contender.name not in facts.with_head
    ]
    answered = [
        name
        for name, row in most.items()
        if any(isinstance(row.get(key), str) for key in ("prediction", "predicted_label"))
        and all(name in rows for rows in writing or by_id)
    ]
    chosen = first_of_each_task(drawn_by_hash(answered), most, _count(facts))
    if not chosen:
        return None
    shown = [
        sample_of(
            position,
            {
                contender.name: rows[example_id]
                for contender, rows in zip(contenders, by_id, strict=True)
                if example_id in rows
            },
        )
        for position, example_id in enumerate(chosen, start=1)
    ]
    blocks: list[Block] = [
        Paragraph(
            _(
                "{shown} of {count} answered test examples, drawn by a hash of their names and not "
                "by how well anyone did. Words marked in an answer stand in the "
                "reference too, in the same order."
            ).format(shown=whole(len(shown)), count=whole(len(answered)))
        ),
        Samples(shown, _("Reference"), _("(no answer)")),
    ]
    return Section("samples", _("Side by side"), blocks)


def _count(facts: RunFacts) -> int:
    count = facts.setting("comparison", "samples")
    return count if isinstance(count, int) and count >= 0 else _DEFAULT_COUNT


def drawn_by_hash(ids: Sequence[str]) -> list[str]:
    """The ids in an order that nobody chose."""
    return sorted(ids, key=lambda name: sha256(name.encode()).digest())


def first_of_each_task(
    ids: Sequence[str], rows: Mapping[str, Mapping[str, Any]], count: int
) -> list[str]:
    """``count`` of the ids, the first ones of each task, which all get their share of places."""
    by_task: dict[str, list[str]] = {}
    for example_id in ids:
        by_task.setdefault(str(rows[example_id].get("task")), []).append(example_id)
    chosen: list[str] = []
    for position, (_task, members) in enumerate(sorted(by_task.items())):
        places = -(-(count - len(chosen)) // (len(by_task) - position))
        chosen.extend(members[:places])
    return chosen


def sample_of(position: int, rows: Mapping[str, Mapping[str, Any]]) -> Sample:
    """One example with everyone's answer. ``rows``: by the contender that was asked it."""
    first = next(iter(rows.values()))
    reference = _text(first.get("reference")) or _text(first.get("label"))
    heading = _("Example {position}").format(position=whole(position))
    source = _text(first.get("source"))
    return Sample(
        heading=f"{heading} · {source}" if source else heading,
        prompt=[(_("Question"), shortened(_text(first.get("prompt")), _LONGEST_PROMPT))],
        reference=shortened(reference, _LONGEST_ANSWER),
        answers=[_answer(name, row, reference) for name, row in rows.items()],
    )


def _answer(name: str, row: Mapping[str, Any], reference: str) -> Answer:
    classified = row.get("task") == "classification"
    said = _text(row.get("predicted_label")) if classified else ""
    said = said or _text(row.get("prediction"))
    notes = []
    if classified:
        notes.append(_("right") if said == _text(row.get("label")) else _("wrong"))
    elif isinstance(row.get("rougeL"), float):
        notes.append(f"ROUGE-L {number(row['rougeL'], 2)}")
    if row.get("finished") is False and not classified:
        notes.append(_("cut off at the longest answer allowed"))
    return Answer(name, compared(shortened(said, _LONGEST_ANSWER), reference), ", ".join(notes))


def compared(answer: str, reference: str) -> list[Word]:
    """``answer`` cut into runs of words that the reference has, in its order, and of others."""
    pieces = re.findall(r"\s+|[^\s]+", answer)
    keys = [_key(piece) for piece in pieces]
    places = [place for place, key in enumerate(keys) if key]
    theirs = [_key(word) for word in reference.split()]
    matcher = SequenceMatcher(None, [keys[place] for place in places], theirs, autojunk=False)
    shared = {
        places[block.a + offset]
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }
    runs: list[Word] = []
    for place, piece in enumerate(pieces):
        between = not keys[place] and {place - 1, place + 1} <= shared
        same = place in shared or between
        if runs and runs[-1].shared == same:
            runs[-1] = Word(runs[-1].text + piece, same)
        else:
            runs.append(Word(piece, same))
    return runs


def _key(word: str) -> str:
    """What two words must have in common to count as the same."""
    return re.sub(r"^\W+|\W+$", "", word).casefold() or word.strip()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
