"""Formats with parsers that untrusted files could harm: office files, PDF, HTML and the like.

Their parsers run in the child process; here its answer becomes documents and ledger rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from laras.recipe.schema import Source
from laras.sources.context import READERS, FileContext, Reader, Record
from laras.sources.extraction import Extracted, RefusedError


def parsed_by(kind: str | Callable[[Source], str]) -> Reader:
    """The reader of texts that the child process parses as ``kind``, which may depend on what
    the recipe says of the source."""

    def read(context: FileContext) -> Iterator[Record]:
        if not context.reads_texts:
            yield context.rejection("text-alone")
            return
        wanted = kind if isinstance(kind, str) else kind(context.source)
        try:
            parts = context.parser.extract(wanted, context.file.location)
        except RefusedError as error:
            yield context.rejection(error.reason, fact=error.fact)
            return
        if not parts:
            yield context.rejection("empty")
        for part in parts:
            yield from part_records(part, context)

    return read


def part_records(part: Extracted, context: FileContext) -> Iterator[Record]:
    """The document that a part of a file is, and what the ledger says of it."""
    for reason, locator, fact in part.notes:
        yield context.note(reason, locator or part.locator, fact)
    if not part.text.strip():
        yield context.rejection("empty", part.locator)
        return
    yield context.document(
        part.text,
        title=part.title,
        locator=part.locator,
        group=part.group,
        metadata=part.metadata,
    )


def _html_parser(source: Source) -> str:
    return "html" if source.html == "article" else "html-page"


def _pdf_parser(source: Source) -> str:
    """Which of the parsers of PDF the recipe asks for."""
    parser = "docling" if source.pdf_parser == "docling" else "pdf"
    article = "article-" if source.kind == "articles" else ""
    return f"{article}{parser}{'-recognised' if source.ocr else ''}"


_KINDS: dict[str, str | Callable[[Source], str]] = {
    "html": _html_parser,
    "htm": _html_parser,
    "xhtml": _html_parser,
    "docx": "docx",
    "docm": "docx",
    "dotx": "docx",
    "pptx": "pptx",
    "pptm": "pptx",
    "ppsx": "pptx",
    "odt": "odf",
    "odp": "odf",
    "rtf": "rtf",
    "epub": "epub",
    "eml": "letter",
    "msg": "outlook",
    "rst": "rst",
    "rest": "rst",
    "adoc": "asciidoc",
    "asciidoc": "asciidoc",
    "vtt": "subtitles",
    "srt": "subtitles",
    "pdf": _pdf_parser,
}
for _suffix, _kind in _KINDS.items():
    READERS.register(_suffix, parsed_by(_kind))
