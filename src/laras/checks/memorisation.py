"""Whether training answers come back word for word more often than held-out ones.

A contender is asked training questions and held-out ones, and its likeliest answers are compared
with the right ones, with case, spaces and outer punctuation set aside (as exact match does). A text
is continued from its beginning; it counts as repeated where a long run of words is the text's own
(the setting of Carlini et al. 2023, https://arxiv.org/abs/2202.07646). What a model says of things
that it never saw it must know from elsewhere, so only the surplus on what it was trained on is
learnt by heart, and only so far as the reference doesn't have it as well. Training questions whose
answers come back are asked in other words too: what was understood survives that.

Answers that say nothing about this are left out: labels, short ones, those that another training
example has as well, and those that stand in what the model is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from laras.batches.encode import edges_of, text_of
from laras.checks.by_heart import compare_memorisation
from laras.checks.check import Check, Finding, Grounds, Measured, checks
from laras.checks.inquiry import Answer, Inquiry, inquiry
from laras.checks.rewording import instructions_of, main_language, paraphrase
from laras.evaluation.candidate import Candidate
from laras.evaluation.exact_match import normalised
from laras.evaluation.rows import last_answer, sampled
from laras.evaluation.words import UnicodeWords
from laras.recipe.schema import EvaluationSection
from laras.records import Example
from laras.runs.progress import Progress

LEAST_WORDS = 5  # a shorter answer may be the only way to say it
LEAST_RUN = 12  # words in a row; few in common are turns of phrase
ANSWER_TOKENS = 64  # of a longer answer, its beginning is compared
BEGUN_TOKENS = 8  # after which most answers can be told from the right one
CONTINUED_TOKENS = 32
BEGINNING_TOKENS = 64  # of a text, at most half of it

_WORDS = UnicodeWords()


def measure(
    candidate: Candidate, grounds: Grounds, section: EvaluationSection, progress: Progress
) -> Mapping[str, Any] | None:
    """For each row that was asked: its split, group and task, whether it came back word for word,
    and whether a training answer that did came back to other words too (None: not asked so)."""
    with inquiry(candidate, section) as asking:
        rows = [*_repeated_answers(asking, grounds), *_repeated_texts(asking, grounds)]
    return {"name": candidate.name, "rows": rows} if rows else None


def compare(
    name: str, own: Measured, reference: Measured | None, section: EvaluationSection
) -> Finding | None:
    """Whether ``name`` learnt answers or texts by heart, for answers and texts apart."""
    return compare_memorisation(name, own, reference, section)


def _repeated_answers(asking: Inquiry, grounds: Grounds) -> list[dict[str, Any]]:
    rewrite = asking.candidate.rewrite
    chosen = [(split, each, rewrite(each)) for split, each in _telling(grounds, asking.section)]
    chosen = [(split, each, asked) for split, each, asked in chosen if not _is_shown(asked)]
    found = _repeated(asking, [asked for _split, _each, asked in chosen])
    rows = []
    learnt: list[tuple[dict[str, Any], Example]] = []
    for (split, example, _asked), repeated in zip(chosen, found, strict=True):
        if repeated is not None:
            rows.append(_row(example, split) | {"repeated": repeated})
            if repeated and split == "train":
                learnt.append((rows[-1], example))
    instructions = instructions_of([*grounds.train, *grounds.test])
    language = main_language(grounds.languages)
    others = [(row, paraphrase(example, instructions, language)) for row, example in learnt]
    reworded = [(row, rewrite(other)) for row, other in others if other is not None]
    again = _repeated(asking, [asked for _row, asked in reworded])
    for (row, _asked), repeated in zip(reworded, again, strict=True):
        row["reworded"] = repeated
    return rows


def _repeated(asking: Inquiry, asked: Sequence[Example]) -> list[bool | None]:
    """Whether the answer to each is its own; None where it could not be asked.

    Most answers go another way with their first words. Only the others are asked for to the end.
    """
    limit = min(ANSWER_TOKENS, asking.section.max_new_tokens)
    found: list[bool | None] = []
    undecided = []
    begun = asking.answers(asked, min(limit, BEGUN_TOKENS))
    for example, answer in zip(asked, begun, strict=True):
        reference = _reference(example)
        if answer is not None and limit > BEGUN_TOKENS and goes_along(answer, reference):
            undecided.append(len(found))
        found.append(None if answer is None else repeats(answer, reference))
    whole = asking.answers([asked[at] for at in undecided], limit)
    for at, answer in zip(undecided, whole, strict=True):
        found[at] = answer is not None and repeats(answer, _reference(asked[at]))
    return found


def goes_along(answer: Answer, reference: str) -> bool:
    """Whether an answer that was stopped could still become the ``reference``."""
    own = _WORDS.tokenize(answer.text)[:-1]
    return not answer.finished and _WORDS.tokenize(reference)[: len(own)] == own


def repeats(answer: Answer, reference: str) -> bool:
    """Whether an answer is the ``reference`` word for word, or was stopped while it still was."""
    if normalised(answer.text) == normalised(reference):
        return True
    # Where it was stopped, its last word may be cut.
    return goes_along(answer, reference) and len(_WORDS.tokenize(answer.text)) > LEAST_WORDS


def longest_run(words: Sequence[str], text: Sequence[str]) -> int:
    """The most words in a row that both have."""
    best = 0
    before = [0] * (len(text) + 1)
    for word in words:
        row = [0] * (len(text) + 1)
        for at, other in enumerate(text, start=1):
            if word == other:
                row[at] = before[at - 1] + 1
                best = max(best, row[at])
        before = row
    return best


def _telling(grounds: Grounds, section: EvaluationSection) -> list[tuple[str, Example]]:
    """A sample of conversations of both splits whose last answer no other training example has."""
    known = Counter(normalised(_reference(each)) for each in grounds.train if each.task == "chat")
    chosen = []
    for split, examples, most in (("train", grounds.train, 1), ("test", grounds.test, 0)):
        seen: set[str] = set()
        telling = []
        for example in examples:
            if example.task != "chat" or not _is_learnt(example):
                continue
            answer = normalised(_reference(example))
            if known[answer] > most or answer in seen:
                continue
            if len(_WORDS.tokenize(answer)) >= LEAST_WORDS:
                seen.add(answer)
                telling.append(example)
        chosen += [
            (split, example) for example in sampled(telling, section.check_rows, section.seed)
        ]
    return chosen


def _repeated_texts(asking: Inquiry, grounds: Grounds) -> list[dict[str, Any]]:
    section, loaded = asking.section, asking.candidate.loaded
    limit = min(CONTINUED_TOKENS, section.max_new_tokens, loaded.context // 2)
    start_id, _end_id = edges_of(loaded.tokenizer)
    rows, prompts, rests = [], [], []
    for split, examples in (("train", grounds.train), ("test", grounds.test)):
        texts = [example for example in examples if example.task == "text"]
        for example in sampled(texts, section.check_rows, section.seed):
            text = text_of(example)
            ids, offsets = loaded.tokenizer.encode_with_offsets(text)
            kept = min(len(ids) // 2, BEGINNING_TOKENS, loaded.context - limit - 1)
            if kept < 1:
                continue
            rest = _WORDS.tokenize(text[offsets[kept][0] :])
            if len(rest) < LEAST_RUN:
                continue
            rows.append(_row(example, split))
            rests.append(rest)
            prompts.append([*([] if start_id is None else [start_id]), *ids[:kept]])
    names = [row["id"] for row in rows]
    found = asking.continued(prompts, names, limit)
    for row, rest, answer in zip(rows, rests, found, strict=True):
        said = _WORDS.tokenize(answer.text)
        row["run"] = longest_run(said, rest)
        # What is said may be fewer words than a run is long; its last word may be cut.
        row["repeated"] = row["run"] >= max(LEAST_WORDS, min(LEAST_RUN, len(said) - 1))
    return rows


def _row(example: Example, split: str) -> dict[str, Any]:
    return {
        "id": example.example_id,
        "group": example.group,
        "split": split,
        "task": example.task,
        "repeated": None,
        "reworded": None,
    }


def _reference(example: Example) -> str:
    last = last_answer(example)
    return "" if last is None else example.messages[last].content


def _is_learnt(example: Example) -> bool:
    last = last_answer(example)
    return last is not None and example.messages[last].trained and example.messages[last].weight > 0


def _is_shown(asked: Example) -> bool:
    """Whether the answer stands in what comes before it: then it can be copied."""
    last = last_answer(asked)
    shown = _joined(message.content for message in asked.messages[:last])
    return normalised(_reference(asked)) in shown


def _joined(contents: Iterable[str]) -> str:
    return normalised("\n".join(contents))


checks.register("memorisation", Check("memorisation", measure, compare))
