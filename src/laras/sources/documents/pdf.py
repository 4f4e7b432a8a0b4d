"""PDF: the text layer of each page, with lines put back together into paragraphs.

Pages without a usable text layer (scans, fonts without Unicode) are named, never passed off as
empty or as gibberish; with character recognition they are read from their picture. Runs in the
child process (see worker.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laras.sources.documents.pdf_layout import JoinedPages, join_pages
from laras.sources.documents.pdf_lines import Line, lines_of
from laras.sources.documents.pdf_rules import Grid, grids_in, rules_of
from laras.sources.documents.pdf_tables import may_hold_tables
from laras.sources.extraction import Extracted, RefusedError

_FEW_CHARACTERS = 50
_UNREADABLE = re.compile("[\x00-\x08\x0a-\x1f\ufffd]")
_MAX_CONTROL_SHARE = 0.05
_PICTURE_SHARE = 0.3  # of the page's area
_MOST_BROKEN = 50  # pages in a row that can't be loaded: the number of pages is a lie
_JUNK_TITLES = (".doc", ".docx", ".indd", ".pdf", ".ppt", ".pptx", ".qxd", ".tex", ".xls", ".xlsx")
# What programs write where nobody gave a title.
_JUNK_BEGINNINGS = ("(anonymous)", "anonymous", "microsoft ", "slide 1", "tanpa judul", "untitled")

Recognise = Callable[[Any], list[Line]]
"""Reads the lines of a page of pypdfium2 from its picture."""

Note = tuple[str, str, str]


@dataclass(slots=True)
class PdfPages:
    """What the pages of a file hold: their lines, their ruled grids, and what went wrong."""

    lines: list[list[Line]] = field(default_factory=list)
    grids: list[list[Grid]] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)  # numbers from 1, as in what follows
    recognised: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    title: str = ""

    @property
    def locator(self) -> str:
        """``pages 1-12``."""
        return page_ranges([*range(1, len(self.lines) + 1)]) if self.lines else ""

    def notes(self, left_out: Counter[str]) -> tuple[Note, ...]:
        """The ledger's rows about pages and lines that are not in the text."""
        notes = [("needs-ocr", f"page {number}", "") for number in self.scanned]
        notes += [("parser-failed", page_ranges(self.broken), "")] if self.broken else []
        notes += [("recognised", f"page {number}", "") for number in self.recognised]
        notes += [("left-out", "", f"{kind}: {count}") for kind, count in sorted(left_out.items())]
        return tuple(notes)


def extract(path: Path) -> Extracted:
    """The text of a PDF that opens without a password.

    ``metadata["page_starts"]`` has, for each page, the offset in the text at which it begins.
    """
    return _extracted(path, None)


def extract_recognised(path: Path) -> Extracted:
    """The same, with pages that have no text layer read from their picture."""
    from laras.sources.documents.pdf_ocr import recogniser

    return _extracted(path, recogniser())


def _extracted(path: Path, recognise: Recognise | None) -> Extracted:
    pages = read_pages(path, recognise)
    joined = join_pages(pages.lines, pages.grids)
    refuse_empty(pages, joined)
    return Extracted(
        text=joined.text,
        title=pages.title or joined.first_heading,
        locator=pages.locator,
        metadata={"page_starts": " ".join(str(start) for start in joined.page_starts)},
        notes=pages.notes(joined.left_out),
    )


def refuse_empty(pages: PdfPages, joined: JoinedPages) -> None:
    """Raise :class:`RefusedError` with the reason why no page of the file gave any text."""
    if joined.text:
        return
    if pages.scanned:
        raise RefusedError("needs-ocr", page_ranges(pages.scanned))
    if pages.broken:
        raise RefusedError("parser-failed", page_ranges(pages.broken))


def read_pages(path: Path, recognise: Recognise | None = None) -> PdfPages:
    """The lines of all pages of the file; those without a text layer by ``recognise``, if given.

    Raises :class:`RefusedError` for a file that can't be opened.
    """
    pages = PdfPages()
    with opened(path) as document:
        pages.title = _title(document)
        for number in range(1, len(document) + 1):
            lines: list[Line] = []
            grids: list[Grid] = []
            try:
                lines, grids = _page(document, number, pages, recognise)
            except _PageError:
                pages.broken.append(number)
                if pages.broken[-_MOST_BROKEN:] == [*range(number - _MOST_BROKEN + 1, number + 1)]:
                    break
            pages.lines.append(lines)
            pages.grids.append(grids)
    return pages


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file as pypdfium2's document, closed afterwards."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        reason = "encrypted" if "password" in str(error).lower() else "parser-failed"
        raise RefusedError(reason, str(error)) from None
    try:
        yield document
    finally:
        document.close()


class _PageError(Exception):
    """A page that PDFium can't load."""


def _page(
    document: Any, number: int, pages: PdfPages, recognise: Recognise | None
) -> tuple[list[Line], list[Grid]]:
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        raise _PageError from None
    try:
        lines, frame = lines_of(page)
        if _is_unreadable(lines) or (_characters(lines) < _FEW_CHARACTERS and _is_picture(page)):
            lines = recognise(page) if recognise else []
            (pages.recognised if lines else pages.scanned).append(number)
            return lines, []
        return lines, grids_in(rules_of(page, frame)) if may_hold_tables(lines) else []
    except pypdfium2.PdfiumError:
        raise _PageError from None
    finally:
        page.close()


def _characters(lines: list[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _is_unreadable(lines: list[Line]) -> bool:
    """Control characters and replacement characters among the letters: a font without Unicode."""
    text = "".join(line.text for line in lines)
    return len(_UNREADABLE.findall(text)) > _MAX_CONTROL_SHARE * len(text)


def _is_picture(page: Any) -> bool:
    """Whether pictures cover a good part of the page, as a scan does."""
    from pypdfium2 import raw

    width, height = page.get_size()
    covered = 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=5):
        left, bottom, right, top = picture.get_bounds()
        covered += max(right - left, 0.0) * max(top - bottom, 0.0)
    return bool(covered > _PICTURE_SHARE * width * height)


def _title(document: Any) -> str:
    title = str(document.get_metadata_dict().get("Title") or "").strip()
    junk = title.lower().endswith(_JUNK_TITLES) or title.lower().startswith(_JUNK_BEGINNINGS)
    return "" if junk else title


def page_ranges(pages: list[int]) -> str:
    """``page 3``, ``pages 1-4``, ``pages 1-2, 5``."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    names = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page {names}" if len(pages) == 1 else f"pages {names}"
