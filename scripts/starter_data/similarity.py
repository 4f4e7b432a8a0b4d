"""Near-duplicate search with word 5-grams, used while generating and in the self-check."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

GRAM_LENGTH = 5
NEAR_DUPLICATE = 0.8


def grams(text: str) -> frozenset[tuple[str, ...]]:
    """Return the word 5-grams of a text; a shorter text is one gram by itself."""
    words = tuple(re.findall(r"\w+", text.lower()))
    last = max(len(words) - GRAM_LENGTH, 0)
    return frozenset(words[start : start + GRAM_LENGTH] for start in range(last + 1))


class NearDuplicateIndex:
    """Texts seen so far, asked whether a new one repeats any of them."""

    def __init__(self) -> None:
        """Start empty."""
        self._sizes: list[int] = []
        self._places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)

    def add(self, text: str) -> None:
        """Remember a text."""
        found = grams(text)
        for gram in found:
            self._places[gram].append(len(self._sizes))
        self._sizes.append(len(found))

    def highest_similarity(self, text: str) -> float:
        """Return the largest Jaccard similarity between the text and a remembered one."""
        found = grams(text)
        shared = Counter(place for gram in found for place in self._places.get(gram, ()))
        return max(
            (count / (len(found) + self._sizes[place] - count) for place, count in shared.items()),
            default=0.0,
        )

    def repeats(self, text: str) -> bool:
        """Tell whether the text is a near-duplicate of a remembered one."""
        return self.highest_similarity(text) >= NEAR_DUPLICATE
