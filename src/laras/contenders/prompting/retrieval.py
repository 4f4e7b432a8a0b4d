"""The training examples most like a question, by BM25 over words of any script.

BM25 as in Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", equation 3.15, with
k1 = 1.5 and b = 0.75, and the inverse document frequency of Lucene, which is never negative:
ln(1 + (N - n + 0.5) / (n + 0.5)) for a word that n of N examples have. Sums are taken in the order
of the question's words, and equal scores are told apart by the examples' order: the same on every
machine.

Our own few lines: the libraries there are import JAX where it is installed, which takes a GPU's
memory for itself (bm25s), or have seen no release for years (rank-bm25).
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property

import numpy as np

from laras.batches.encode import last_answer
from laras.contenders.prompting.shots import Pool
from laras.evaluation.words import UnicodeWords
from laras.records import Example

_K1, _B = 1.5, 0.75


class Retrieval:
    """An index of the questions in ``pool``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._words = UnicodeWords()

    def nearest(self, question: Example, count: int) -> list[Example]:
        """At most ``count`` shots of other groups than the question's that have room together, the
        most similar last."""
        ranked = np.argsort(-self.scores(asked_in(question)), kind="stable")
        return self._pool.together(ranked.tolist(), count, apart_from=question)[::-1]

    def scores(self, text: str) -> np.ndarray:
        """BM25 of every shot for the words of ``text``, (N,) float64."""
        scores = np.zeros(len(self._pool.shots))
        for word in self._words.tokenize(text):
            if word in self._index:
                places, weights = self._index[word]
                scores[places] += weights
        return scores

    @cached_property
    def _index(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Of each word, the places of the shots that have it, ascending, and what it weighs there,
        each (n,)."""
        counts = [Counter(self._words.tokenize(asked_in(shot))) for shot in self._pool.shots]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
        long = 1 - _B + _B * lengths / max(1.0, lengths.mean())
        having: dict[str, list[tuple[int, int]]] = {}
        for place, count in enumerate(counts):
            for word, times in count.items():
                having.setdefault(word, []).append((place, times))
        index = {}
        for word, found in having.items():
            places, times = np.array(found).T
            rarity = np.log(1 + (len(counts) - len(found) + 0.5) / (len(found) + 0.5))
            index[word] = places, rarity * times * (_K1 + 1) / (times + _K1 * long[places])
        return index


def asked_in(example: Example) -> str:
    """What is asked last in a conversation: its last user message before the last answer."""
    before = example.messages[: last_answer(example.messages)]
    texts = [each.content for each in before if each.role == "user"]
    return texts[-1] if texts else ""
