"""Rows whose labels can only be looked up, in the rows before them.

Of a few words each stands for a class and has a name made up for it; sentences with the word bear
the name. The name of a sentence follows from the rows above alone, and so does that of the last. It
is what examples in a prompt ask of a model: many classes, each of them rare, and names that mean
nothing elsewhere make it learn from its context rather than by heart (Chan et al. 2022, "Data
Distributional Properties Drive Emergent In-Context Learning in Transformers").
"""

from __future__ import annotations

import random
import re
import string
from collections import defaultdict
from collections.abc import Mapping, Sequence

from laras.records import Message

_WORD = re.compile(r"[^\W\d_]{4,}")
_LEAST, _MOST = 3, 60  # sentences of a word that stands for a class
_SHORTEST, _LONGEST = 15, 140  # characters of a sentence
_ASKED = (
    "{}", "{}", "{}\nLabel:", "Topic?\n\n{}", "Topik?\n\n{}", "Category: {}", "{}\n\nKategori?",
    "Which one?\n{}", "Text: {}", "Kalimat: {}",
)  # fmt: skip
_NAMES_TOLD = ("Labels: {}", "Answer with one of: {}", "Pilih salah satu: {}", "Kategori: {}")
_KEYS = (("Text", "Label"), ("Teks", "Label"), ("Input", "Output"), ("Kalimat", "Jenis"))
_CLASSES = (2, 2, 3, 3, 4, 5)
_CHAT_SHARE, _TOLD_SHARE = 0.75, 0.3
_TRIES = 100


class Lookups:
    """Makes such rows of ``sentences`` by language."""

    def __init__(self, sentences: Mapping[str, Sequence[str]]) -> None:
        self._having: dict[str, dict[str, list[str]]] = {}
        for language, lines in sentences.items():
            having: dict[str, list[str]] = defaultdict(list)
            for line in dict.fromkeys(lines):
                if _SHORTEST <= len(line) <= _LONGEST:
                    for word in sorted(_words(line)):
                        having[word].append(line)
            self._having[language] = {
                word: found for word, found in having.items() if _LEAST <= len(found) <= _MOST
            }

    def __bool__(self) -> bool:
        return all(len(having) >= 2 * _CLASSES[-1] for having in self._having.values())

    def row(self, generator: random.Random) -> tuple[Message, ...]:
        """Some sentences with their labels; that of the last stands above it. Nothing where no
        words are found whose sentences are apart."""
        having = self._having[generator.choice(sorted(self._having))]
        own = self._classes(having, generator)
        if not own:
            return ()
        names = _names(list(own), list(having), generator)
        left = [generator.sample(lines, len(lines)) for lines in own.values()]
        asked = generator.randrange(len(left))
        last = (left[asked].pop(), asked)
        shown = [*range(len(left)), *generator.choices(range(len(left)), k=generator.randint(0, 4))]
        generator.shuffle(shown)
        rows = [*((left[at].pop(), at) for at in shown if left[at]), last]
        if generator.random() < _CHAT_SHARE:
            return _as_chat(rows, names, generator)
        first, second = generator.choice(_KEYS)
        lines = [f"{first}: {text}\n{second}: {names[at]}" for text, at in rows]
        return (Message("text", generator.choice(("\n", "\n\n")).join(lines), trained=True),)

    def _classes(
        self, having: Mapping[str, Sequence[str]], generator: random.Random
    ) -> dict[str, list[str]]:
        """Words with the sentences that have this one of them alone, two at least."""
        for _ in range(_TRIES):
            words = set(generator.sample(list(having), generator.choice(_CLASSES)))
            own = {
                word: [line for line in having[word] if len(words & _words(line)) == 1]
                for word in sorted(words)
            }
            if all(len(lines) >= 2 for lines in own.values()):
                return own
        return {}


def _words(line: str) -> set[str]:
    return set(_WORD.findall(line.lower()))


def _as_chat(
    rows: Sequence[tuple[str, int]], names: Sequence[str], generator: random.Random
) -> tuple[Message, ...]:
    """Asked in turn; a name is learnt from its second time on, for nothing tells the first."""
    messages = []
    if generator.random() < _TOLD_SHARE:
        told = generator.choice(_NAMES_TOLD).format(", ".join(sorted(names)))
        messages.append(Message("system", told, trained=False))
    wording = generator.choice(_ASKED)
    seen: set[int] = set()
    for text, at in rows:
        messages.append(Message("user", wording.format(text), trained=True))
        messages.append(Message("assistant", names[at], trained=at in seen))
        seen.add(at)
    return tuple(messages)


def _names(words: Sequence[str], others: Sequence[str], generator: random.Random) -> list[str]:
    """One for each class, all of one fashion; most mean nothing, some have the class's word."""
    fashion = generator.randrange(7)
    if fashion == 0:
        return generator.sample(string.ascii_uppercase, len(words))
    if fashion == 1:
        numbers = generator.sample(range(10, 100), len(words))
        return [f"{generator.choice('KPT')}-{number}" for number in numbers]
    first = generator.sample(others, len(words)) if fashion % 2 else words
    second = generator.sample(others, len(words))
    joint = ("_", "_", "-", " ")[generator.randrange(4)]
    if fashion == 6:
        return [word.capitalize() for word in second]
    return [f"{one}{joint}{other}" for one, other in zip(first, second, strict=True)]
