"""When two texts are the same, and how alike they are: keys, words, 5-grams, Jaccard.

Keys compare what a reader would call the same text: NFKC, case and spaces don't count. They
are only for comparing: texts themselves are kept in NFC, because NFKC changes what is meant
(superscripts, units).
"""

from __future__ import annotations

import re
import unicodedata

import xxhash

SHINGLE_WORDS = 5
_ENCODING = ("utf-8", "surrogatepass")

# Marks that belong to the word they stand in (Indic vowel signs, Arabic and Hebrew points)
# aren't word characters to the re module; scripts without spaces count each character.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff"
WORD_ITSELF = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
IN_WORD = f"\\w{_MARKS}"
_WORD = re.compile(f"[{WORD_ITSELF}]|(?:(?![{WORD_ITSELF}])[{IN_WORD}])+")
_ASCII_WORD = re.compile(r"\w+", re.ASCII)  # the same there, and several times as fast


def normalise(text: str) -> str:
    """``text`` as keys see it: NFKC, casefolded, one space between words."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


def key(*parts: str) -> str:
    """128 bits in hex; equal for parts that are the same after :func:`normalise`."""
    return xxhash.xxh3_128_hexdigest(
        "\x1e".join(normalise(part) for part in parts).encode(*_ENCODING)
    )


def key_bytes(*parts: str) -> bytes:
    """The same 128 bits as 16 bytes, for narrow columns."""
    return xxhash.xxh3_128_digest("\x1e".join(normalise(part) for part in parts).encode(*_ENCODING))


def words(text: str) -> list[str]:
    """The words of ``text`` without punctuation, as :func:`normalise` writes them."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(normalise(text))


def without_instruction(content: str, instruction: str | None) -> str:
    """``content`` without the instruction that the source put before it."""
    return content.removeprefix(f"{instruction}\n\n") if instruction else content
