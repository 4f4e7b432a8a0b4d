"""Names of people, where the chat's own data says who takes part in it.

A full name is found in any letter case. Its parts are found with a capital letter or after a form
of address, unless they are ordinary words: then only as ``ordinary_words`` says. Forms of address
stay in the text. All that one person is called has one value, so it gets one placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from laras.preparation.privacy.finding import Detector, Finding
from laras.preparation.privacy.ordinary_words import ADDRESS, ALWAYS_CAPITAL, ORDINARY, ROLES

_LEAST_LETTERS = 3
_OF_A_PATTERN = 200  # spellings; of a large group's names only the patterns that may hit are run
_HANDLE = re.compile(r"@\w[\w.]{1,62}\w")  # what a messenger calls somebody, as mentions write it
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ADDRESSED = re.compile(rf"\b(?:{'|'.join(ADDRESS.split())})\.?\s{{1,3}}\Z", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:\A|[\n.!?…:;])[\s\"“‘'(*_>-]*\Z")


@lru_cache(maxsize=1024)
def name_detector(names: tuple[str, ...]) -> Detector | None:
    """What finds ``names`` in a text; None where none of them can be looked for."""
    people = _people(names)
    if not people:
        return None
    whole = sorted((name for name in people if " " in name), key=len, reverse=True)
    parts = _parts(people)
    spellings = [*whole, *sorted(parts, key=len, reverse=True)]
    patterns = [
        _pattern(spellings[start : start + _OF_A_PATTERN])
        for start in range(0, len(spellings), _OF_A_PATTERN)
    ]

    def may_hold(text: str) -> bool:
        lower = text.casefold()
        return any(needle in lower for needles, _pattern in patterns for needle in needles)

    def find(text: str) -> Iterator[Finding]:
        lower = text.casefold()
        for needles, pattern in patterns:
            if not any(needle in lower for needle in needles):
                continue
            for found in pattern.finditer(text):
                written = " ".join(found.group().casefold().split())
                person = people.get(written) if " " in written else parts.get(written)
                if person is None:
                    continue
                if " " in written or _is_meant(text, found.start(), found.group()):
                    yield Finding("name", found.start(), found.end(), person)

    return Detector(find, may_hold)


def _pattern(spellings: Sequence[str]) -> tuple[frozenset[str], re.Pattern[str]]:
    """What finds ``spellings``, and the words without one of which it finds nothing."""
    written = "|".join(r"\s+".join(map(re.escape, name.split())) for name in spellings)
    pattern = re.compile(rf"(?<![\w.])(?<!\w[@＠])(?:{written})(?!\w)", re.IGNORECASE)
    return frozenset(name.split()[0] for name in spellings), pattern


def _people(names: Sequence[str]) -> dict[str, str]:
    """Each full name in lower case; names that are roles, numbers or addresses are left out.
    A handle ("@ani_77") is a name of its own."""
    people: dict[str, str] = {}
    for name in names:
        if _HANDLE.fullmatch(name):
            people.setdefault(name.casefold(), name.casefold())
            continue
        words = _WORD.findall(name)
        bare = [word for word in words if word.casefold() not in ROLES]
        if any(character.isdigit() or character == "@" for character in name) or not bare:
            continue
        if len(bare) < len(words):
            words = bare
        full = " ".join(words).casefold()
        people.setdefault(full, full)
    return people


def _parts(people: dict[str, str]) -> dict[str, str]:
    """The parts of names, and whose they are; a part of two people is a value of its own."""
    parts: dict[str, str] = {}
    for full in people:
        for part in full.split():
            if sum(map(str.isalpha, part)) >= _LEAST_LETTERS:
                parts[part] = part if parts.get(part, full) != full else full
    return parts


def _is_meant(text: str, start: int, written: str) -> bool:
    """Whether a single word is the name, not the word that looks like it."""
    before = text[max(0, start - 16) : start]
    if _ADDRESSED.search(before):
        return True
    if written[0] == "@" or before[-1:] == "@":  # a mention; no address, which has a word before
        return True
    if not written[0].isupper():
        return False
    word = written.casefold()
    if word in ALWAYS_CAPITAL:
        return False
    if word not in ORDINARY:
        return True
    if start > len(before):
        before = f"x{before}"  # what is cut off is no beginning of a sentence
    return _SENTENCE_START.search(before) is None
