"""Plain text: the file is the document."""

from __future__ import annotations

from collections.abc import Iterator

from laras.sources.context import READERS, FileContext, Record
from laras.sources.conversations.formats import read_text
from laras.sources.encoding import UndecodableError, decode


def read_plain(context: FileContext) -> Iterator[Record]:
    """One document with the text as it stands; under ``conversations``, a chat export."""
    content = yield from context.read_text()
    if content is None:
        return
    if not context.reads_texts:
        found = read_text(content, context)
        yield from [context.rejection("text-alone")] if found is None else found
        return
    text = content.strip("\n")
    if not text.strip():
        yield context.rejection("empty")
        return
    yield context.document(text)


def read_unknown(context: FileContext) -> Iterator[Record]:
    """A file of a suffix that nobody knows: a document if it is certainly text."""
    if not context.reads_texts:
        yield context.rejection("unknown-format", fact=context.file.location.suffix)
        return
    try:
        decoded = decode(context.read_bytes(), guess=False)
    except UndecodableError:
        yield context.rejection("unknown-format", fact=context.file.location.suffix)
        return
    text = decoded.text.strip("\n")
    if not text.strip():
        yield context.rejection("empty")
        return
    yield context.document(text)


READERS.register("txt", read_plain)
READERS.register("text", read_plain)
