"""PDF of papers: what is to be read of them, with the identifiers found on their first page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from laras.sources.documents.pdf import PdfPages, Recognise, read_pages, refuse_empty
from laras.sources.documents.pdf_layout import Block, blocks_of, joined
from laras.sources.extraction import Extracted
from laras.sources.journals.identifiers import arxiv_in, doi_in, group_of, known
from laras.sources.journals.line_numbers import without_line_numbers
from laras.sources.journals.paper import paper_of

_YEAR = re.compile(
    r"(?:©|\(c\)|copyright|published|accepted|received|diterbitkan|diterima|terbit|vol(?:ume)?\b|\[[a-z.]+\])"
    r"[^\n]{0,60}?\b((?:19|20)\d{2})\b",
    re.IGNORECASE,
)
_MARKDOWN_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")


def extract(path: Path) -> Extracted:
    """The paper in a PDF that opens without a password."""
    return _extracted(path, None)


def extract_recognised(path: Path) -> Extracted:
    """The same, with pages that have no text layer read from their picture."""
    from laras.sources.documents.pdf_ocr import recogniser

    return _extracted(path, recogniser())


def extract_docling(path: Path) -> Extracted:
    """The paper in the text that docling makes of the file."""
    return _from_markdown(path, recognise=False)


def extract_docling_recognised(path: Path) -> Extracted:
    """The same, with docling's own recognition of characters."""
    return _from_markdown(path, recognise=True)


def _extracted(path: Path, recognise: Recognise | None) -> Extracted:
    pages = read_pages(path, recognise)
    lines, numbers = without_line_numbers(pages.lines)
    blocks, left_out = blocks_of(lines, pages.grids)
    first_page = "\n".join(line.text for line in pages.lines[0]) if pages.lines else ""
    return _paper(blocks, pages, left_out + numbers, first_page)


def _from_markdown(path: Path, *, recognise: bool) -> Extracted:
    from laras.sources.documents.pdf_docling import markdown_of

    blocks = list(_blocks_from(markdown_of(path, recognise=recognise)))
    first_page = "\n".join(block.text for block in blocks[:20])
    return _paper(blocks, PdfPages(), Counter(), first_page)


def _blocks_from(markdown: str) -> Iterable[Block]:
    for part in re.split(r"\n\s*\n", markdown):
        heading = _MARKDOWN_HEADING.match(part.strip())
        if heading:
            yield Block("heading", heading.group(2).strip(), 0, len(heading.group(1)))
        elif part.strip():
            yield Block("paragraph", part.strip(), 0)


def _paper(
    blocks: list[Block], pages: PdfPages, left_out: Counter[str], first_page: str
) -> Extracted:
    paper = paper_of(blocks, pages.title)
    text = joined(paper.blocks, max(len(pages.lines), 1))
    refuse_empty(pages, text)
    year = _YEAR.search(first_page)
    metadata = known(
        title=paper.title,
        doi=doi_in(first_page),
        arxiv=arxiv_in(first_page),
        year=year.group(1) if year else "",
    )
    starts = " ".join(str(start) for start in text.page_starts)
    return Extracted(
        text=text.text,
        title=paper.title or text.first_heading,
        locator=pages.locator,
        metadata={**metadata, **({"page_starts": starts} if pages.lines else {})},
        group=group_of(metadata),
        notes=pages.notes(left_out + paper.left_out),
    )
