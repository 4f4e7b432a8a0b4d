"""What is asked of the model that writes the pairs, and how its answer is read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

VERSION = 1  # of the wording: raise it when other answers are to be asked for
CHARACTERS_OF_A_PAIR = 600
_MOST_CHARACTERS = 4000
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)

_SYSTEM = (
    "You write questions and answers for teaching. Use only what the passage says. Write in the "
    "language of the passage. Each question must make sense to somebody who does not see the "
    "passage, and must name what it is about. Keep numbers and names as they stand. Answer with a "
    'JSON array of objects {"question": "...", "answer": "..."} and nothing else.'
)


@dataclass(frozen=True, slots=True)
class Written:
    """A question and an answer as the model wrote them."""

    question: str
    answer: str


def messages(passage: str, title: str, pairs: int) -> list[dict[str, str]]:
    """The conversation that asks for ``pairs`` pairs about a passage of the document ``title``."""
    about = f"Document: {title}\n" if title else ""
    asked = f"{about}Write {pairs} questions with answers about this passage.\n\n{passage}"
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": asked}]


def read_answer(text: str, most: int) -> list[Written] | None:
    """At most ``most`` pairs of an answer; None where it is not what was asked for."""
    fenced = _FENCE.match(text)
    body = fenced.group(1) if fenced else text
    start, end = body.find("["), body.rfind("]")
    if start < 0 or end < start:
        return None
    try:
        rows = json.loads(body[start : end + 1])
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list):
        return None
    found = []
    for row in rows[:most]:
        if not isinstance(row, dict):
            return None
        question, answer = row.get("question"), row.get("answer")
        if not isinstance(question, str) or not isinstance(answer, str):
            return None
        try:
            f"{question}{answer}".encode()
        except UnicodeEncodeError:  # half a character, which no file can hold
            return None
        whole = question.strip() and answer.strip()
        if whole and max(len(question), len(answer)) <= _MOST_CHARACTERS:
            found.append(Written(question.strip(), answer.strip()))
    return found
