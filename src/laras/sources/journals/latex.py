"""LaTeX source of a paper: title, abstract, sections, captions and formulas as text.

Comments, citations, the bibliography and thanks are left out and counted; a file that it includes
is never opened, and noted. Runs in the child process.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from laras.sources.documents.pdf_layout import Block
from laras.sources.documents.text_file import read_text
from laras.sources.extraction import Extracted, RefusedError
from laras.sources.journals.identifiers import arxiv_in, doi_in, group_of, known, year_in
from laras.sources.journals.latex_text import LatexText
from laras.sources.journals.paper import without_back_matter

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*(?=\S))?")
_CODE = re.compile(r"(?<!%)\\begin\{(verbatim|Verbatim|lstlisting|minted)\}")
_FALSE = re.compile(r"\\iffalse\b(?:(?!\\fi\b|\\iffalse\b).)*\\fi\b", re.DOTALL)
_DOCUMENT = re.compile(r"\\begin\s*\{document\}")
_DOCUMENT_END = re.compile(r"\\end\s*\{document\}")
_MACRO = re.compile(
    r"\\(?:re|provide)?newcommand\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?=\{)|\\def\s*\\([A-Za-z]+)\s*(?=\{)"
)
_FRONT = re.compile(r"\\(title|author|date|abstract|doi|keywords)\b\*?")
_MOST_MACROS = 2000
_LONGEST_MACRO = 2000


def extract(path: Path) -> Extracted:
    """The paper of a LaTeX file, or the part of one that the file holds."""
    text, guessed = read_text(path)
    notes = list(guessed)
    source = _without_comments(_FALSE.sub("", text))
    front = _front_matter(source)
    begin = _DOCUMENT.search(source)
    end = _DOCUMENT_END.search(source)
    reader = LatexText(source, _macros(source))
    blocks = reader.read(begin.end() if begin else 0, end.start() if end else None)
    if reader.is_exhausted:
        raise RefusedError("too-much-text", "macros")
    left_out: Counter[str] = Counter(reader.left_out)
    if front.get("abstract") and not any(_is_abstract(block) for block in blocks):
        blocks = [
            Block("heading", "Abstract", 0, 2),
            Block("paragraph", front["abstract"], 0),
            *blocks,
        ]
    kept = without_back_matter(blocks, left_out)
    title = front.get("title", "")
    if title:
        kept = [Block("heading", title, 0, 1), *kept]
    metadata = known(
        title=title,
        authors=front.get("author", ""),
        year=year_in(front.get("date", "")),
        doi=doi_in(front.get("doi", "")),
        arxiv=arxiv_in(source[:5000]),
    )
    notes += [("left-out", "", f"{kind}: {n}") for kind, n in sorted(left_out.items()) if n]
    return Extracted(
        text=_joined(kept),
        title=title or next((block.text for block in kept if block.kind == "heading"), ""),
        metadata=metadata,
        group=group_of(metadata),
        notes=tuple(notes),
    )


def _without_comments(source: str) -> str:
    """The source without comments; in code that it shows, ``%`` is a sign like any other."""
    parts: list[str] = []
    at = 0
    for code in _CODE.finditer(source):
        if code.start() < at:
            continue
        end = source.find(f"\\end{{{code.group(1)}}}", code.end())
        if end < 0:
            break
        parts += [_COMMENT.sub(r"\1", source[at : code.start()]), source[code.start() : end]]
        at = end
    return "".join([*parts, _COMMENT.sub(r"\1", source[at:])])


def _is_abstract(block: Block) -> bool:
    return block.kind == "heading" and block.text.lower() == "abstract"


def _joined(blocks: list[Block]) -> str:
    """Blocks apart by a blank line, the items of a list by a line's end."""
    parts: list[str] = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        if before is not None:
            is_list = before.kind == "item" and block.kind == "item"
            parts.append("\n" if is_list else "\n\n")
        parts.append(block.written)
    return "".join(parts)


def _front_matter(source: str) -> dict[str, str]:
    """What the file says of itself by commands: the first title, authors, date, abstract."""
    reader = LatexText(source, dict.fromkeys(("and", "And", "AND"), "; "))
    found: dict[str, str] = {}
    for command in _FRONT.finditer(source):
        begin, close, _after = reader.argument(command.end(), len(source))
        text = reader.inline(begin, close) if close - begin < 20_000 else ""
        if text and command.group(1) not in found:
            found[command.group(1)] = text
    return found


def _macros(source: str) -> dict[str, str]:
    """Abbreviations that the file defines, without arguments, as text."""
    macros: dict[str, str] = {}
    for number, command in enumerate(_MACRO.finditer(source)):
        if number >= _MOST_MACROS:
            break
        reader = LatexText(source[command.end() : command.end() + _LONGEST_MACRO], macros)
        begin, close, _after = reader.argument(0, len(reader.source))
        text = reader.inline(begin, close)
        if len(text) <= _LONGEST_MACRO:
            macros[command.group(1) or command.group(2)] = text
    return macros
