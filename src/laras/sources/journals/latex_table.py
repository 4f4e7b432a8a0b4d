"""LaTeX: a tabular environment as a Markdown table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from laras.sources.documents.table_text import table_text

if TYPE_CHECKING:
    from laras.sources.journals.latex_text import LatexText

_MARK = re.compile(
    r"\\\\(?:\s*\[[^\]]*\])?|\\.|\\multicolumn|[{}&]|\\(?:tabularnewline)\b", re.DOTALL
)
_RULE = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|addlinespace)\b"
    r"(?:\[[^\]]*\])?|\\(?:cline|cmidrule|cmidrule\([a-z]*\)|specialrule|rowcolor)\s*(?:\([a-z]*\))?"
    r"(?:\{[^{}]*\})+"
)
_SPAN = re.compile(r"\s*\\multicolumn\s*\{(\d{1,2})\}")
_MOST_ROWS = 5000


def tabular_text(text: LatexText, at: int, close: int, depth: int) -> str:
    """The table between two places of a source, the first of which is before its columns."""
    source = text.source
    at = text.argument(at, close)[2]  # the columns; a tabularx has its width before them
    if source[at : at + 1] == "{":
        at = text.argument(at, close)[2]
    rows: list[list[tuple[int, int]]] = [[]]
    begin, level = at, 0
    for mark in _MARK.finditer(source, at, close):
        sign = mark.group()
        if sign == "{":
            level += 1
        elif sign == "}":
            level -= 1
        elif level <= 0 and sign == "&":
            rows[-1].append((begin, mark.start()))
            begin = mark.end()
        elif level <= 0 and sign.startswith("\\\\"):
            rows[-1].append((begin, mark.start()))
            rows.append([])
            begin = mark.end()
            if len(rows) > _MOST_ROWS:
                return ""
    rows[-1].append((begin, close))
    return table_text(
        [[cell for part in row for cell in _cells(text, *part, depth)] for row in rows]
    )


def _cells(text: LatexText, begin: int, end: int, depth: int) -> list[str]:
    source = text.source
    rule = _RULE.match(source, _after_space(source, begin, end), end)
    while rule:
        begin = rule.end()
        rule = _RULE.match(source, _after_space(source, begin, end), end)
    span = _SPAN.match(source, begin, end)
    if span:
        begin = text.argument(span.end(), end)[2]  # how the cell is aligned
    cell = text.inline(begin, end, depth + 1)
    return [cell, *[""] * (min(int(span.group(1)), 30) - 1 if span else 0)]


def _after_space(source: str, at: int, end: int) -> int:
    while at < end and source[at].isspace():
        at += 1
    return at
