"""A corpus in which it is known what is like what: texts, copies at every similarity, footers."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

VOCABULARY = 30_000
SYLLABLES = [a + b for a in ("k", "s", "t", "m", "n", "l", "r", "b", "p", "d") for b in "aiueo"]
FOOTER_WORDS = (60, 150, 400, 1000, 2000)
FOOTER_DOCUMENTS = 60  # under each of them


@dataclass(frozen=True)
class Corpus:
    """``copies``: (original, copy) rows. ``footers``: for each footer, the rows above it, whose
    own texts differ."""

    texts: list[str]
    copies: list[tuple[int, int]]
    footers: list[list[int]]


def make_corpus(documents: int, seed: int) -> Corpus:
    """``documents`` texts of 30 to 1,000 words (Zipf's law), every tenth with an altered copy
    at a Jaccard similarity between 0.4 and 1, and texts of 20 words under long footers."""
    generator = random.Random(seed)
    vocabulary = _words(generator)
    weights = [1 / (rank + 3) for rank in range(VOCABULARY)]

    def text(length: int) -> str:
        return " ".join(generator.choices(vocabulary, weights, k=length))

    texts = [text(_length(generator)) for _document in range(documents)]
    copies = []
    for original in range(0, documents, 10):
        copies.append((original, len(texts)))
        texts.append(_altered(texts[original], generator.uniform(0.4, 1.0), generator, vocabulary))
    footers = []
    for length in FOOTER_WORDS:
        footer = text(length)
        rows = []
        for _document in range(FOOTER_DOCUMENTS):
            rows.append(len(texts))
            texts.append(f"{text(20)}\n\n{footer}")
        footers.append(rows)
    order = list(range(len(texts)))
    generator.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return Corpus(
        [texts[old] for old in order],
        [(place[one], place[other]) for one, other in copies],
        [[place[row] for row in rows] for rows in footers],
    )


def _words(generator: random.Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(generator.choices(SYLLABLES, k=generator.randint(1, 5)))] = None
    words = list(found)
    words.sort(key=len)
    return words


def _length(generator: random.Random) -> int:
    return min(1000, max(30, int(generator.lognormvariate(5.3, 0.7))))


def _altered(text: str, similarity: float, generator: random.Random, words: list[str]) -> str:
    """``text`` with words replaced, dropped or added at random places: each change takes about
    five of its 5-grams away and brings five others."""
    parts = text.split()
    changes = round(len(parts) * (1 - similarity) / (5 * (1 + similarity)))
    for place in sorted(generator.sample(range(len(parts)), changes), reverse=True):
        kind = generator.random()
        if kind < 0.6:
            parts[place] = generator.choice(words)
        elif kind < 0.8:
            del parts[place]
        else:
            parts.insert(place, generator.choice(words))
    return " ".join(parts)


def similar_pairs(texts: list[str], least: float) -> dict[tuple[int, int], float]:
    """Every pair of texts with a Jaccard similarity of ``least`` or more of their word 5-grams,
    by counting in an inverted index what each two have in common; plain strings, no hashing."""
    sets = [_grams(text) for text in texts]
    postings: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, grams in enumerate(sets):
        for gram in grams:
            postings[gram].append(row)
    pairs: dict[tuple[int, int], float] = {}
    for row, grams in enumerate(sets):
        shared: dict[int, int] = defaultdict(int)
        for gram in grams:
            rows = postings[gram]
            if len(rows) > 1:
                for other in rows:
                    if other < row:
                        shared[other] += 1
        for other, count in shared.items():
            similarity = count / (len(grams) + len(sets[other]) - count)
            if similarity >= least:
                pairs[other, row] = similarity
    return pairs


def _grams(text: str) -> frozenset[tuple[str, ...]]:
    words = text.split()
    return frozenset(zip(*(words[start:] for start in range(5)), strict=False))
