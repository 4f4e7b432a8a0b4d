"""What is wrong with answers: contradictions, cut ends, canned replies, marks of a template."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from laras.preparation.findings.intervals import first, share
from laras.preparation.findings.row import Row, chance_of
from laras.preparation.likeness import key

_LONG = 40  # characters; shorter answers often end without a mark for good reasons
# Share of a source's long answers with a mark at their end, from which an answer without is odd.
_USUALLY_ENDED = 0.9
_ENDED = re.compile(
    r"[.!?…。！？)\]\"”'’`|>}:;~*_]\s*$|[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f]\s*$"
)
_REFUSAL = re.compile(
    r"\b(?:as an ai (?:language )?model|as a language model|i am an ai|i'm an ai|"
    r"sebagai (?:sebuah )?model bahasa|sebagai (?:sebuah )?(?:model )?(?:ai|kecerdasan buatan))\b",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    r"<\|[a-z_0-9]{2,24}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|"
    r"^###\s+(?:Instruction|Response|Input|Human|Assistant):",
    re.MULTILINE | re.IGNORECASE,
)
MOST_ROWS = 200_000  # conversations remembered; beyond, memory would grow with the data
_MARKS = ("<|", "INST]", "inst]", "SYS>>", "sys>>", "_of_turn>", "###")
_CANNED_SHOWN = 5
_CANNED_FROM = 5  # copies


def _holds_marks(text: str) -> bool:
    """Plain searches first: they cost a tenth of the pattern, and nearly always suffice."""
    return any(mark in text for mark in _MARKS) and _CONTROL.search(text) is not None


class Answers:
    """Trained answers of conversations; texts are only searched for marks of templates.

    ``rows``: how many conversations there will be. Of more than ``MOST_ROWS`` about as many are
    looked at, chosen by what is asked: all answers to a question, or none.
    """

    def __init__(self, rows: int) -> None:
        self._share = MOST_ROWS / max(rows, 1)
        self._answers_to: dict[str, dict[str, str]] = {}  # question: answer key: place
        self._contradicted: dict[str, list[str]] = {}
        self._long: Counter[str] = Counter()  # by source
        self._open: dict[str, list[str]] = {}
        self._rows = 0
        self._all = 0
        self._copies: Counter[str] = Counter()
        self._wording: dict[str, str] = {}
        self._refusals: list[str] = []
        self._control: list[str] = []

    def observe(self, row: Row) -> None:
        """Look at one example."""
        self._all += 1
        if _holds_marks(row.asked) or _holds_marks(row.answer):
            self._control.append(row.place)
        if row.task != "chat" or not row.answer:
            return
        if self._share < 1 and chance_of(row.question_key) >= self._share:
            return
        self._rows += 1
        answer = key(row.answer)
        self._copies[answer] += 1
        self._wording.setdefault(answer, row.answer[:120])
        given = self._answers_to.setdefault(row.question_key, {})
        given.setdefault(answer, row.place)
        if len(given) > 1:
            self._contradicted[row.question_key] = list(given.values())
        if len(row.answer) >= _LONG:
            self._long[row.source] += 1
            if not _ENDED.search(row.answer):
                self._open.setdefault(row.source, []).append(row.place)
        if _REFUSAL.search(row.answer):
            self._refusals.append(row.place)

    def facts(self) -> dict[str, Any]:
        """Counts with intervals and the first places; truncation only where it is unusual."""
        unusual = {
            source
            for source, places in self._open.items()
            if 1 - len(places) / self._long[source] >= _USUALLY_ENDED
        }
        open_ = [place for source in sorted(unusual) for place in self._open[source]]
        contradictions = list(self._contradicted.values())
        canned = [
            {"answer": self._wording[answer], "copies": copies}
            for answer, copies in self._copies.most_common(_CANNED_SHOWN)
            if copies >= _CANNED_FROM
        ]
        in_copies = sum(n for n in self._copies.values() if n >= _CANNED_FROM)
        return {
            "contradictory": {
                **share(len(contradictions), len(self._answers_to)),
                "places": first(" / ".join(places[:3]) for places in contradictions),
            },
            "truncated": {**share(len(open_), self._long.total()), "places": first(open_)},
            "canned": {**share(in_copies, self._rows), "most": canned},
            "model_talk": {
                **share(len(self._refusals), self._rows),
                "places": first(self._refusals),
            },
            "template_marks": {
                **share(len(self._control), self._all),
                "places": first(self._control),
            },
        }
