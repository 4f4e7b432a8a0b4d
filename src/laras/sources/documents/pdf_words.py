"""PDF: letters and lines put together: ligatures written out, and two lines as one text, with the
hyphen between them kept only where it belongs there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from laras.sources.characters import LIGATURES

LINE_HYPHENS = ("\ufffe", "\x02", "\xad", "-", "\u2010")
_CERTAIN_HYPHENS = ("\ufffe", "\x02", "\xad")
_LAST_WORD = re.compile(r"(\w+)$")
_FIRST_WORD = re.compile(r"^(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")

_LIGATURES = str.maketrans(LIGATURES)


def without_ligatures(text: str) -> str:
    """The text with the letters that Latin ligatures stand for."""
    return text.translate(_LIGATURES)


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """How often each word, in small letters, stands in the document itself."""
    return Counter(word for text in texts for word in _WORD.findall(text.lower()))


def join(before: str, after: str, words: Counter[str]) -> str:
    """Two lines as one. A hyphen at the end of the line goes where it only broke the word."""
    if not before.endswith(LINE_HYPHENS):
        return f"{before} {after}"
    stem, hyphen = before[:-1], before[-1]
    left, right = _LAST_WORD.search(stem), _FIRST_WORD.match(after)
    if left is None or right is None:
        return f"{before} {after}" if hyphen not in _CERTAIN_HYPHENS else stem + after
    whole = (left.group(1) + right.group(1)).lower()
    compound = f"{left.group(1)}-{right.group(1)}".lower()
    if words[whole] or words[compound]:
        keeps = words[compound] > words[whole]
    else:
        keeps = _is_compound(left.group(1), right.group(1))
    return f"{stem}-{after}" if keeps else stem + after


def _is_compound(left: str, right: str) -> bool:
    """Whether the hyphen belongs to the word: before a capital or a digit, between parts of
    which one repeats the other (Indonesian anak-anak, berjalan-jalan, buku-bukunya)."""
    if not right[0].islower() or left[-1].isdigit():
        return True
    a, b = left.lower(), right.lower()
    return len(a) > 2 and len(b) > 2 and (b.startswith(a) or a.endswith(b) or a.endswith(b[:4]))
