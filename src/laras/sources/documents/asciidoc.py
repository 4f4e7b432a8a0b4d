"""AsciiDoc, in our Markdown-like form. Runs in the child process.

Line by line: headings, attributes, lists, tables, blocks. ``include::`` is never followed, and
said to have been there. Format: the AsciiDoc language documentation of the Eclipse project.
"""

from __future__ import annotations

import re
from pathlib import Path

from laras.sources.documents.asciidoc_blocks import State, blocks_of
from laras.sources.documents.asciidoc_inline import inline
from laras.sources.documents.asciidoc_lines import HEADING, is_comment
from laras.sources.documents.text_file import read_text
from laras.sources.extraction import Extracted

_METADATA = ("author", "email", "description", "keywords", "lang")


def extract(path: Path) -> Extracted:
    """The text, its title, and what the attributes of its header say."""
    text, notes = read_text(path)
    state = State()
    lines = _header(_joined(text.split("\n")), state)
    blocks = blocks_of(lines, state)
    if state.title:
        blocks.insert(0, f"# {state.title}")
    own = state.attributes.own
    more = tuple(("not-included", "", name[:200]) for name in state.included)
    return Extracted(
        "\n\n".join(block for block in blocks if block.strip()),
        title=state.title,
        metadata={name: own[name] for name in _METADATA if own.get(name)},
        notes=(*notes, *more),
    )


def _joined(lines: list[str]) -> list[str]:
    """Attribute entries that go on over lines (a backslash at the end) on one."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].endswith(" \\") and joined[-1].startswith(":"):
            joined[-1] = joined[-1][:-1] + line.strip()
        else:
            joined.append(line.rstrip())
    return joined


def _header(lines: list[str], state: State) -> list[str]:
    """Title, author, revision and attributes at the top; the lines below them."""
    at = 0
    while at < len(lines) and (not lines[at] or is_comment(lines[at])):
        at += 1
    while at < len(lines) and state.attributes.take(lines[at]):
        at += 1
    first = HEADING.match(lines[at]) if at < len(lines) else None
    if not first or len(first.group(1)) > 1:
        return lines[at:]
    state.title = inline(first.group(2), state.attributes)
    at += 1
    below = 0
    while at < len(lines) and lines[at]:
        line = lines[at]
        if not (is_comment(line) or state.attributes.take(line)):
            if below == 0 and re.match(r"^[^\W\d].{0,200}$", line) and "::" not in line:
                _take_author(line, state)
            elif below != 1 or not re.match(r"^(?:v\d|\d|\{)", line):
                break
            below += 1
        at += 1
    return lines[at:]


def _take_author(line: str, state: State) -> None:
    name, _bracket, address = line.partition("<")
    state.attributes.own.setdefault("author", name.strip())
    state.attributes.values.setdefault("author", name.strip())
    if address.strip(" >"):
        state.attributes.own.setdefault("email", address.strip(" >"))
