"""A text file as characters, for parsers in the child process."""

from __future__ import annotations

from pathlib import Path

from laras.sources.encoding import UndecodableError, decode
from laras.sources.extraction import RefusedError

Notes = tuple[tuple[str, str, str], ...]


def read_text(path: Path) -> tuple[str, Notes]:
    """The text with ``\\n`` at the end of lines, and a note where its encoding was guessed; raises
    :class:`RefusedError` where it is no text."""
    try:
        decoded = decode(path.read_bytes())
    except UndecodableError as error:
        raise RefusedError("bad-encoding", error.fact) from None
    notes = (("guessed-encoding", "", decoded.encoding),) if decoded.guessed else ()
    return decoded.text, notes
