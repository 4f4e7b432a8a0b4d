"""PDF: the text layer of each page, with lines put back together into paragraphs.

Pages without a usable text layer (scans, fonts without Unicode) are named, never passed off as
empty or as gibberish. Tables keep their text, not their grid. Runs in the child process (see
worker.py).
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

from laras.sources.documents.pdf_layout import Line, join_pages
from laras.sources.extraction import Extracted, RefusedError

_FEW_CHARACTERS = 50
_MAX_CONTROL_SHARE = 0.05
_PICTURE_SHARE = 0.3  # of the page's area
_JUNK_TITLES = (".doc", ".docx", ".indd", ".pdf", ".ppt", ".pptx", ".qxd", ".tex", ".xls", ".xlsx")


def extract(path: Path) -> Extracted:
    """The text of a PDF that opens without a password.

    ``metadata["page_starts"]`` has, for each page, the offset in the text at which it begins.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        reason = "encrypted" if "password" in str(error).lower() else "parser-failed"
        raise RefusedError(reason, str(error)) from None
    try:
        return _extracted(document)
    finally:
        document.close()


def _extracted(document: Any) -> Extracted:
    pages: list[list[Line]] = []
    scanned: list[int] = []
    for number in range(1, len(document) + 1):
        page = document[number - 1]
        lines = _lines(page)
        if _is_unreadable(lines) or (_characters(lines) < _FEW_CHARACTERS and _is_picture(page)):
            scanned.append(number)
            lines = []
        pages.append(lines)
        page.close()
    joined = join_pages(pages)
    if not joined.text and scanned:
        raise RefusedError("needs-ocr", _ranges(scanned))
    return Extracted(
        text=joined.text,
        title=_title(document) or joined.first_heading,
        locator=_ranges([*range(1, len(pages) + 1)]) if pages else "",
        metadata={"page_starts": " ".join(str(start) for start in joined.page_starts)},
        notes=tuple(("needs-ocr", f"page {number}", "") for number in scanned),
    )


def _lines(page: Any) -> list[Line]:
    """The lines of a page in the order of its content, with their places and sizes of letters."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        text = textpage.get_text_range() if count > 0 else ""
        if len(text) != count:  # some characters have no Unicode: offsets must come from PDFium
            codes = (raw.FPDFText_GetUnicode(textpage, index) for index in range(count))
            text = "".join(chr(code) if _is_scalar(code) else "\ufffd" for code in codes)
        height = page.get_height() or 1.0
        bottom = page.get_bbox()[1]
        rectangle = raw.FS_RECTF()
        x, y = ctypes.c_double(), ctypes.c_double()
        lines: list[Line] = []
        # PDFium marks a hyphen that breaks a word with U+FFFE and writes no line end after it.
        for piece in re.finditer(r"[^\n\ufffe]+\ufffe?", text):
            content = piece.group().strip("\r\t \u00a0")
            if not content.strip("\ufffe"):
                continue
            first = piece.start() + piece.group().index(content)
            visible = [first + at for at, character in enumerate(content) if character.isalnum()]
            # The loose box comes from the font, not the glyph: its height is the letters' size
            # on the page, whatever the text matrix; the origin stands on the base line.
            last = visible[-1] if visible else first
            raw.FPDFText_GetLooseCharBox(textpage, last, rectangle)
            right = rectangle.right
            middle = visible[len(visible) // 2] if visible else first
            raw.FPDFText_GetLooseCharBox(textpage, middle, rectangle)
            size = abs(rectangle.top - rectangle.bottom)
            raw.FPDFText_GetCharOrigin(textpage, first, x, y)
            down = height - (y.value - bottom)
            lines.append(Line(content, x.value, right, down, size, down / height))
        return lines
    finally:
        textpage.close()


def _is_scalar(code: int) -> bool:
    return 0 < code < 0xD800 or 0xDFFF < code < 0x110000


def _characters(lines: list[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _is_unreadable(lines: list[Line]) -> bool:
    """Control characters and replacement characters among the letters: a font without Unicode."""
    text = "".join(line.text for line in lines)
    bad = sum(
        (character < " " and character != "\t") or character == "\ufffd" for character in text
    )
    return bad > _MAX_CONTROL_SHARE * len(text)


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
    junk = title.lower().endswith(_JUNK_TITLES) or title.lower().startswith(("microsoft ", "untit"))
    return "" if junk else title


def _ranges(pages: list[int]) -> str:
    """``page 3``, ``pages 1-4``, ``pages 1-2, 5``."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    names = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page {names}" if len(pages) == 1 else f"pages {names}"
