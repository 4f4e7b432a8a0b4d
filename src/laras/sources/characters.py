"""Characters that no reader would miss, taken out of texts and of labels alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_LINE_END = re.compile("\r\n?|[\u2028\u2029\u0085]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u180e]")
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
# The joiners change how Arabic, Indic and emoji are drawn; elsewhere they are debris.
_JOINER = re.compile(
    "(?<![\u0600-\u0dff\u1000-\u109f\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")

LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
"""Letters that fonts join, as they are written apart."""


def clean_characters(text: str, fixes: Counter[str]) -> str:
    """``text`` in NFC, without control and invisible characters, with plain spaces and line ends;
    ``fixes`` counts the changes of each rule."""
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        fixes["nfc"] += 1
    text = replace_counted(_LINE_END, "\n", text, fixes, "line-ends")
    text = replace_counted(_CONTROL, "", text, fixes, "control-characters")
    if not text.isascii():
        text = replace_counted(_INVISIBLE, "", text, fixes, "invisible-characters")
        text = replace_counted(_BIDI, "", text, fixes, "direction-marks")
        text = replace_counted(_JOINER, "", text, fixes, "invisible-characters")
        text = replace_counted(_ODD_SPACE, " ", text, fixes, "spaces")
    return text


def clean_label(text: str) -> str:
    """The label in ``text``, on one line with single spaces: what looks the same is the same."""
    folded = " ".join(clean_characters(text, Counter()).split())
    # What was taken out may have stood between a letter and its accent.
    return unicodedata.normalize("NFC", folded)


def replace_counted(
    pattern: re.Pattern[str], with_text: str, text: str, fixes: Counter[str], rule: str
) -> str:
    """``text`` with what ``pattern`` finds replaced, and counted under ``rule``."""
    text, count = pattern.subn(with_text, text)
    if count:
        fixes[rule] += count
    return text
