"""reStructuredText, in our Markdown-like form. Runs in the child process.

docutils parses, with everything off that reads another file. Roles and directives of Sphinx, which
it does not know, are not an error here: their text is kept.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.languages import en as english

from laras.sources.documents.rst_pieces import (
    PIECE_CHARACTERS,
    STYLE,
    TooLongError,
    has_long_paragraph,
    pieces,
    share_of_time,
)
from laras.sources.documents.rst_text import Writer
from laras.sources.documents.text_file import Notes, read_text
from laras.sources.extraction import Extracted

_DIRECTIVE = re.compile(
    r"^[ \t]*\.\. (?:\|[^|\n]+\| )?([A-Za-z][\w.+:-]{0,80}?) ?::(?:[ \t]|$)", re.MULTILINE
)
_ROLE = re.compile(r":([A-Za-z][\w.+:-]{0,80}?):`|`:([A-Za-z][\w.+:-]{0,80}?):")
_TARGET = re.compile(r"^(.*?)\s*<[^<>]*>$", re.DOTALL)
_INCLUDES = ("include", "literalinclude")
_WITHOUT_TEXT = frozenset(
    ("toctree", "index", "highlight", "module", "currentmodule", "tabularcolumns")
)
_CODE = frozenset(("code-block", "sourcecode", "prompt", "doctest", "testcode", "productionlist"))
_WHOLE_S = 10.0
_PIECE_S = 0.5  # for 8 kB, and as much more as there is more
_PIECES_S = 20.0
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,  # files beside the text may not change how it is read
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "input_encoding": "unicode",
    "doctitle_xform": False,
    "docinfo_xform": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": 10_000_000,
}


def extract(path: Path) -> Extracted:
    """The text, with its first heading as title and fields at its top as metadata."""
    text, notes = read_text(path)
    included: list[str] = []
    _register_unknown(text, included)
    read = None if has_long_paragraph(text) else _read(text, _WHOLE_S)
    in_plain: Notes = ()
    if read is None:
        read, in_plain = _read_in_pieces(text)
    written, title, metadata = read
    more: Notes = tuple(("not-included", "", name[:200]) for name in included)
    return Extracted(
        "\n\n".join(written), title=title, metadata=metadata, notes=(*notes, *more, *in_plain)
    )


_Read = tuple[list[str], str, dict[str, str]]  # blocks, title, fields at the top


def _read(text: str, seconds: float) -> _Read | None:
    """What the text says; None where docutils can't do it in so many seconds of processor time."""
    try:
        with share_of_time(seconds):
            tree = publish_doctree(text, settings_overrides=_SETTINGS)
            metadata = _fields_at_top(tree)
            return Writer().blocks(tree, 0), _first_title(tree), metadata
    except (TooLongError, RecursionError, SystemExit):  # docutils exits where it failed itself
        return None


def _read_in_pieces(text: str) -> tuple[_Read, Notes]:
    """Piece after piece; one that docutils can't read as it stands there, with a note."""
    blocks: list[str] = []
    title = ""
    metadata: dict[str, str] = {}
    notes: list[tuple[str, str, str]] = []
    end = time.process_time() + _PIECES_S
    for known, piece, line in pieces(text):
        has_time = time.process_time() < end and not has_long_paragraph(piece)
        read = (
            _read(known + piece, _PIECE_S * max(1.0, len(piece) / PIECE_CHARACTERS))
            if has_time
            else None
        )
        if read is None:
            blocks.append(piece.strip("\n"))
            notes.append(("read-plainly", f"line {line}", f"{len(piece)}"))
            continue
        blocks += [block for block in read[0] if STYLE not in block]
        title = title or (read[1] if STYLE not in read[1] else "")
        metadata = metadata or (read[2] if line == 1 else {})
    return (blocks, title, metadata), tuple(notes)


def _first_title(tree: Any) -> str:
    title = next(iter(tree.findall(nodes.title)), None)
    return title.astext().strip() if title is not None else ""


def _fields_at_top(tree: Any) -> dict[str, str]:
    """The list of fields with which a text may begin; it leaves the text."""
    first = next((child for child in tree.children if not isinstance(child, nodes.comment)), None)
    if isinstance(first, nodes.section):
        inside = [child for child in first.children if not isinstance(child, nodes.title)]
        first = inside[0] if inside else None
    if not isinstance(first, nodes.field_list):
        return {}
    fields = {}
    for field in first.children:
        name, body = field.children
        fields[name.astext().strip().lower()] = " ".join(body.astext().split())
    first.parent.remove(first)
    return {name: value for name, value in fields.items() if name and value}


def _register_unknown(text: str, included: list[str]) -> None:
    """Teach docutils the names that this text uses and it does not know."""
    for name in set(_DIRECTIVE.findall(text)):
        if name.lower() in _INCLUDES:
            directives.register_directive(name.lower(), _including(included))
        elif name.lower() not in english.directives or name.lower() in _CODE:
            directives.register_directive(name.lower(), _Unknown)
    for name in {name for pair in _ROLE.findall(text) for name in pair if name}:
        if name.lower() not in english.roles:
            roles.register_local_role(name.lower(), _unknown_role)


class _AnyOption(dict[str, Any]):
    """Options of a directive of which nothing is known: all are allowed."""

    def __getitem__(self, name: str) -> Any:
        return directives.unchanged

    def __contains__(self, name: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


class _Unknown(Directive):  # type: ignore[misc]
    """A directive of Sphinx or of another extension: what is in it is parsed like any text."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption()

    def run(self) -> list[Any]:
        """The nodes that stand for it."""
        if self.name in _WITHOUT_TEXT:
            return []
        argument = self.arguments[0] if self.arguments else ""
        if self.name in _CODE:
            code = "\n".join(self.content)
            return [nodes.literal_block(code, code, classes=["code", argument])]
        container = nodes.container(names=[], classes=["unknown"])
        if argument and self.name != "only":
            container += self._named(argument)
        self.state.nested_parse(self.content, self.content_offset, container)
        return [container]

    def _named(self, argument: str) -> Any:
        """The line behind the name: a signature ("py:function"), a version, a title."""
        if ":" in self.name or self.name in ("function", "class", "method", "option", "envvar"):
            signatures = [line.strip() for line in argument.split("\n") if line.strip()]
            inner: list[Any] = []
            for signature in signatures:
                inner += [nodes.literal(signature, signature), nodes.Text(" ")]
            return nodes.paragraph(argument, "", *inner[:-1])
        parsed, _messages = self.state.inline_text(argument, self.lineno)
        paragraph = nodes.paragraph(argument, "", *parsed)
        label = _LABELS.get(self.name)
        if label:
            paragraph.insert(0, nodes.Text(f"{label} "))
        return paragraph


_LABELS = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also:",
}


def _including(included: list[str]) -> type[Directive]:
    """The directive that would include a file: it is remembered by name and never read."""

    class Included(_Unknown):
        def run(self) -> list[Any]:
            included.append(self.arguments[0] if self.arguments else "?")
            return []

    return Included


def _unknown_role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Any,
    options: Any = None,
    content: Any = None,
) -> tuple[list[Any], list[Any]]:
    """A role's text: the title of a reference, the last name of a Python path behind ``~``."""
    shown = nodes.unescape(text)
    titled = _TARGET.match(shown)
    if titled and titled.group(1):
        return [nodes.Text(titled.group(1))], []
    if shown.startswith("~"):
        shown = shown.rsplit(".", 1)[-1].lstrip("~")
    shown = shown.lstrip("!")
    prose = ("ref", "doc", "term", "abbr", "numref", "guilabel", "menuselection", "dfn")
    node = nodes.Text(shown) if name.lower() in prose else nodes.literal(rawtext, shown)
    return [node], []
