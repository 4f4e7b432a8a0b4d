"""Whether an answer rests on its passage, decided without a language model.

Every number and every name of the answer must stand in the passage, and most of its content
words. What fails may still be true; but nobody could say from where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from laras.preparation.likeness import normalise, words

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_SEPARATORS = re.compile(r"[.,](?=\d{3}(?:\D|$))")
_SENTENCE = re.compile(r"(?:^|[.!?:;]\s+|\n)\s*[\"“'(*]*")
_CAPITALISED = re.compile(r"[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*)*")
# Words that carry no content of their own, in the two languages of most users. In others, all
# words count, which asks for more.
_FUNCTION_WORDS = """
    a about after all also an and any are as at be been before but by can could do does each either
    for from had has have he her his how i if in into is it its may more most must no not of on
    only or other our out over own shall she should so some such than that the their them then there
    these they this those through to under up upon was we were what when where which while who
    whose why will with would yes you your
    ada adalah agar akan anda antara apa apabila atas atau bagi bahwa baik bila bisa boleh bukan
    dalam dan dapat dari dengan di dia ia ini itu jika juga kami kapan karena ke kepada ketika kita
    lain lalu lebih maka masih mereka namun nya oleh pada para paling pun saat saja sampai sangat
    saya sebagai sebelum secara sedang sehingga sejak selama semua seperti serta sesuai setelah
    setiap siapa suatu sudah tanpa telah tentang terhadap tersebut tetapi tidak untuk ya yaitu yang
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, slots=True)
class Grounding:
    """``share`` of the answer's content words that stand in the passage; numbers and names that
    don't."""

    share: float
    numbers: tuple[str, ...]
    names: tuple[str, ...]

    def holds(self, least: float) -> bool:
        """Whether nothing is invented and the share is at least ``least``."""
        return not self.numbers and not self.names and self.share >= least


def grounding(answer: str, passage: str) -> Grounding:
    """How far ``answer`` rests on ``passage``."""
    there = set(words(passage))
    content = [word for word in words(answer) if word not in FUNCTION_WORDS]
    share = sum(_stands(word, there) for word in content) / len(content) if content else 1.0
    known = _numbers(passage)
    numbers = tuple(dict.fromkeys(n for n in _numbers_in_order(answer) if n not in known))
    plain = f" {' '.join(words(passage))} "
    names = tuple(
        dict.fromkeys(name for name in _names(answer) if f" {' '.join(words(name))} " not in plain)
    )
    return Grounding(share, numbers, names)


def _stands(word: str, there: set[str]) -> bool:
    """Whether the word or a form of it is there: endings differ ("member", "members")."""
    if word in there:
        return True
    stem = word[: max(4, len(word) - 2)]
    return len(word) >= 5 and any(other.startswith(stem) for other in there)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_numbers_in_order(text))


def _numbers_in_order(text: str) -> list[str]:
    """Numbers without separators of thousands, which languages write differently."""
    return [_SEPARATORS.sub("", found) for found in _NUMBER.findall(normalise(text))]


def _names(text: str) -> list[str]:
    """Capitalised words within sentences; at their beginning every word is capitalised."""
    begins = {found.end() for found in _SENTENCE.finditer(text)}
    names = []
    for found in _CAPITALISED.finditer(text):
        name = found.group()
        if found.start() in begins and not name.isupper():
            name = name.partition(" ")[2]
        kept = [word for word in name.split() if word.casefold() not in FUNCTION_WORDS]
        names += kept
    return names
