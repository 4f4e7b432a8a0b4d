"""AsciiDoc's blocks: paragraphs, delimited blocks, lists, tables, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent

from laras.sources.documents.asciidoc_inline import Attributes, inline
from laras.sources.documents.asciidoc_lines import (
    ATTRIBUTES,
    DELIMITER,
    DIRECTIVE,
    HEADING,
    is_comment,
)
from laras.sources.documents.asciidoc_lists import MAX_DEPTH, list_text, starts_item
from laras.sources.documents.asciidoc_table import table_of_lines
from laras.sources.documents.html_text import page_text

_UNDERLINE = re.compile(r"^(=+|-+|~+|\^+|\++)\s*$")
_LEVELS = "=-~^+"
_ANCHOR = re.compile(r"^\[\[[^\]]*\]\]\s*$")
_TITLE = re.compile(r"^\.([^\s.].*)$")
_ADMONITION = re.compile(r"^(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+")
_PICTURE = re.compile(r"^(image|video|audio|toc)::([^\s\[]*)\[(.*)\]\s*$")
_CALLOUT = re.compile(
    r"(?<![ \t])[ \t]{0,40}(?://|#|--|;;|<!--)?[ \t]{0,4}<(?:\d{1,4}|\.)>(?:-->)?[ \t]*$",
    re.MULTILINE,
)
_LABELS = {
    name: f"**{name.capitalize()}:**" for name in ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION")
}
_VERBATIM = frozenset("-.`")


@dataclass(slots=True)
class State:
    """What is known at a place in the text: attributes, files that it would include, and how deeply
    blocks are nested."""

    attributes: Attributes = field(default_factory=Attributes)
    included: list[str] = field(default_factory=list)
    title: str = ""
    depth: int = 0


def blocks_of(lines: list[str], state: State) -> list[str]:
    """The blocks of these lines."""
    if state.depth > MAX_DEPTH:
        return [" ".join(" ".join(lines).split())]
    return Cursor(lines, state).all()


class Cursor:
    """A cursor over lines."""

    def __init__(self, lines: list[str], state: State) -> None:
        self.lines = lines
        self.state = state
        self.at = 0
        self.found: list[str] = []
        self.options = ""  # of the block that follows: "source,python"

    def again(self) -> Cursor:
        """Another cursor at the same place, with nothing found yet."""
        other = Cursor(self.lines, self.state)
        other.at = self.at
        return other

    def all(self) -> list[str]:
        """Every block to the end."""
        while self.at < len(self.lines):
            self.next()
        return self.found

    def inline(self, text: str) -> str:
        """``text`` with its marks in our form."""
        return inline(text, self.state.attributes)

    def next(self) -> None:
        """One block, or one line that is no text."""
        line = self.lines[self.at]
        directive = DIRECTIVE.match(line)
        delimiter = DELIMITER.match(line)
        heading = HEADING.match(line)
        if not line.strip() or line in ("+", "'''", "<<<") or is_comment(line):
            self.at += 1
        elif directive:
            self._directive(*directive.groups())
        elif self.state.attributes.take(line) or _ANCHOR.match(line):
            self.at += 1
        elif attributes := ATTRIBUTES.match(line):
            self.options = ",".join(filter(None, (self.options, attributes.group(1))))
            self.at += 1
        elif delimiter:
            self._delimited(delimiter.group(1))
        elif heading:
            level = min(len(heading.group(1)), 6)
            self._add(f"{'#' * level} {self.inline(heading.group(2))}")
            self.at += 1
        elif self._is_underlined():
            level = _LEVELS.index(self.lines[self.at + 1][0]) + 1
            self._add(f"{'#' * level} {self.inline(line.strip())}")
            self.at += 2
        elif picture := _PICTURE.match(line):
            alternative = re.split(r",", picture.group(3))[0].strip('" ')
            self._add(alternative if picture.group(1) == "image" and "=" not in alternative else "")
            self.at += 1
        elif title := _TITLE.match(line):
            self.found.append(f"**{self.inline(title.group(1).strip())}**")
            self.at += 1
        elif starts_item(line):
            self._add(list_text(self))
        elif line[:1] in (" ", "\t"):
            code = self.take_while(lambda each: bool(each.strip()))
            self._add(_fenced(dedent("\n".join(code)), ""))
        else:
            self._paragraph()

    def _add(self, block: str) -> None:
        self.found.append(block)
        self.options = ""

    def take_while(self, goes_on: Callable[[str], bool]) -> list[str]:
        """The lines from here on that belong together, directives for the parser taken out."""
        taken: list[str] = []
        while self.at < len(self.lines) and goes_on(self.lines[self.at]):
            line = self.lines[self.at]
            if directive := DIRECTIVE.match(line):
                self._directive(*directive.groups())
                continue
            if not is_comment(line):
                taken.append(line)
            self.at += 1
        return taken

    def _directive(self, name: str, target: str, text: str) -> None:
        """Conditions are decided by the attributes set in the text; files are not included."""
        if name == "include":
            self.state.included.append(target)
        elif name in ("ifdef", "ifndef"):
            known = [each in self.state.attributes.values for each in re.split(r"[,+]", target)]
            holds = (all if "+" in target else any)(known) == (name == "ifdef")
            if text and holds:
                self.lines[self.at] = text
                return
            if not text and not holds:
                self._skip_condition()
                return
        self.at += 1

    def _skip_condition(self) -> None:
        depth = 0
        while self.at < len(self.lines):
            directive = DIRECTIVE.match(self.lines[self.at])
            if directive and directive.group(1).startswith("if") and not directive.group(3):
                depth += 1
            elif directive and directive.group(1) == "endif":
                depth -= 1
            self.at += 1
            if depth == 0:
                return

    def _is_underlined(self) -> bool:
        if self.at + 1 >= len(self.lines):
            return False
        line, below = self.lines[self.at], self.lines[self.at + 1]
        near = abs(len(line) - len(below)) <= 1 and len(below) > 3
        return near and bool(_UNDERLINE.match(below)) and bool(re.match(r"^\w", line))

    def _delimited(self, mark: str) -> None:
        closing = "```" if mark.startswith("`") else mark
        self.at += 1
        start = self.at
        while self.at < len(self.lines) and self.lines[self.at] != closing:
            self.at += 1
        inside = self.lines[start : self.at]
        self.at += 1
        self._add(self._block_text(mark, inside))

    def _block_text(self, mark: str, inside: list[str]) -> str:
        first, *others = [part.strip(" \"'") for part in self.options.split(",")]
        if mark.startswith("////"):
            return ""
        if len(mark) > 3 and mark.endswith("==") and mark[0] != "=":
            return table_of_lines(inside, self.options, mark[0], self.state.attributes)
        if mark[0] == "+":
            text = "\n".join(inside)
            is_formula = first in ("stem", "latexmath", "asciimath")
            return f"$${text}$$" if is_formula else page_text(text, everything=True).text
        is_code = first.split("%")[0] in ("source", "listing", "literal")
        if (mark[0] in _VERBATIM and mark != "--") or is_code:
            language = mark[3:] if mark[0] == "`" else next(iter(others), "") if is_code else ""
            kept = [line for line in inside if not self._is_include(line)]
            return _fenced(_CALLOUT.sub("", "\n".join(kept)), language)
        self.state.depth += 1
        blocks = blocks_of(inside, self.state)
        self.state.depth -= 1
        if first.upper() in _LABELS and blocks:
            return "\n\n".join([f"{_LABELS[first.upper()]} {blocks[0]}", *blocks[1:]])
        if mark[0] == "_":
            return _quoted("\n\n".join(blocks), others)
        return "\n\n".join(blocks)

    def _is_include(self, line: str) -> bool:
        directive = DIRECTIVE.match(line)
        if directive and directive.group(1) == "include":
            self.state.included.append(directive.group(2))
            return True
        return False

    def _paragraph(self) -> None:
        start = self.at
        lines = self.take_while(
            lambda line: (
                bool(line.strip())
                and not DELIMITER.match(line)
                and not (self.at > start and ATTRIBUTES.match(line))
            )
        )
        first, *others = [part.strip(" \"'") for part in self.options.split(",")]
        if first in ("source", "listing", "literal"):
            self._add(_fenced("\n".join(lines), next(iter(others), "")))
            return
        text = self.inline("\n".join(lines))
        text = re.sub(r" \+\n", "\0", text + "\n").replace("\n", " ").replace("\0", "\n").strip()
        label = _LABELS.get(first.upper(), "")
        if noted := _ADMONITION.match(text):
            label, text = _LABELS[noted.group(1)], text[noted.end() :]
        text = f"{label} {text}" if label and text else text
        self._add(_quoted(text, others) if first in ("quote", "verse") else text)


def _fenced(code: str, language: str) -> str:
    if not code.strip():
        return ""
    fence = "```" if "```" not in code else "````"
    code = code.strip("\n")
    return f"{fence}{language}\n{code}\n{fence}"


def _quoted(text: str, by: list[str]) -> str:
    lines = [f"> {line}".rstrip() for line in text.split("\n")]
    source = ", ".join(filter(None, by))
    return "\n".join([*lines, f"> — {source}"] if source else lines)
