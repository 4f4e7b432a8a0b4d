"""Texts to measure with: as many megabytes as are wanted, the same for the same seed.

Words come from two invented vocabularies of 40,000 words each, built of Indonesian and of English
syllables and drawn by Zipf's law, so that nothing that remembers words has it too easy. A tenth of
the documents are exact copies of earlier ones, a twentieth near ones (every fiftieth word another).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

_INDONESIAN = [
    "me",
    "ber",
    "pe",
    "ter",
    "di",
    "ke",
    "se",
    "ka",
    "ra",
    "la",
    "sa",
    "ta",
    "ma",
    "na",
    "pa",
    "ba",
    "da",
    "ga",
    "ja",
    "ku",
    "mu",
    "lu",
    "ru",
    "su",
    "tu",
    "nu",
    "bu",
    "du",
    "gu",
    "ju",
    "ki",
    "li",
    "ri",
    "si",
    "ti",
    "mi",
    "ni",
    "pi",
    "bi",
    "di",
    "gi",
    "ji",
    "kan",
    "an",
    "i",
    "nya",
    "lah",
    "kah",
    "ang",
    "eng",
    "ing",
    "ung",
    "am",
    "em",
    "im",
    "um",
    "ar",
    "er",
    "ir",
]
_ENGLISH = [
    "th",
    "st",
    "pr",
    "tr",
    "con",
    "com",
    "re",
    "un",
    "in",
    "ex",
    "pro",
    "de",
    "dis",
    "per",
    "for",
    "ent",
    "tion",
    "ing",
    "ed",
    "er",
    "ly",
    "ness",
    "ment",
    "able",
    "al",
    "ous",
    "ive",
    "ate",
    "ise",
    "ver",
    "ter",
    "ber",
    "der",
    "ner",
    "ma",
    "la",
    "no",
    "co",
    "to",
    "so",
    "ge",
    "le",
    "ne",
    "te",
    "se",
    "be",
    "ca",
    "ra",
    "ro",
    "ri",
    "ea",
    "ou",
    "ai",
]
_FREQUENT = {
    "id": [
        "yang",
        "dan",
        "di",
        "dengan",
        "untuk",
        "dari",
        "pada",
        "ini",
        "itu",
        "adalah",
        "tidak",
        "dalam",
        "akan",
        "ke",
        "oleh",
        "juga",
    ],
    "en": [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "that",
        "for",
        "it",
        "as",
        "was",
        "with",
        "be",
        "by",
        "on",
        "not",
        "are",
        "this",
        "from",
        "at",
    ],
}
_WORDS = 40_000
_MEDIAN_WORDS = 190


def documents(size_bytes: int, seed: int = 0) -> Iterator[str]:
    """Documents of ``size_bytes`` in all, in Indonesian-like and English-like words by turns."""
    generator = random.Random(seed)
    vocabularies = {
        "id": _vocabulary(generator, _INDONESIAN, _FREQUENT["id"]),
        "en": _vocabulary(generator, _ENGLISH, _FREQUENT["en"]),
    }
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(_WORDS)))
    made: list[str] = []  # those that copies are taken of
    written = 0
    while written < size_bytes:
        chance = generator.random()
        if chance < 0.10 and made:
            text = generator.choice(made)
        elif chance < 0.15 and made:
            text = _near_copy(generator, generator.choice(made))
        else:
            language = "id" if generator.random() < 0.5 else "en"
            text = _document(generator, vocabularies[language], weights)
            if len(made) < 5000:
                made.append(text)
            else:
                made[generator.randrange(5000)] = text
        written += len(text.encode())
        yield text


def write_corpus(folder: Path, size_bytes: int, seed: int = 0, per_file: int = 5000) -> int:
    """The documents as JSON lines in files of ``per_file``; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    lines: list[str] = []
    for count, text in enumerate(documents(size_bytes, seed), 1):
        lines.append(json.dumps({"text": text}, ensure_ascii=False))
        if len(lines) == per_file:
            _write(folder, count, lines)
    if lines:
        _write(folder, count + per_file, lines)
    return count


def _write(folder: Path, count: int, lines: list[str]) -> None:
    (folder / f"part-{count:09}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines.clear()


def _vocabulary(generator: random.Random, syllables: list[str], frequent: list[str]) -> list[str]:
    words = dict.fromkeys(frequent)
    while len(words) < _WORDS:
        count = generator.choice((1, 2, 2, 3, 3, 4))
        words["".join(generator.choices(syllables, k=count))] = None
    return list(words)


def _document(generator: random.Random, words: list[str], weights: list[float]) -> str:
    length = max(20, int(generator.lognormvariate(0, 0.7) * _MEDIAN_WORDS))
    drawn = generator.choices(words, cum_weights=weights, k=length)
    paragraphs: list[str] = []
    place = 0
    if length > 120:
        paragraphs.append("# " + " ".join(drawn[:4]).capitalize())
        place = 4
    while place < length:
        sentences: list[str] = []
        for _sentence in range(generator.randint(2, 6)):
            end = place + generator.randint(6, 24)
            if drawn[place:end]:
                sentences.append(" ".join(drawn[place:end]).capitalize() + ".")
            place = end
        paragraphs.append(" ".join(sentences))
    if generator.random() < 0.1:
        paragraphs.append(
            f"{generator.randint(1, 999)} \u2013 \u201c{drawn[0]}\u201d \u00b1 1,5 \u20ac"
        )
    return "\n\n".join(paragraphs)


def _near_copy(generator: random.Random, text: str) -> str:
    words = text.split(" ")
    for _change in range(max(1, len(words) // 100)):
        words[generator.randrange(len(words))] = f"x{generator.randrange(10_000)}"
    return " ".join(words)
