"""Text from data, files and models as a terminal may show it.

Nothing in it steers the terminal, and no key or password is in it.
"""

from __future__ import annotations

import unicodedata

from laras.runs.redaction import without_secrets

_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}
# Marks that turn the direction of writing: with them a line can read other than it is.
_DIRECTIONS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in _CONTROLS},
    **{code: f"\\u{code:04x}" for code in _DIRECTIONS},
}


def printable(text: str) -> str:
    """``text`` without secrets, its control characters and direction marks written out: ``\\x1b``,
    ``\\u202e``."""
    return without_secrets(text).translate(_ESCAPES)


def one_line(text: str) -> str:
    """The same for a name, which must neither break the line nor hide: line ends, tabs and
    characters that nobody sees are written out, too, and those that no encoding has."""
    return "".join(_written_out(each) if _is_hidden(each) else each for each in printable(text))


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _written_out(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
