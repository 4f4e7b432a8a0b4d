"""Who is spoken of: mentions of groups by term lists, as counts with intervals.

There is no score for bias here. How often a group is named, in answers as against questions, and
under which labels, is for people to read who know what the data should be like.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from laras.preparation.findings.intervals import share
from laras.preparation.findings.row import Row
from laras.preparation.findings.terms import TERMS

MOST_ROWS = 20_000
_MOST_LABELS = 8
_LEAST_OF_A_LABEL = 5  # mentions; fewer say nothing about a label
_WORDS = re.compile(r"[^\W\d_]+")

_Group = tuple[str, str]  # dimension, group


def _tables() -> tuple[dict[str, list[_Group]], dict[str, list[tuple[tuple[str, ...], _Group]]]]:
    """Groups by single word, and phrases by their last word."""
    singles: dict[str, list[_Group]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], _Group]]] = {}
    for dimension, groups in TERMS.items():
        for group, terms in groups.items():
            for term in dict.fromkeys(terms):
                words = tuple(term.split())
                if len(words) == 1:
                    singles.setdefault(term, []).append((dimension, group))
                else:
                    phrases.setdefault(words[-1], []).append((words, (dimension, group)))
    return singles, phrases


_SINGLES, _PHRASES = _tables()
_ALL = frozenset(_SINGLES) | frozenset(_PHRASES)


def groups_in(text: str) -> set[_Group]:
    """The (dimension, group) pairs that ``text`` mentions."""
    words = _WORDS.findall(text.casefold())
    found: set[_Group] = set()
    for word in _ALL.intersection(words):
        found.update(_SINGLES.get(word, ()))
        for phrase, group in _PHRASES.get(word, ()):
            if group not in found and _holds(words, phrase):
                found.add(group)
    return found


def _holds(words: list[str], phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    return any(tuple(words[n : n + size]) == phrase for n in range(len(words) - size + 1))


class Balance:
    """Mentions of groups in about ``MOST_ROWS`` of the training examples, chosen by chance;
    ``rows``: how many there will be."""

    def __init__(self, rows: int) -> None:
        self._share = MOST_ROWS / max(rows, 1)
        self._rows = 0
        self._all = 0
        self._answered = 0
        self._mentions: Counter[_Group] = Counter()
        self._in_answers: Counter[_Group] = Counter()
        self._labels: Counter[str] = Counter()
        self._by_label: Counter[tuple[_Group, str]] = Counter()

    def observe(self, row: Row) -> None:
        """Count the groups of one example, each once."""
        self._all += 1
        if row.chance >= self._share:
            return
        self._rows += 1
        labelled = row.task == "classification"
        in_answer = set() if labelled or not row.answer else groups_in(row.answer)
        self._answered += bool(row.answer) and not labelled
        found = groups_in(row.asked) | in_answer
        self._mentions.update(found)
        self._in_answers.update(in_answer)
        if labelled and row.label:
            self._labels[row.label] += 1
            self._by_label.update((group, row.label) for group in found)

    def facts(self) -> dict[str, Any]:
        """Each dimension with its groups, most mentioned first; groups never met are left out."""
        dimensions: dict[str, dict[str, Any]] = {}
        for (dimension, group), count in self._mentions.most_common():
            dimensions.setdefault(dimension, {})[group] = self._group((dimension, group), count)
        return {
            "rows": self._rows,
            "of": self._all,
            "dimensions": {name: dimensions[name] for name in TERMS if name in dimensions},
        }

    def _group(self, group: _Group, count: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"mentions": share(count, self._rows)}
        if self._answered:
            facts["in_answers"] = share(self._in_answers[group], self._answered)
        labels = {
            label: {
                "share": share(mentions, count),
                "of_all": share(self._labels[label], sum(self._labels.values())),
            }
            for (of, label), mentions in self._by_label.most_common()
            if of == group and mentions >= _LEAST_OF_A_LABEL
        }
        if labels:
            facts["labels"] = dict(list(labels.items())[:_MOST_LABELS])
        return facts
