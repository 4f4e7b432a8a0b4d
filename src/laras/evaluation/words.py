"""Words of a text in any script, for ROUGE.

rouge-score's own tokenizer keeps a-z and 0-9 and drops the rest: an Arabic answer becomes
nothing, and scores 0 against itself. Here a word is a run of letters, marks and digits.

- On ASCII text the words are exactly those of rouge-score (and so of ROUGE-1.5.5 without stems).
- Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan: each character with its marks.
- Hyphens split, as in ROUGE: Indonesian ``anak-anak`` is ``anak anak`` whichever of the hyphens
  of Unicode was typed, and shares a word with ``anak``.
- Arabic vowel signs and the tatweel are optional in writing, and left out.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

from laras.evaluation.scripts_of_text import writing_of

_Part = Literal["word", "alone", "mark", "nothing", "break"]
_TATWEEL = "\u0640"


class UnicodeWords:
    """A tokenizer for rouge-score's ``RougeScorer``."""

    def tokenize(self, text: str) -> list[str]:
        """Words of ``text`` in order, case folded."""
        words: list[str] = []
        open_word = False
        for character in unicodedata.normalize("NFKC", text).lower():
            part = _part(character)
            if part == "break":
                open_word = False
            elif part == "alone":
                words.append(character)
                open_word = False
            elif part == "word":
                if open_word:
                    words[-1] += character
                else:
                    words.append(character)
                open_word = True
            elif part == "mark" and words:
                words[-1] += character
        return words


@lru_cache(maxsize=65536)
def _part(character: str) -> _Part:
    category = unicodedata.category(character)
    if category == "Cf" or character == _TATWEEL:
        return "nothing"  # zero-width joiners, soft hyphens: invisible inside a word
    if category.startswith("M"):
        return "nothing" if "\u0600" <= character <= "\u08ff" else "mark"
    if category[0] in "LN":
        return "word" if writing_of(character) == "spaced" else "alone"
    return "break"
