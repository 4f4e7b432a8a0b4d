"""Word 4-gram F1 of two texts, deaf to how Markdown marks them up.

Both sides are treated alike: HTML comments (placeholders for pictures) go, links and pictures
leave their text, character references and Markdown's backslashes are resolved, a table's rows
lose their pipes and its ruler goes; then the text is NFKC-normalised, case-folded and cut into
words: runs of letters, digits and combining marks. F1 is that of the two multisets of four
consecutive words (of all words, in a text with fewer than four).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_RULER = re.compile(r"^[ \t|:+=-]+$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f][^\W_]*)*")
_LENGTH = 4

SUMMARY = (
    "Both sides are normalised alike: HTML comments, link and picture targets, table pipes and "
    "rulers, Markdown's backslashes and emphasis go; NFKC, lower case; words are runs of letters "
    "and digits. F1 of the multisets of four consecutive words, per file; a format's is the mean."
)


def words(text: str) -> list[str]:
    """The words of a Markdown text, normalised as said above."""
    text = _COMMENT.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    text = _RULER.sub(" ", text)
    text = html.unescape(_ESCAPED.sub(r"\1", text))
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def overlap_f1(ours: str, truth: str) -> float:
    """F1 between 0 and 1; two texts without any word agree wholly."""
    first, second = words(ours), words(truth)
    length = max(1, min(_LENGTH, len(second)))
    one, two = _grams(first, length), _grams(second, length)
    if not one and not two:
        return 1.0
    shared = sum((one & two).values())
    return 2 * shared / (sum(one.values()) + sum(two.values()))


def _grams(found: list[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(found[start:] for start in range(length)), strict=False))
