"""Formats with parsers that untrusted files could harm: HTML, DOCX and PDF.

Their parsers run in the child process; here its answer becomes a document and ledger rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from laras.sources.context import READERS, FileContext, Reader, Record
from laras.sources.extraction import RefusedError


def _reader_of(kind: str) -> Reader:
    def read(context: FileContext) -> Iterator[Record]:
        if not context.reads_texts:
            yield context.rejection("text-alone")
            return
        try:
            extracted = context.parser.extract(kind, context.file.location)
        except RefusedError as error:
            yield context.rejection(error.reason, fact=error.fact)
            return
        for reason, locator, fact in extracted.notes:
            yield context.note(reason, locator, fact)
        if not extracted.text.strip():
            yield context.rejection("empty")
            return
        yield context.document(
            extracted.text,
            title=extracted.title,
            locator=extracted.locator,
            metadata=extracted.metadata,
        )

    return read


for _suffix, _kind in {
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "docx": "docx",
    "pdf": "pdf",
}.items():
    READERS.register(_suffix, _reader_of(_kind))
