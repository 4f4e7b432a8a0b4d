"""Formats with parsers that untrusted files could harm: office files, PDF, HTML and the like.

Their parsers run in the child process; here its answer becomes documents and ledger rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from laras.recipe.schema import Source
from laras.sources.context import READERS, FileContext, Reader, Record
from laras.sources.extraction import RefusedError


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
            for reason, locator, fact in part.notes:
                yield context.note(reason, locator or part.locator, fact)
            if not part.text.strip():
                yield context.rejection("empty", part.locator)
                continue
            yield context.document(
                part.text, title=part.title, locator=part.locator, metadata=part.metadata
            )

    return read


for _suffix, _kind in {
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "docx": "docx",
    "pdf": "pdf",
}.items():
    READERS.register(_suffix, parsed_by(_kind))
