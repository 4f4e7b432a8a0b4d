"""LaTeX: what stands in a source, in tokens that are found from left to right, each in one look."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""
    (?P<begin>\\begin\s*\{(?P<opened>[A-Za-z]+\*?)\})
    | (?P<end>\\end\s*\{(?P<closed>[A-Za-z]+\*?)\})
    | (?P<display>\$\$|\\\[)
    | (?P<inline>\$|\\\()
    | (?P<accent>\\(?:[`'^"~=.]\s*(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])
        |[cHkrtuvbd](?:\s*\{\\?[A-Za-z]{1,2}\}|\s+[A-Za-z](?![A-Za-z]))))
    | \\(?P<name>[A-Za-z@]+)\*?
    | (?P<escaped>\\[^A-Za-z])
    | (?P<gap>\n[ \t]*(?:\n\s*)+)
    | (?P<brace>[{}])
    | (?P<tie>~)
    | (?P<dash>---?)
    | (?P<quote>``|'')
    | (?P<text>[^\\${}~\n`'-]+|[\n`'-])
    """,
    re.VERBOSE,
)
OPTIONAL = re.compile(r"\s*\[[^\[\]]{0,400}\]")


def tidy(text: str) -> str:
    """The text on one line, without the gaps that citations leave before a full stop."""
    return re.sub(r" (?=[.,;:](?:\s|$))", "", " ".join(text.split()))


def matching_braces(source: str) -> dict[int, int]:
    """For each opening brace that is closed, where."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer(r"\\.|[{}]", source, re.DOTALL):
        if found.group() == "{":
            opened.append(found.start())
        elif found.group() == "}" and opened:
            pairs[opened.pop()] = found.start()
    return pairs
