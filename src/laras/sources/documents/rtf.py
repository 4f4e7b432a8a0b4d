"""RTF: paragraphs, headings, lists, tables and footnotes.

striprtf turns the control words into text. What it does not tell apart (a heading, a row of a
table, a footnote) is marked before, with characters for private use, and read off after. Runs in
the child process (see worker.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from laras.sources.documents.blocks import Block, joined
from laras.sources.documents.table_text import table_text
from laras.sources.extraction import Extracted, RefusedError

_CODE_PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
_HEADING = "\ue000"  # and the eight above it: the level
_ROW_BEGINS, _ROW_ENDS, _CELL_ENDS, _NOTE = "\ue010", "\ue011", "\ue012", "\ue013"
_MARKS = re.compile("[\ue000-\ue01f]")
_HEADING_MARK = re.compile("[\ue000-\ue008]")
_ROW = re.compile(f"{_ROW_BEGINS}([^{_ROW_ENDS}]*){_ROW_ENDS}")
_OUTLINE = re.compile(r"\\outlinelevel([0-8])(?!\d) ?")
_HEX = re.compile(r"(?:[0-9a-fA-F]{64,}\s*)+")  # of a picture or an embedded file
_FIELD_CODE = re.compile(r"\{\\\*\\fldinst[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_NOTE_BEGINS = re.compile(r"\{\\footnote(?![a-z])")
_TITLE = re.compile(r"\{\\title (.{0,2000}?)\}", re.DOTALL)
_BRACE = re.compile(r"\\[\\{}]|([{}])")
_BULLET = re.compile(r"^\s*([•▪◦‣·\uf0b7-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\t\s*(?=\S)")
_MAX_NOTES = 5000


def extract(path: Path) -> Extracted:
    """The text of an RTF file, in the code pages that it names."""
    data = path.read_bytes()
    if not data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{\\rtf"):
        raise RefusedError("parser-failed", "not RTF")
    encoding = _encoding(data)
    source = _HEX.sub("", data.decode(encoding, "replace"))
    title = _TITLE.search(source)
    source, notes = _without_notes(_FIELD_CODE.sub("", _MARKS.sub("", source)))
    blocks = list(_blocks(_plain(_marked(source), encoding)))
    for number, note in enumerate(notes, 1):
        text = " ".join(_MARKS.sub("", _plain(f"{{\\rtf1 {note}}}", encoding)).split())
        if text:
            blocks.append((f"[^{number}]: {text}", "text"))
    first_heading = next((text.lstrip("# ") for text, _kind in blocks if text[:1] == "#"), "")
    named = " ".join(_plain(f"{{\\rtf1 {title[1]}}}", encoding).split()) if title else ""
    return Extracted(text=joined(blocks), title=named or first_heading)


def _encoding(data: bytes) -> str:
    named = _CODE_PAGE.search(data[:4096])
    name = f"cp{named[1].decode()}" if named else "cp1252"
    try:
        return codecs.lookup("utf-8" if name == "cp65001" else name).name
    except LookupError:
        return "cp1252"


def _plain(source: str, encoding: str) -> str:
    from striprtf.striprtf import rtf_to_text

    text: str = rtf_to_text(source, encoding=encoding, errors="replace")
    # Characters beyond the first 65,536 are written as two halves.
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n")


def _marked(source: str) -> str:
    """The source with marks for what would be lost."""
    source = _OUTLINE.sub(lambda match: chr(ord(_HEADING) + int(match[1])), source)
    source = re.sub(r"\\trowd(?![a-z])", lambda _match: _ROW_BEGINS + "\\trowd", source)
    source = re.sub(r"\\(?:nest)?cell(?![a-z]) ?", _CELL_ENDS, source)
    return re.sub(r"\\row(?![a-z]) ?", _ROW_ENDS, source)


def _without_notes(source: str) -> tuple[str, list[str]]:
    """The source with a mark in the place of each footnote, and the source of these."""
    parts: list[str] = []
    notes: list[str] = []
    at = 0
    for match in _NOTE_BEGINS.finditer(source):
        if match.start() < at or len(notes) >= _MAX_NOTES:
            continue
        end = _group_end(source, match.start())
        notes.append(re.sub(r"\\chftn(?![a-z]) ?", "", source[match.end() : end - 1]))
        parts += [source[at : match.start()], _NOTE]
        at = end
    parts.append(source[at:])
    return "".join(parts), notes


def _group_end(source: str, start: int) -> int:
    """One after the brace that closes the group that begins at ``start``."""
    depth = 0
    for match in _BRACE.finditer(source, start):
        if match[1]:
            depth += 1 if match[1] == "{" else -1
            if depth == 0:
                return match.end()
    return len(source)


def _blocks(text: str) -> Iterator[Block]:
    counted = iter(range(1, _MAX_NOTES + 1))
    text = re.sub(_NOTE, lambda _match: f"[^{next(counted)}]", text)
    rows: list[list[str]] = []
    at = 0
    for row in _ROW.finditer(text):
        between = text[at : row.start()]
        if _MARKS.sub("", between).strip() and rows:
            yield _table(rows), "text"
            rows = []
        yield from _paragraphs(between)
        cells = _MARKS.sub("", row[1].replace(_CELL_ENDS, "\0")).split("\0")[:-1]
        rows.append([" ".join(cell.split()) for cell in cells])
        at = row.end()
    if rows:
        yield _table(rows), "text"
    yield from _paragraphs(text[at:])


def _table(rows: list[list[str]]) -> str:
    kept = [row for row in rows if any(row)]
    if max((len(row) for row in kept), default=0) > 1:
        return table_text(kept)
    return "\n\n".join(row[0] for row in kept)  # a frame around a text rather than a table


def _paragraphs(text: str) -> Iterator[Block]:
    for line in text.split("\n"):
        level = _HEADING_MARK.search(line)
        words = _MARKS.sub("", line)
        item = _BULLET.match(words)
        if level and words.strip():
            yield "#" * min(ord(level[0]) - ord(_HEADING) + 1, 6) + " " + _one_line(words), "text"
        elif item:
            label = item[1] if item[1][-1] in ".)" else "-"
            yield f"{label} {words[item.end() :].strip()}", "item"
        elif words.strip():
            yield words.strip(), "text"


def _one_line(text: str) -> str:
    return " ".join(text.split())
