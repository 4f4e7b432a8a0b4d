"""Bytes to text: byte order mark, UTF-8, what the file declares, and only then a guess.

A wrong guess is mojibake that nobody notices, so a guess is taken where the text that comes out
is plausible, is marked as a guess, and is refused otherwise. Files that mix UTF-8 with something
else are refused: whichever encoding is taken, part of them would be wrong.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

_MARKS = (  # the longer marks first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_PATTERNS = {  # which bytes of four are NUL (0) in Latin text
    "x0x0": "utf-16-le",
    "0x0x": "utf-16-be",
    "x000": "utf-32-le",
    "000x": "utf-32-be",
}
_ESCAPES = re.compile(rb"\x1b\$[@AB]|\x1b\$\([CD]|\x1b\(J")  # ISO-2022-JP changes its letters so
_MULTIBYTE_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SYMBOL_IN_WORD = re.compile(r"[^\W\d_][^\x00-\x7f\w’‘–—…\xad][^\W\d_]")
# Families in which a guess from the statistics of bytes is dependable: several bytes a character,
# or a script of its own. Guesses among the Latin single-byte pages are coin tosses.
_DEPENDABLE_NAMES = """
    big5 big5hkscs cp932 cp936 cp949 cp950 euc_jp euc_kr gb18030 gb2312 gbk hz johab shift_jis
    shift_jis_2004 shift_jisx0213 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be
    cp1251 koi8_r koi8_u kz1048 ptcp154 cp1253 iso8859_7 cp1255 iso8859_8 cp1256 iso8859_6
    cp874 tis_620 iso8859_11
"""
_DEPENDABLE = frozenset(_DEPENDABLE_NAMES.split())
_GUESS_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with line ends as ``\\n``, and the encoding that it was in."""

    text: str
    encoding: str
    guessed: bool = False


class UndecodableError(ValueError):
    """The bytes are not text; ``fact`` says where and why, in technical words."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


def decode(data: bytes, declared: str | None = None, *, guess: bool = True) -> Decoded:
    """The text of ``data``; raises :class:`UndecodableError` rather than returning mojibake.

    ``declared`` is what the file itself says (an HTML meta tag). ``guess=False`` takes only what
    is certain.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    wide = _wide_without_mark(data)
    if wide:
        return _strictly(data, wide)
    if _ESCAPES.search(data) and data.isascii():  # all of it would pass for UTF-8
        return replace(_strictly(data, "iso2022_jp_2"), guessed=not declared)
    try:
        return _strictly(data, "utf-8")
    except UndecodableError as error:
        valid = len(_MULTIBYTE_UTF8.findall(data))
        stray = len(_HIGH.findall(_MULTIBYTE_UTF8.sub(b"", data)))
        if stray == 0 or not guess:  # control characters in valid UTF-8, or nothing to guess
            raise
        known = _codec_name(declared)
        if known and known not in ("utf-8", "ascii"):
            # What is called Latin-1 is Windows-1252 in practice, and so in the HTML standard.
            return _strictly(data, "cp1252" if known == "iso8859-1" else known)
        if valid >= stray:
            raise UndecodableError(f"mostly UTF-8, but {error.fact}") from None
        return _guessed(data, error)


def normalised_newlines(text: str) -> str:
    """``text`` with ``\\r\\n`` and ``\\r`` as ``\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _strictly(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise UndecodableError(f"line {line}: byte 0x{byte:02x} is not {encoding}") from None
    text = normalised_newlines(text.removeprefix("\ufeff"))
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise UndecodableError(f"line {line}: control character U+{ord(control.group()):04X}")
    return Decoded(text, encoding)


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 written without its mark: mostly Latin text shows a NUL in every other
    byte of the one, and three in every four of the other."""
    sample = data[: min(len(data), 4000) // 4 * 4]
    if len(sample) < 4 or b"\0" not in sample:
        return None
    zeros = [sample[place::4].count(0) / (len(sample) / 4) for place in range(4)]
    if any(0.1 <= share <= 0.7 for share in zeros):
        return None
    return _WIDE_PATTERNS.get("".join("0" if share > 0.7 else "x" for share in zeros))


def _codec_name(declared: str | None) -> str | None:
    try:
        return codecs.lookup(declared).name if declared else None
    except LookupError:
        return None


def _guessed(data: bytes, original: UndecodableError) -> Decoded:
    western = _plausible_western(data)
    if western is not None:
        return western
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESS_BYTES]).best()
    if best is None or best.encoding not in _DEPENDABLE:
        raise original
    try:
        return Decoded(_strictly(data, best.encoding).text, best.encoding, guessed=True)
    except UndecodableError:
        raise original from None


def _plausible_western(data: bytes) -> Decoded | None:
    """``data`` as Windows-1252, if what comes out looks like a Western European text.

    That is: mostly plain letters, and no symbol in the middle of a word (Central European and
    DOS pages read as Windows-1252 put them there).
    """
    try:
        text = _strictly(data, "cp1252").text
    except UndecodableError:
        return None
    letters = sum(character.isalpha() for character in text)
    foreign = sum(character.isalpha() and not character.isascii() for character in text)
    if foreign > 0.2 * letters or _SYMBOL_IN_WORD.search(text):
        return None
    return Decoded(text, "cp1252", guessed=True)
