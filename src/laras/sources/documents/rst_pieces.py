"""Long reStructuredText in pieces, and a share of time for each, so that no piece costs the file.

docutils takes a time that grows with the square of what is in a paragraph or of how many names a
text defines. A text that it does not finish is given to it in pieces of whole blocks. A piece
knows the underlines of headings and the substitutions of the text around it.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PIECE_CHARACTERS = 8_000
MAX_PARAGRAPH_CHARACTERS = 64_000
_BLOCK_BEGINS = re.compile(r"\n[ \t]*\n(?=\S)|\n(?=\.\. [_|\[])")  # or between definitions
_BLANK = re.compile(r"\n[ \t]*\n|\n(?=\.\. [_|\[])")
_HEADING = re.compile(
    r"(?:^|(?<=\n))(?:([!-/:-@\[-`{-~])\1{1,200}\n[ \t]{0,9}\S[^\n]{0,200}\n\1{2,200}[ \t]*(?=\n|$)"
    r"|(?<!\S\n)\S[^\n]{0,200}\n([!-/:-@\[-`{-~])\2{2,200}[ \t]*(?=\n|$))"
)
_SUBSTITUTION = re.compile(r"^\.\. \|([^|\n]{1,80})\| \w[^\n]{0,1000}$", re.MULTILINE)
_USED = re.compile(r"\|([^|\n]{1,80})\|")
_MAX_STYLES = 6
_MAX_GIVEN = 20
STYLE = "\ue000"  # the title of a heading that is there for its underline alone


class TooLongError(BaseException):
    """The share of time is used up. No ``Exception``: docutils would end the process at one."""


@contextmanager
def share_of_time(seconds: float) -> Iterator[None]:
    """Raises :class:`TooLongError` when what is inside costs more processor time."""
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield  # the limits of the child process remain
        return

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def has_long_paragraph(text: str) -> bool:
    """Whether lines without a blank one between them are more than any writer makes them."""
    return any(len(part) > MAX_PARAGRAPH_CHARACTERS for part in _BLANK.split(text))


def pieces(text: str) -> Iterator[tuple[str, str, int]]:
    """Whole blocks of some thousand characters: what docutils needs to know before them, the
    blocks, and the number of their first line."""
    substitutions = {found.group(1): found.group() for found in _SUBSTITUTION.finditer(text)}
    styles: list[tuple[bool, str]] = []
    line = 1
    for piece in _joined(text):
        given = [
            substitutions[name]
            for name in dict.fromkeys(_USED.findall(piece))
            if name in substitutions and f".. |{name}|" not in piece
        ]
        head = "".join(_heading(*style) for style in styles)
        yield "\n".join([*given[:_MAX_GIVEN], "", head]) if given else head, piece, line
        for found in _HEADING.finditer(piece):
            style = (bool(found.group(1)), found.group(1) or found.group(2))
            if style not in styles and len(styles) < _MAX_STYLES:
                styles.append(style)
        line += piece.count("\n")


def _heading(overlined: bool, mark: str) -> str:
    underline = mark * 4
    return f"{underline}\n{STYLE}\n{underline}\n\n" if overlined else f"{STYLE}\n{underline}\n\n"


def _joined(text: str) -> Iterator[str]:
    start = 0
    end = 0
    for found in _BLOCK_BEGINS.finditer(text):
        if end > start and found.end() - start > PIECE_CHARACTERS:
            yield text[start:end]
            start = end
        end = found.end()
    if end > start and len(text) - start > PIECE_CHARACTERS:
        yield text[start:end]
        start = end
    yield text[start:]
