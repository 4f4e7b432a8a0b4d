"""The judge asked about every pair of answers, in both orders.

What it will take is said before the first call, and nothing is asked where that is above the
budget. Replies are kept as they come, so that a run that is stopped pays for nothing twice. An
endpoint that fails costs the judge, never the run: what it had said until then is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laras.endpoints.client import Reply
from laras.endpoints.kept import ask_kept, key_of
from laras.endpoints.spending import Question, announce, estimate, refuse_cost, spent_on
from laras.endpoints.store import ReplyStore
from laras.errors import EndpointFailed, UsageError
from laras.judges.judgement import Judgement
from laras.judges.matchups import Matchup
from laras.judges.reading import Choice, choice
from laras.judges.wording import messages
from laras.recipe.judging import JudgeSection
from laras.runs.progress import Progress
from laras.translation import _

WHERE = "evaluation.judge"
_REFUSALS = 0.2  # share of the questions: a filter dislikes some, a wrong model name all


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge said, what it took, and why that is not all (None: it is)."""

    judgements: list[Judgement]
    cost: dict[str, Any]
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A matchup, and the keys of its two questions; None where its answers are the same."""

    matchup: Matchup
    keys: tuple[str, str] | None


def questions_about(
    matchups: Sequence[Matchup], section: JudgeSection
) -> tuple[list[Asked], dict[str, Question]]:
    """What is asked about each of ``matchups``, and the questions by key: answers that several
    contenders gave alike are asked about once."""
    asked: list[Asked] = []
    questions: dict[str, Question] = {}
    for matchup in matchups:
        keys = None
        if not matchup.is_even:
            both = _questions(matchup, section)
            keys = key_of(both[0], section), key_of(both[1], section)
            questions.update(zip(keys, both, strict=True))
        asked.append(Asked(matchup, keys))
    return asked, questions


def judge(
    asked: Sequence[Asked],
    questions: Mapping[str, Question],
    section: JudgeSection,
    store_path: Path,
    progress: Progress,
) -> Judged:
    """Ask what was not answered yet. Nothing is raised for an endpoint that fails, a key that is
    not set or a budget that is too small: that is the ``trouble``."""
    with ReplyStore(store_path) as store:
        trouble = None
        try:
            if questions:
                _ask(questions, section, store, progress)
        except (EndpointFailed, UsageError) as error:
            trouble = error.what
        replies = {key: reply for key in questions if (reply := store.get(key)) is not None}
    judgements = []
    for each in asked:
        # One order alone says nothing; but what the endpoint refused was asked all the same.
        if trouble is None or all(key in replies for key in each.keys or ()):
            judgements.append(_judgement(each, replies))
    return Judged(judgements, _cost(list(replies.values()), section), trouble)


def _questions(matchup: Matchup, section: JudgeSection) -> tuple[Question, Question]:
    """With the first contender's answer as A, and with the second's."""
    reference = matchup.reference if section.show_reference else None
    first, second = matchup.first_answer, matchup.second_answer
    orders = ((first, second), (second, first))
    plain, turned = (
        Question(tuple(messages(matchup.question, reference, *order)), section.max_tokens)
        for order in orders
    )
    return plain, turned


def _ask(
    questions: Mapping[str, Question],
    section: JudgeSection,
    store: ReplyStore,
    progress: Progress,
) -> None:
    open_ = [question for key, question in questions.items() if store.get(key) is None]
    if not open_:
        return
    name, expected = _("The judge"), estimate(open_, section)
    spent = spent_on(store.replies(), section)
    announce(name, expected, len(questions) - len(open_), spent, section, progress)
    hint = _("Raise the budget, or lower evaluation.judge.rows.")
    refuse_cost(name, expected, spent, section, WHERE, hint)
    progress.stage(_("Asking the judge"), len(questions))
    refusals = int(_REFUSALS * len(questions))
    ask_kept(questions, section, store, WHERE, refusals=refusals, advance=progress.advance)


def _cost(replies: Sequence[Reply], section: JudgeSection) -> dict[str, Any]:
    """What ``replies`` took, whenever they were asked for; money None where nothing has a price."""
    return {
        "calls": len(replies),
        "tokens_in": sum(reply.input_tokens for reply in replies),
        "tokens_out": sum(reply.output_tokens for reply in replies),
        "money": spent_on(replies, section) if section.has_prices else None,
        "currency": section.currency if section.has_prices else None,
    }


def _judgement(asked: Asked, replies: Mapping[str, Reply]) -> Judgement:
    matchup = asked.matchup
    names = matchup.example_id, matchup.group, matchup.first, matchup.second
    if asked.keys is None:
        return Judgement(*names, "tie", "tie", asked=False)
    plain, turned = (_choice(replies.get(key)) for key in asked.keys)
    return Judgement(*names, plain, turned)


def _choice(reply: Reply | None) -> Choice | None:
    return None if reply is None else choice(reply.text, finished=reply.finished)
