"""Code fences of Markdown: which line opens a block of code, and which closes it.

After CommonMark 0.31, section 4.5: a fence is three or more backticks or tildes, is closed by one
of the same sign that is at least as long and has nothing behind it, and else runs to the end of
the text. Unlike there a fence may be indented at will, as it is within the items of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_FENCE = re.compile(r"[ \t]*(?P<mark>`{3,}(?=[^`]*\Z)|~{3,})(?P<behind>[^\n]*)")


def holds_fence(text: str) -> bool:
    """Whether there may be a fence in ``text``, at a fraction of the cost of looking at lines."""
    return "```" in text or "~~~" in text


def fence_of(line: str, open_fence: str = "") -> str:
    """The fence that is open behind ``line``, "" where none is.

    ``open_fence``: what this function gave for the line before. A line is code where either of
    the two says something; where it was "" before, ``line`` opens the block.
    """
    if "```" not in line and "~~~" not in line:
        return open_fence
    found = _FENCE.match(line.rstrip("\r\n"))
    if not found:
        return open_fence
    mark = found["mark"]
    if not open_fence:
        return mark
    closes = mark.startswith(open_fence) and not found["behind"].strip()
    return "" if closes else open_fence


def with_code(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """Each line, and whether it is code or a fence around it."""
    fence = ""
    for line in lines:
        after = fence_of(line, fence)
        yield bool(fence or after), line
        fence = after


def fenced_parts(text: str) -> Iterator[tuple[bool, str]]:
    """``text`` in parts, none empty, and whether each is a block of code with its fences.

    The line break before a block and the one behind it belong to the parts around it.
    """
    if not holds_fence(text):
        if text:
            yield False, text
        return
    start = position = 0
    fence = ""
    for line in text.split("\n"):
        after = fence_of(line, fence)
        if after and not fence:
            if position > start:
                yield False, text[start:position]
            start = position
        elif fence and not after:
            end = position + len(line.rstrip())
            yield True, text[start:end]
            start = end
        position += len(line) + 1
        fence = after
    if start < len(text):
        yield bool(fence), text[start:]
