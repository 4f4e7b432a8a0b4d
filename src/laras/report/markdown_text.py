"""Text that comes from data as Markdown that shows it and does nothing else.

CommonMark lets every ASCII punctuation mark be escaped by a backslash. Escaped are those that begin
something inside a line (emphasis, code, links, pictures, tags, entities, cells of tables, formulas,
footnotes, mentions), the colon and dot by which GitHub makes a bare address a link, and what begins
a block where the text begins a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from laras.report.wording import shortened, signed, visible

MOST_CHARACTERS = 600
_INLINE = re.compile(r"[\\`*_\[\]<>|~&$@^{}!#]")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp|javascript|data)(?=:)|\b(www)(?=\.)")
_BLOCK = re.compile(r"^(\s*)([-+=>]|\d{1,9}(?=[.)](?:\s|$)))")


def escaped(text: object, most: int = MOST_CHARACTERS) -> str:
    """``text`` in one line of Markdown, at most so many characters of it."""
    plain = shortened(visible(" ".join(str(text).split())), most)
    safe = _INLINE.sub(lambda mark: f"\\{mark[0]}", plain)
    safe = _ADDRESS.sub(lambda begun: f"{begun[0]}\\", safe)
    return _BLOCK.sub(_first_mark_escaped, safe)


def _first_mark_escaped(begun: re.Match[str]) -> str:
    if begun[2][0].isdigit():  # "1." is a list, "1\." is not
        return f"{begun[0]}\\"
    return f"{begun[1]}\\{begun[2]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numeric_from: int = 1) -> str:
    """A table of cells that are Markdown already, set right from column ``numeric_from`` on."""
    marks = ["---" if at < numeric_from else "---:" for at in range(len(head))]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def difference(value: float | None, digits: int) -> str:
    """A signed difference; what rounds to zero has no sign, for −0.000 reads like a loss."""
    return signed(None if value is None else round(value, digits) or 0.0, digits)


def bullets(lines: Iterable[str]) -> str:
    """A list of lines that are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)
