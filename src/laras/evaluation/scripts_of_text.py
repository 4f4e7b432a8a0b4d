"""Which characters belong to scripts that are written without spaces between words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Writing = Literal["spaced", "han", "unspaced"]

_HAN = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC")
_UNSPACED = ("HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "BOPOMOFO")


@lru_cache(maxsize=65536)
def writing_of(character: str) -> Writing:
    """``han`` for Chinese characters, ``unspaced`` for kana, Thai and the like, or ``spaced``."""
    if character < "\u0e00":
        return "spaced"
    name = unicodedata.name(character, "")
    if name.startswith(_HAN):
        return "han"
    return "unspaced" if name.startswith(_UNSPACED) else "spaced"


def main_writing(texts: Iterable[str]) -> Writing:
    """How most letters of ``texts`` are written; ``unspaced`` where kana or Thai go with Han."""
    counts: dict[Writing, int] = {"spaced": 0, "han": 0, "unspaced": 0}
    for text in texts:
        for character in text:
            if character.isalpha():
                counts[writing_of(character)] += 1
    if counts["han"] + counts["unspaced"] <= counts["spaced"]:
        return "spaced"
    # Japanese mixes both; a text of Han alone has next to no kana.
    return "unspaced" if counts["unspaced"] * 20 > counts["han"] else "han"
