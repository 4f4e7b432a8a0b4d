"""PDF: where the characters of a page stand and how they look, as PDFium says.

All measures are in the frame in which the page's text is read: a table that stands sideways has
its lines from left to right here too. Units are points; ``down`` is the distance from the top.
"""

from __future__ import annotations

import ctypes
import math
import re
from dataclasses import dataclass
from typing import Any

_BOLD = re.compile(r"bold|black|heavy|demi|medi(?!um)|cmbx|sfbx|-bd\b", re.IGNORECASE)
_FIXED = re.compile(r"mono|courier|consol|typewriter|cmtt|sftt|menlo", re.IGNORECASE)
_BOLD_WEIGHT = 600
_FIXED_PITCH = 1  # bit of the font descriptor's flags (PDF 32000-1, table 123)


@dataclass(frozen=True, slots=True)
class Frame:
    """The page as it is read: quarter turns of its text, counter-clockwise, and its edges."""

    turns: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """From the first to the last line's edge of the page, in points."""
        across = self.turns % 2 == 1
        return max((self.right - self.left) if across else (self.top - self.bottom), 1.0)

    def along(self, x: float, y: float) -> float:
        """How far to the right a point lies for the reader."""
        return (x - self.left, y - self.bottom, self.right - x, self.top - y)[self.turns]

    def down(self, x: float, y: float) -> float:
        """How far below the top edge a point lies for the reader."""
        return (self.top - y, x - self.left, y - self.bottom, self.right - x)[self.turns]


class Ruler:
    """Measures characters of one text page; keeps the buffers that PDFium fills."""

    def __init__(self, textpage: Any, frame: Frame) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._textpage = textpage.raw
        self._frame = frame
        self._box = raw.FS_RECTF()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()
        self._styles: dict[bytes, tuple[bool, bool]] = {}

    def ends(self, index: int) -> tuple[float, float, float]:
        """Left and right end of a character, and the height of its letters. The loose box comes
        from the font, not the glyph: its height says how large the letters are on the page."""
        box = self._box
        self._raw.FPDFText_GetLooseCharBox(self._textpage, index, box)
        frame = self._frame
        if frame.turns == 0:  # nearly always, and this is what costs most of a page's time
            left = frame.left
            return box.left - left, box.right - left, box.top - box.bottom
        first = frame.along(box.left, box.bottom)
        second = frame.along(box.right, box.top)
        across = box.right - box.left if frame.turns % 2 else box.top - box.bottom
        return min(first, second), max(first, second), abs(across)

    def down(self, index: int) -> float:
        """How far below the top edge the base line of a character lies."""
        self._raw.FPDFText_GetCharOrigin(self._textpage, index, self._x, self._y)
        return self._frame.down(self._x.value, self._y.value)

    def turns(self, index: int) -> int:
        """Quarter turns of a character, counter-clockwise."""
        return quarter_turns(self._raw.FPDFText_GetCharAngle(self._textpage, index))

    def style(self, index: int) -> tuple[bool, bool]:
        """Whether a character is bold, and of a font whose letters are all as wide."""
        raw = self._raw
        length = raw.FPDFText_GetFontInfo(
            self._textpage, index, self._name, len(self._name), self._flags
        )
        name = self._name.value if 0 < length <= len(self._name) else b""
        if name not in self._styles:
            shown = name.decode("latin-1")
            heavy = raw.FPDFText_GetFontWeight(self._textpage, index) >= _BOLD_WEIGHT
            fixed = bool(self._flags.value & _FIXED_PITCH) or bool(_FIXED.search(shown))
            self._styles[name] = (heavy or bool(_BOLD.search(shown)), fixed)
        return self._styles[name]


def quarter_turns(angle: float) -> int:
    """The quarter turns (0 to 3, counter-clockwise) nearest to ``angle`` in radians."""
    return round((-angle) / (math.pi / 2)) % 4 if math.isfinite(angle) else 0
