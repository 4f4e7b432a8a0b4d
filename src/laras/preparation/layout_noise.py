"""What print and scanners leave in running text: page numbers, dotted leaders, split words.

Only rules that a careful reader would apply without seeing the page. They look at a text's lines
only where a search that leaps from line break to line break found a reason to.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from laras.preparation.page_furniture import drop_page_furniture, may_hold_page_numbers

_STRAY = r"[ \t]*+[|¦~´^°·.,;:_\\'‘’]{1,2}[ \t]*+"
_STRAY_LINE = re.compile(rf"(?<=\n){_STRAY}\n")
_STRAY_GATE = re.compile(rf"\n{_STRAY}\n")

_LETTERS = r"[^\W\d_](?:[ \t]{1,8}[^\W\d_])"
_SPACED_GATE = re.compile(rf"\n[#*_ \t]{{0,12}}{_LETTERS}{{4}}")
_SPACED = re.compile(
    rf"^(?P<before>[#*_ \t]{{0,12}})(?P<letters>{_LETTERS}{{4,200}})(?P<after>[*_:.!? \t]{{0,8}})$",
    re.MULTILINE,
)
_GAP = re.compile(r"[ \t]+")
_VOWELS = frozenset("aiueo")
_MONTHS = "jfmamjjasond"
# Answers to questions of choice and names of notes stand in rows, too.
_CHOICES = frozenset("abcdefg")

# A run is tried from its first dot only: looking back keeps a line of dots from costing its square.
_LEADER = re.compile(
    r"\.(?<!\.\.)(?<!\.[ \t]\.)(?:[ \t]?\.){3,}+[ \t]*+(?=(?:\d{1,4}|[ivxlc]{1,7})[ \t]*$)",
    re.MULTILINE,
)

_SPLIT = re.compile(r"-\n[ \t]*+([^\W\d_]{2,40})(?![\w-])")
_LEFT = re.compile(r"(?<![\w-])[^\W\d_]{2,40}\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def clean_layout(text: str, fixes: Counter[str]) -> str:
    """``text`` without what print left in it; ``fixes`` counts the changes of each rule."""
    if "\n" in text:
        if may_hold_page_numbers(text):
            text = drop_page_furniture(text, fixes)
        if _STRAY_GATE.search(text):
            text, count = _STRAY_LINE.subn("", text)
            if count:
                fixes["stray-characters"] += count
        if "-\n" in text:
            text = _rejoin_words(text, fixes)
    if _SPACED.match(text) or _SPACED_GATE.search(text):
        text = _close_letters(text, fixes)
    if "...." in text or ". . . ." in text:
        text, count = _LEADER.subn(_short_leader, text)
        if count:
            fixes["dotted-leaders"] += count
    return text


def _rejoin_words(text: str, fixes: Counter[str]) -> str:
    """Words that a line end parted, where the text itself has them in one piece.

    "peng-/elola" is joined if "pengelola" occurs; "anak-/anak" keeps its hyphen, as does what
    occurs with one. Anything else stays as it is.
    """
    splits = [
        (left.group().casefold(), found)
        for found in _SPLIT.finditer(text)
        if (left := _LEFT.search(text, max(0, found.start() - 41), found.start()))
    ]
    if not splits:
        return text
    words = set(_WORD.findall(text.casefold()))
    parts = []
    end = 0
    for first, found in splits:
        second = found[1].casefold()
        if first == second or f"{first}-{second}" in words:
            hyphen = "-"
        elif first + second in words and not found[1][0].isupper():
            hyphen = ""
        else:
            continue
        parts += [text[end : found.start()], hyphen]
        end = found.start(1)
        fixes["hyphenation"] += 1
    return "".join([*parts, text[end:]])


def _close_letters(text: str, fixes: Counter[str]) -> str:
    """Lines of letters set apart, "P E N G U M U M A N", as words; a wider gap parts words."""

    def closed(found: re.Match[str]) -> str:
        letters = _GAP.split(found["letters"])
        gaps = [len(gap) for gap in _GAP.findall(found["letters"])]
        if not _spells_words("".join(letters).casefold()):
            return found.group()
        fixes["spaced-letters"] += 1
        narrow = min(gaps)
        words = letters[0] + "".join(
            letter if gap == narrow else f" {letter}"
            for gap, letter in zip(gaps, letters[1:], strict=True)
        )
        return f"{found['before']}{words}{found['after']}"

    return _SPACED.sub(closed, text)


def _spells_words(letters: str) -> bool:
    """Whether a row of letters can be a word: vowels and consonants, not the alphabet, not marks
    for choices or months."""
    vowels = sum(letter in _VOWELS for letter in letters)
    in_order = all(ord(b) - ord(a) == 1 for a, b in pairwise(letters))
    return (
        0.2 <= vowels / len(letters) <= 0.8
        and not in_order
        and not set(letters) <= _CHOICES
        and letters not in _MONTHS
    )


def _short_leader(found: re.Match[str]) -> str:
    before = found.string[found.start() - 1 : found.start()]
    return "... " if before.isspace() else " ... "
