"""Terms and what they mean: definition lists, glossary lines, sentences that define."""

from __future__ import annotations

import re
from collections.abc import Iterator

from laras.preparation.pairs.outline import plain
from laras.preparation.pairs.pair import Pair, Read

# "Term" and on the next line ": meaning"
_LIST = re.compile(r"^(?P<term>[^\n:#|>\-*\s][^\n]{0,79})\n:\s+(?P<meaning>\S[^\n]*)", re.MULTILINE)
# "- **Term**: meaning", "**Term** - meaning", "* **Term:** meaning"
_GLOSSARY = re.compile(
    r"^[ \t]*(?:[-*+]\s+)?(?:\*\*|__)(?P<term>[^*_\n]{2,80}?):?(?:\*\*|__)[ \t]*"
    r"(?::|[-–—](?=\s)|(?<=:\*\*)|(?<=:__))[ \t]*(?P<meaning>\S[^\n]*)",
    re.MULTILINE,
)
# "Simpanan pokok adalah ...", "A token is a ..."; at the beginning of a paragraph only.
_SENTENCE = re.compile(
    r"(?:\A|\n\n)(?P<term>[A-Z0-9][^\n.,;:?!|#*]{1,60}?)\s+"
    r"(?P<verb>adalah|ialah|is an?|is the|are the|refers to|means)\s+"
    r"(?P<rest>[^\n]{15,})"
)
# Words that point elsewhere instead of naming a thing.
_POINTER_WORDS = """
    this that these those it they he she we you i there here what which who one
    another my our your his her its their first last if when while because
    ini itu hal tersebut berikut dia ia mereka kami kita saya anda di yang apa siapa
    salah tujuan cara alasan contoh hasil langkah satu semua setiap jika bila karena
"""
_POINTERS = frozenset(_POINTER_WORDS.split())
_MOST_TERM_WORDS = 5


def definition_pairs(read: Read) -> Iterator[Pair]:
    """A question for each term; a term that is defined twice is asked for once."""
    seen: set[str] = set()
    for pattern in (_LIST, _GLOSSARY, _SENTENCE):
        for found in pattern.finditer(read.text):
            term = plain(found["term"])
            words = term.split()
            pointing = not words or words[0].casefold() in _POINTERS
            if pointing or len(words) > _MOST_TERM_WORDS or term.casefold() in seen:
                continue
            start = found.start("term") if pattern is _SENTENCE else found.start("meaning")
            answer = read.text[start : found.end()].strip()
            if not read.fits(answer):
                continue
            seen.add(term.casefold())
            term = re.sub(r"^(?:An?|The)\s+", "", term)
            question = read.asks(
                f"What is meant by “{term}”?", f"Apa yang dimaksud dengan “{term}”?"
            )
            yield Pair(question, answer, start, start + len(answer))
