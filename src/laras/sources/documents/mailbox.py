"""Mailboxes: each letter a document, letters that answer each other in one group.

The child process takes one page of letters apart at a time (mbox.py), so that the limits hold for
each page and not for years of letters.
"""

from __future__ import annotations

from collections.abc import Iterator

from laras.sources.context import READERS, FileContext, Record
from laras.sources.documents.parsed import part_records
from laras.sources.extraction import Extracted


def read_mailbox(context: FileContext) -> Iterator[Record]:
    """A document for each letter of the mailbox; letters of one thread have one group."""
    if not context.reads_texts:
        yield context.rejection("text-alone")
        return
    threads: dict[str, str] = {}
    start: int | None = 0
    number = 0
    while start is not None:
        *letters, page = context.parser.extract("mailbox", context.file.location, start)
        for letter in letters:
            number += 1
            yield from part_records(_numbered(letter, number, threads), context)
        start = int(page.metadata["next"]) if "next" in page.metadata else None
    if not number:
        yield context.rejection("empty")


def _numbered(letter: Extracted, number: int, threads: dict[str, str]) -> Extracted:
    """The letter with its place in the mailbox, and the thread that it is found to belong to: an
    answer may name the letter before it alone, which named the one that began."""
    metadata = dict(letter.metadata)
    ids = [found for found in (metadata.pop("ids", "")).split() if found]
    if ids:
        thread = next((threads[each] for each in ids if each in threads), ids[0])
        threads.update(dict.fromkeys(ids, thread))
        metadata["thread"] = thread
    return Extracted(
        letter.text,
        title=letter.title,
        locator=f"message {number}",
        metadata=metadata,
        group=f"thread:{metadata['thread']}" if "thread" in metadata else None,
        notes=letter.notes,
    )


READERS.register("mbox", read_mailbox)
READERS.register("mbx", read_mailbox)
