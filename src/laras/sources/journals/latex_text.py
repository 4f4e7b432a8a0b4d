"""LaTeX source to blocks of text, in one pass whose time grows with the length of the file.

A full LaTeX parser can take minutes over a paper's macros. What a text needs of it is little:
headings, paragraphs, lists, captions, tables and formulas as they stand. Unknown commands vanish
and what is in their braces stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from laras.sources.documents.pdf_layout import Block
from laras.sources.journals import latex_commands as known
from laras.sources.journals.latex_scan import OPTIONAL, TOKEN, matching_braces, tidy
from laras.sources.journals.latex_table import tabular_text

_MATH_LABEL = re.compile(r"\\(?:label|tag)\s*\{[^{}]*\}|\\(?:nonumber|notag)\b")
_DEEPEST = 12
_MOST_TEXT = 8  # times the length of the source: more is a bomb of macros


class LatexText:
    """Reads one source; :attr:`blocks` has what it found, ``left_out`` what it left out."""

    def __init__(self, source: str, macros: Mapping[str, str]) -> None:
        self.source = source
        self._macros = macros
        self._closing = matching_braces(source)
        self._budget = _MOST_TEXT * len(source) + 10_000
        self.blocks: list[Block] = []
        self.left_out: Counter[str] = Counter()
        self._text: list[str] = []
        self._notes: list[str] = []
        self._lists: list[list[int | None]] = []
        self._quotes = 0
        self._no_more: dict[str, int] = {}

    def read(self, start: int = 0, end: int | None = None) -> list[Block]:
        """The blocks of the source between two places."""
        self._convert(start, len(self.source) if end is None else end, 0)
        self._finish()
        return self.blocks

    @property
    def is_exhausted(self) -> bool:
        """Whether more text came out than a source of this length can hold by itself."""
        return self._budget <= 0

    def inline(self, start: int, end: int, depth: int = 1) -> str:
        """The text between two places, on one line."""
        if depth > _DEEPEST:
            return ""
        kept, self._text = self._text, []
        blocks, self.blocks = self.blocks, []
        self._convert(start, end, depth)
        text = " ".join([*(block.text for block in self.blocks), "".join(self._text)])
        self._text, self.blocks = kept, blocks
        return tidy(text)

    def _convert(self, at: int, end: int, depth: int) -> None:
        source = self.source
        while at < end and self._budget > 0:
            token = TOKEN.match(source, at, end)
            if token is None:
                at += 1
                continue
            at = token.end()
            kind = token.lastgroup
            if kind == "text":
                self._write(token.group())
            elif kind == "name":
                at = self._command(token.group("name"), at, end, depth)
            elif token.group("begin"):
                at = self._environment(token.group("opened").rstrip("*"), at, end, depth)
            elif token.group("end"):
                self._leave(token.group("closed").rstrip("*"))
            elif kind in ("display", "inline"):
                at = self._math(token.group(), at, end)
            elif kind == "gap":
                self._finish()
            elif kind == "accent":
                self._write(known.character(token.group()))
            elif kind == "escaped":
                self._escaped(token.group()[1])
            elif kind != "brace":
                self._write(
                    {"tie": " ", "quote": '"'}.get(
                        kind or "", "–" if token.group() == "--" else "—"
                    )
                )

    def _write(self, text: str) -> None:
        self._budget -= len(text)
        self._text.append(text)

    def _finish(self, kind: str = "paragraph") -> None:
        """End the paragraph, and put its footnotes behind it."""
        text = tidy("".join(self._text))
        self._text = []
        notes, self._notes = self._notes, []
        if text and text.strip(".,;:- "):
            if self._quotes:
                text = f"> {text}"
            self.blocks.append(Block(kind, text, 0))
        self.blocks += [Block("note", note, 0) for note in notes]

    def argument(self, at: int, end: int) -> tuple[int, int, int]:
        """The group in braces that comes next: where its text begins and ends, and where it is
        over; an empty one where there is none."""
        option = OPTIONAL.match(self.source, at, end)
        while option:
            at = option.end()
            option = OPTIONAL.match(self.source, at, end)
        begin = at
        while begin < end and self.source[begin] in " \t\n":
            begin += 1
        closing = self._closing.get(begin)
        if closing is None or closing >= end:
            return at, at, at
        return begin + 1, closing, closing + 1

    def _command(self, name: str, at: int, end: int, depth: int) -> int:
        if name in known.SECTIONS:
            begin, close, after = self.argument(at, end)
            self._finish()
            title = self.inline(begin, close, depth + 1)
            if title:
                self.blocks.append(Block("heading", title, 0, known.SECTIONS[name]))
            return after
        if name in ("caption", "subcaption", "captionof"):
            begin, close, after = self.argument(at, end)
            if name == "captionof":
                begin, close, after = self.argument(after, end)
            text = self.inline(begin, close, depth + 1)
            if text:
                self._finish()
                self.blocks.append(Block("paragraph", text, 0))
            return after
        if name in ("footnote", "footnotetext"):
            begin, close, after = self.argument(at, end)
            text = self.inline(begin, close, depth + 1)
            if text:
                number = 1 + sum(block.kind == "note" for block in self.blocks) + len(self._notes)
                self._write(f"[^{number}]")
                self._notes.append(f"[^{number}]: {text}")
            return after
        if name in known.CITATIONS:
            self.left_out["citations"] += 1
            return self.argument(at, end)[2]
        if name == "href":
            return self.argument(at, end)[2]  # the address; the text after it is read on
        if name == "url":
            begin, close, after = self.argument(at, end)
            self._write(self.source[begin:close])
            return after
        if name == "item":
            return self._item(at, end, depth)
        if name in known.DROPPED:
            if name in known.INCLUDES:
                self.left_out["files that it includes"] += 1
            for _ in range(known.DROPPED[name]):
                at = self.argument(at, end)[2]
            return at
        if name in self._macros:
            self._write(self._macros[name])
        elif name not in known.SILENT and len(name) <= 30:
            option = OPTIONAL.match(self.source, at, end)
            if not option and self.source[at : at + 1] not in "{[":
                self._write(known.character(f"\\{name}{{}}"))
                while at < end and self.source[at] == " ":  # it belongs to the command
                    at += 1
        option = OPTIONAL.match(self.source, at, end)
        return option.end() if option and name != "\\" else at

    def _item(self, at: int, end: int, depth: int) -> int:
        self._finish("item")
        option = OPTIONAL.match(self.source, at, end)
        indent = "  " * min(max(len(self._lists) - 1, 0), _DEEPEST)
        counter = self._lists[-1] if self._lists else [None]
        label = ""
        if option:
            inside = option.group().strip()[1:-1]
            label = f"{inside} " if inside.isalnum() else ""
            at = option.end()
        if counter[0] is not None and not option:
            counter[0] += 1
            mark = f"{counter[0]}."
        else:
            mark = "-"
        self._text.append(f"{indent}{mark} {label}")
        return at

    def _escaped(self, character: str) -> None:
        if character in "%&#_$ {}":
            self._write(character)
        elif character in "\\,;:/! \n":
            self._write(" " if character not in "/!" else "")
        elif character == "-":
            pass

    def _math(self, opening: str, at: int, end: int) -> int:
        closing = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}[opening]
        close = -1 if at > self._no_more.get(closing, end) else self.source.find(closing, at, end)
        while opening == "$" and close > 0 and self.source[close - 1] == "\\":
            close = self.source.find(closing, close + 1, end)
        if close < 0 and end == len(self.source):
            self._no_more.setdefault(closing, at)  # not to be looked for again and again
        if close < 0 or (opening == "$" and "\n\n" in self.source[at:close]):
            self._write("$" if opening == "$" else "")  # an amount of money, or a lost sign
            return at
        formula = " ".join(self.source[at:close].split())
        if opening in ("$", "\\("):
            self._write(f"${formula}$")
        else:
            self._formula(formula)
        return close + len(closing)

    def _formula(self, formula: str) -> None:
        formula = _MATH_LABEL.sub("", formula).strip()
        if formula:
            self._finish()
            self.blocks.append(Block("paragraph", f"$${formula}$$", 0))

    def _environment(self, name: str, at: int, end: int, depth: int) -> int:
        if (
            name in known.MATH
            or name in known.VERBATIM
            or name in known.LEFT_OUT
            or name in known.TABLES
        ):
            close, after = self._end_of(name, at, end)
            self._closed_environment(name, at, close, depth)
            return after
        self._finish()
        if name in known.LISTS:
            self._lists.append(
                [0] if name.endswith("enumerate") or name == "compactenum" else [None]
            )
        elif name in ("quote", "quotation"):
            self._quotes += 1
        elif name == "abstract":
            self.blocks.append(Block("heading", "Abstract", 0, 2))
        # What a theorem or a figure is given as an option ([htbp], a width) is no text.
        option = OPTIONAL.match(self.source, at, end)
        at = option.end() if option else at
        if name in (
            "minipage",
            "subfigure",
            "wrapfigure",
            "multicols",
            "column",
            "subtable",
            "adjustbox",
        ):
            at = self.argument(at, end)[2]
        return at

    def _end_of(self, name: str, at: int, end: int) -> tuple[int, int]:
        found = re.compile(rf"\\end\s*\{{{name}\*?\}}").search(self.source, at, end)
        return (found.start(), found.end()) if found else (end, end)

    def _closed_environment(self, name: str, at: int, close: int, depth: int) -> None:
        inside = self.source[at:close]
        self._budget -= close - at
        if name in known.LEFT_OUT:
            if known.LEFT_OUT[name]:
                entries = inside.count("\\bibitem") if name == "thebibliography" else 1
                self.left_out[known.LEFT_OUT[name]] += max(entries, 1)
        elif name in known.VERBATIM:
            self._finish()
            option = OPTIONAL.match(inside)
            code = inside[option.end() :] if option else inside
            self.blocks.append(Block("code", "```\n" + code.strip("\n") + "\n```", 0))
        elif name in known.TABLES and name != "array":
            table = tabular_text(self, at, close, depth)
            if table:
                self._finish()
                self.blocks.append(Block("table", table, 0))
        else:
            wrapped = name in ("align", "eqnarray", "flalign", "alignat", "split", "array")
            formula = " ".join(inside.split())
            self._formula(f"\\begin{{{name}}} {formula} \\end{{{name}}}" if wrapped else formula)

    def _leave(self, name: str) -> None:
        self._finish("item" if name in known.LISTS else "paragraph")
        if name in known.LISTS and self._lists:
            self._lists.pop()
        elif name in ("quote", "quotation"):
            self._quotes = max(self._quotes - 1, 0)
