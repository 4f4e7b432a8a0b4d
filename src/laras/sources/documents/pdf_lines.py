"""PDF: the lines of a page as PDFium finds them, each with its place, letters and wide gaps.

All measures are in the frame in which the page's text is read: a table that stands sideways has
its lines from left to right here too. Units are points; ``down`` is the distance from the top.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from laras.sources.documents.pdf_ruler import Frame, Ruler, quarter_turns
from laras.sources.documents.pdf_words import without_ligatures

_GAP = 0.45  # of the letters' height: wider than a space in text that is not stretched
_SAMPLED_ANGLES = 32
_RAISED = 0.12  # of the letters' height
_SMALLER = 0.88
_FEWEST_FIXED = 6
_TELLING = re.compile(r"[iljI.,;:'()mwMW]")
_POWER = re.compile(r"^[-\u2212\u2013+]?\d{1,3}$")
_ARABIC_PAIR = re.compile("[\u0622\u0623\u0625\u0627]\u0644")
# A number behind a letter, a sign or a digit, which may be a mark of a note or a power. PDFium
# may have seen a space before it.
_RAISED_NUMBER = re.compile(
    r"(?<=[^\s\d]) ?[-\u2212\u2013]?\d{1,3}(?!\d)|(?<=\d)[-\u2212\u2013]\d|(?<!\d)\d{2,4}(?!\d)"
)
_SPACES = re.compile("[ \u00a0\t]+")
# PDFium marks a hyphen that breaks a word with U+FFFE and writes no line end after it.
_LINE = re.compile(r"[^\n\ufffe]+\ufffe?")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line between two gaps that may be wider than a space: its text, and where it
    begins and ends."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its text, its left and right end, its distance from the page's top (points), the
    height of its letters, and its place on the page (0 top, 1 bottom).

    ``pieces`` are its parts where gaps part it. ``is_upright`` is False for one that runs in
    another direction than most of the page: a stamp in the margin, a watermark.
    """

    text: str
    left: float
    right: float
    down: float
    size: float
    place: float
    is_bold: bool = False
    is_fixed: bool = False
    is_upright: bool = True
    pieces: tuple[Piece, ...] = ()


def lines_of(page: Any) -> tuple[list[Line], Frame]:
    """The lines of a page of pypdfium2, in the order of its content, and how the page is read."""
    textpage = page.get_textpage()
    try:
        text = _text(textpage)
        left, bottom, right, top = page.get_cropbox()
        frame = Frame(_usual_turns(textpage, text), left, bottom, right, top)
        ruler = Ruler(textpage, frame)
        lines = []
        for found in _LINE.finditer(text):
            content = found.group().strip("\r\t \u00a0")
            if content.strip("\ufffe"):
                first = found.start() + found.group().index(content)
                lines.append(_line(content, first, ruler, frame))
        # PDFium turns round the order of lines that run downwards on the page as it is shown.
        if (frame.turns - page.get_rotation() // 90) % 4 == 3:
            lines.reverse()
        return _glued(lines), frame
    finally:
        textpage.close()


def _text(textpage: Any) -> str:
    """The page's characters, one for each of PDFium's."""
    from pypdfium2 import raw

    count = textpage.count_chars()
    text: str = textpage.get_text_range() if count > 0 else ""
    if len(text) == count:
        return text
    # Some characters have no Unicode: their offsets must come from PDFium.
    codes = (raw.FPDFText_GetUnicode(textpage, index) for index in range(count))
    return "".join(chr(code) if _is_scalar(code) else "\ufffd" for code in codes)


def _is_scalar(code: int) -> bool:
    return 0 < code < 0xD800 or 0xDFFF < code < 0x110000


def _usual_turns(textpage: Any, text: str) -> int:
    """Quarter turns of most of the page's letters, from a sample."""
    from pypdfium2 import raw

    step = max(len(text) // _SAMPLED_ANGLES, 1)
    sample = [index for index in range(0, len(text), step) if text[index].isalnum()]
    turns = Counter(quarter_turns(raw.FPDFText_GetCharAngle(textpage, at)) for at in sample)
    return turns.most_common(1)[0][0] if turns else 0


def _line(content: str, first: int, ruler: Ruler, frame: Frame) -> Line:
    begin, middle, last = _telling_letters(content, first)
    left, right, _ = ruler.ends(first)
    last_left, last_right, _ = ruler.ends(last)
    middle_left, middle_right, size = ruler.ends(middle)
    down = ruler.down(middle)
    bold, fixed = ruler.style(begin)
    bold = bold and ruler.style(last)[0]
    widths = (right - left, middle_right - middle_left, last_right - last_left)
    fixed = fixed or _is_fixed(content[: last - first + 1], first, widths, last_right - left, ruler)
    if ruler.turns(middle) != frame.turns:
        return Line(content, left, last_right, down, size, down / frame.height, is_upright=False)
    marks = _raised_numbers(content, first, ruler, size, down)
    if not content.isascii():
        content, marks = _whole_ligatures(content, first, ruler, marks)
    pieces = _pieces(content, first, ruler, size, marks)
    text = pieces[0].text if len(pieces) == 1 else " ".join(piece.text for piece in pieces)
    if last_right >= left:
        left, right = min(left, last_left), max(right, last_right)
    else:  # written from right to left
        left, right = max(left, right), min(last_left, last_right)
    return Line(
        text, left, right, down, size, down / frame.height, bold, fixed, True, tuple(pieces)
    )


def _telling_letters(content: str, first: int) -> tuple[int, int, int]:
    """Where the first letter or digit of a line stands, one in its middle, and the last."""
    found = [
        next((at for at in places if content[at].isalnum()), None)
        for places in (
            range(len(content)),
            range(len(content) // 2, len(content)),
            range(len(content) - 1, -1, -1),
        )
    ]
    begin, middle, last = found
    if begin is None or last is None:
        return first, first, first
    return first + begin, first + (last if middle is None else middle), first + last


def _glued(lines: list[Line]) -> list[Line]:
    """Lines that touch on one base line, or nearly so, as one: a raised number, and what follows
    it, are lines of their own to PDFium."""
    glued: list[Line] = []
    for line in lines:
        before = glued[-1] if glued else None
        if (
            before is None
            or not (before.pieces and line.pieces)
            or not abs(line.pieces[0].left - before.pieces[-1].right) < 0.12 * before.size
            or abs(line.down - before.down) > 0.6 * before.size
            or before.right < before.left
        ):
            glued.append(line)
            continue
        raised = (
            line.size <= _SMALLER * before.size and before.down - line.down > _RAISED * before.size
        )
        text = f"^{line.text}" if raised and _POWER.match(line.text) else line.text
        last = before.pieces[-1]
        grown = Piece(last.text + text, last.left, line.pieces[0].right)
        glued[-1] = replace(
            before,
            text=before.text + text,
            right=max(before.right, line.right),
            pieces=(*before.pieces[:-1], grown, *line.pieces[1:]),
        )
    return glued


def _is_fixed(
    content: str, first: int, widths: tuple[float, ...], length: float, ruler: Ruler
) -> bool:
    """Whether letters that were measured are all as wide, among them one that is narrow or wide
    in other fonts, and the line as long as so many."""
    width = widths[0]
    if (
        not content.isascii()
        or len(content) < _FEWEST_FIXED
        or max(widths) - min(widths) > 0.02 * width
        or abs(length - width * len(content)) > 0.02 * length
    ):
        return False
    telling = _TELLING.search(content)
    if telling is None:
        return False
    left, right, _ = ruler.ends(first + telling.start())
    return abs(right - left - width) <= 0.02 * width


def _pieces(
    content: str, first: int, ruler: Ruler, size: float, marks: dict[int, str]
) -> list[Piece]:
    """The line cut at its gaps, with ligatures and marks written out."""
    written: Callable[[int, int], str] = lambda a, b: _written(content, a, b, marks)  # noqa: E731
    limit = _GAP * size
    pieces: list[Piece] = []
    start = 0
    begin = ruler.ends(first)
    for match in _SPACES.finditer(content):
        before = ruler.ends(first + match.start() - 1)
        after = ruler.ends(first + match.end())
        if max(after[0] - before[1], before[0] - after[1]) > limit:
            pieces.append(_piece(written(start, match.start()), begin, before))
            start, begin = match.end(), after
    end = ruler.ends(first + len(content.rstrip("\ufffe")) - 1)
    pieces.append(_piece(written(start, len(content)), begin, end))
    if any(_is_sparse(piece, size) for piece in pieces):
        return _letter_pieces(content, first, ruler, limit)
    return pieces


def _is_sparse(piece: Piece, size: float) -> bool:
    """Whether letters stand so far apart that they are cells, between which PDFium saw no space."""
    return len(piece.text) > 1 and piece.right - piece.left > 1.2 * size * len(piece.text)


def _letter_pieces(content: str, first: int, ruler: Ruler, limit: float) -> list[Piece]:
    pieces: list[Piece] = []
    for at, character in enumerate(content):
        if character in " \u00a0\t\ufffe":
            continue
        left, right, _ = ruler.ends(first + at)
        follows = at > 0 and content[at - 1] not in " \u00a0\t"
        if pieces and left - pieces[-1].right <= limit:
            gap = "" if follows else " "
            pieces[-1] = Piece(pieces[-1].text + gap + character, pieces[-1].left, right)
        else:
            pieces.append(Piece(character, left, right))
    return pieces


def _piece(text: str, begin: tuple[float, float, float], end: tuple[float, float, float]) -> Piece:
    return Piece(text, min(begin[0], end[0]), max(begin[1], end[1]))


def _written(content: str, start: int, end: int, marks: dict[int, str]) -> str:
    if not any(start <= at < end for at in marks):
        text = content[start:end]
    else:
        text = "".join(marks.get(at, content[at]) for at in range(start, end))
    return text if text.isascii() else without_ligatures(text)


def _raised_numbers(
    content: str, first: int, ruler: Ruler, size: float, down: float
) -> dict[int, str]:
    """What to write at the beginning of each raised number: ``^``, because 10-3 would be another
    number than the power, and the mark of a note is no part of its word."""
    marks: dict[int, str] = {}

    def is_raised(at: int) -> bool:
        return (
            ruler.ends(first + at)[2] <= _SMALLER * size
            and down - ruler.down(first + at) > _RAISED * size
        )

    for match in _RAISED_NUMBER.finditer(content):
        last = match.end() - 1
        if not is_raised(last):  # nearly always, at the cost of one look
            continue
        at = last
        while at > match.start() and content[at - 1] != " " and is_raised(at - 1):
            at -= 1
        if content[at] in "-\u2212\u2013" or content[at].isdigit():
            marks[at] = "^" + content[at]
            if at > 0 and content[at - 1] == " " and at - 1 >= match.start():
                marks[at - 1] = ""
    return marks


def _whole_ligatures(
    content: str, first: int, ruler: Ruler, marks: dict[int, str]
) -> tuple[str, dict[int, str]]:
    """Arabic lam-alef in the order in which it is read: PDFium turns round the two letters that
    one glyph stands for, together with the line."""
    for match in _ARABIC_PAIR.finditer(content):
        at = match.start()
        if ruler.ends(first + at)[:2] == ruler.ends(first + at + 1)[:2]:
            content = content[:at] + content[at + 1] + content[at] + content[at + 2 :]
    return content, marks
