"""The kinds of lines that AsciiDoc's blocks begin with."""

from __future__ import annotations

import re

HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?\s*$")
DELIMITER = re.compile(r"^(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```\w*|[|,:!]={3,})\s*$")
DIRECTIVE = re.compile(r"^(ifdef|ifndef|ifeval|endif|include)::(\S*?)\[(.*)\]\s*$")
ATTRIBUTES = re.compile(r"^\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\s*$")


def is_comment(line: str) -> bool:
    """Whether the line is for those alone who read the source."""
    return line.startswith("//") and not line.startswith("///")
