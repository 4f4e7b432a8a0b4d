"""What a model makes of the user's own test rows when one group is exchanged for another.

Each row is asked twice, as it is and with the exchange of :mod:`laras.checks.counterparts`; only
what differs between the two answers counts, and nothing is said about which of them is right. A
label counts as what was answered; of a written answer, how it begins and whether it refuses: a
model that sends one group away does so in much the same words each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from laras.batches.encode import prompt_ids
from laras.checks.counterparts import AXES, Exchange, exchange, neutral_words
from laras.errors import DataRefused
from laras.evaluation.candidate import Candidate
from laras.evaluation.generation import greedy_answers
from laras.evaluation.labels import label_log_probabilities, label_tokens
from laras.evaluation.reader import Reader
from laras.evaluation.refusal import is_refusal
from laras.preparation.findings.row import chance_of
from laras.recipe.schema import EvaluationSection
from laras.records import Example

REFUSAL = "refusal"
_MOST_LOOKED_AT = 4000  # test rows that are searched for words to exchange
_ANSWER_TOKENS = 24  # how an answer begins is enough
_BEGINNING_WORDS = 5

Row = dict[str, Any]


def exchanged_rows(
    candidate: Candidate,
    examples: Sequence[Example],
    labels: Sequence[str],
    section: EvaluationSection,
    reader: Reader,
) -> dict[str, list[Row]]:
    """``labels`` and ``answers``: one entry for each exchange in labelled rows and in
    conversations. As each is asked twice, at most half of ``section.check_rows``.

    ``as_given`` and ``exchanged`` are what the two versions were answered with: labels, or for an
    answer how it begins and perhaps ``refusal``; ``overlap`` is the share of words that two answers
    have in common (F1 over words that name no group). ``reader``: of the candidate's model.
    """
    of_task = {
        task: _exchanges(
            [example for example in examples if example.task == task],
            max(1, section.check_rows // 2),
        )
        for task in ("classification", "chat")
    }
    return {
        "labels": _label_rows(
            candidate, of_task["classification"], examples, labels, section, reader
        ),
        "answers": _answer_rows(candidate, of_task["chat"], section, reader),
    }


def _exchanges(examples: Sequence[Example], most: int) -> list[tuple[Example, Exchange]]:
    """At most ``most`` exchanges, the axes in turn; the same whatever the order of the rows."""
    ordered = sorted(examples, key=lambda example: chance_of(example.example_id))
    by_axis: list[list[tuple[Example, Exchange]]] = [[] for _axis in AXES]
    for example in ordered[:_MOST_LOOKED_AT]:
        for axis, found in zip(AXES, by_axis, strict=True):
            if len(found) < most and (exchanged := exchange(example, axis)) is not None:
                found.append((example, exchanged))
    in_turn = (each for each in chain.from_iterable(zip_longest(*by_axis)) if each is not None)
    return [each for each, _place in zip(in_turn, range(most), strict=False)]


def _label_rows(
    candidate: Candidate,
    exchanges: Sequence[tuple[Example, Exchange]],
    examples: Sequence[Example],
    labels: Sequence[str],
    section: EvaluationSection,
    reader: Reader,
) -> list[Row]:
    references = {each.label for each in examples if each.label is not None}
    names = list(dict.fromkeys(labels)) or sorted(references)
    if not exchanges or not names:
        return []
    template = candidate.loaded.template
    first = candidate.rewrite(exchanges[0][0])
    answers = [label_tokens(template, first, name) for name in names]
    kept, prompts = _prompts(candidate, exchanges, max(map(len, answers)))
    scores = label_log_probabilities(
        candidate.loaded.model,
        prompts,
        answers,
        names=[example.example_id for example, _exchange in kept for _version in (0, 1)],
        batch_tokens=section.batch_tokens,
        best=1,
        reader=reader,
    )
    named = [names[place] for place in np.argmax(scores, axis=1)] if len(prompts) else []
    return [
        _row(example, exchanged, [named[2 * at]], [named[2 * at + 1]])
        for at, (example, exchanged) in enumerate(kept)
    ]


def _answer_rows(
    candidate: Candidate,
    exchanges: Sequence[tuple[Example, Exchange]],
    section: EvaluationSection,
    reader: Reader,
) -> list[Row]:
    limit = min(section.max_new_tokens, _ANSWER_TOKENS)
    kept, prompts = _prompts(candidate, exchanges, limit)
    if not kept:
        return []
    loaded = candidate.loaded
    answers = greedy_answers(
        loaded.model,
        prompts,
        stop_ids=loaded.template.stop_ids,
        max_new_tokens=limit,
        context=loaded.context,
        batch_tokens=section.batch_tokens,
        reader=reader,
    )
    said = [loaded.template.answer(answer.token_ids).strip() for answer in answers]
    rows = []
    for at, (example, exchanged) in enumerate(kept):
        two = said[2 * at], said[2 * at + 1]
        words = [neutral_words(answer, exchanged.axis) for answer in two]
        kinds = [
            [" ".join(own[:_BEGINNING_WORDS]), *([REFUSAL] if is_refusal(answer) else [])]
            for own, answer in zip(words, two, strict=True)
        ]
        row = _row(example, exchanged, *kinds)
        rows.append({**row, "overlap": round(overlap(*words), 4)})
    return rows


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """F1 of the words of two texts, each counted as often as it stands there; 1 for two empty
    ones."""
    if not one and not other:
        return 1.0
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other))


def _row(example: Example, exchanged: Exchange, as_given: list[str], changed: list[str]) -> Row:
    return {
        "example_id": example.example_id,
        "cluster": example.group,
        "axis": exchanged.axis,
        "group": exchanged.group,
        "other": exchanged.other,
        "as_given": as_given,
        "exchanged": changed,
    }


def _prompts(
    candidate: Candidate, exchanges: Sequence[tuple[Example, Exchange]], reserve: int
) -> tuple[list[tuple[Example, Exchange]], list[list[int]]]:
    """Exchanges both of whose versions have room for ``reserve`` tokens, and their prompts, two
    for each."""
    loaded = candidate.loaded
    reserve = min(reserve, loaded.context // 2)
    kept, prompts = [], []
    for example, exchanged in exchanges:
        try:
            both = [
                prompt_ids(asked, loaded.tokenizer, loaded.template, loaded.context, reserve)
                for asked in _asked(candidate, example, exchanged)
            ]
        except DataRefused:  # the evaluation's own ledger tells of rows that are too long
            continue
        kept.append((example, exchanged))
        prompts += both
    return kept, prompts


def _asked(candidate: Candidate, example: Example, exchanged: Exchange) -> Iterator[Example]:
    yield candidate.rewrite(example)
    yield candidate.rewrite(exchanged.example)
