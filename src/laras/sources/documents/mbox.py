"""Mailboxes (mbox, RFC 4155) taken apart, a page at a time. Runs in the child process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from laras.sources.documents.mail import extracted, read_letter
from laras.sources.extraction import Extracted, RefusedError

_PAGE_BYTES = 8 << 20
_MAX_LETTER_BYTES = 64 << 20
_MAX_LINE = 1 << 20
_SEPARATOR = re.compile(rb"^From (?:\S+ .*\d{2}:\d{2}.*|.*\d{4})\s*$")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def extract(path: Path, start: int = 0) -> Iterator[Extracted]:
    """The letters of the page that begins at byte ``start``, and at their end a part without text
    whose metadata ``next`` is where the next page begins, where there is one."""
    with path.open("rb") as stream:
        if not start and not _SEPARATOR.match(stream.readline(_MAX_LINE)):
            raise RefusedError("parser-failed", "no line 'From ...' at its beginning")
        stream.seek(start)
        end = start
        for data, end in _letters(stream, start):
            try:
                letter = read_letter(data)
                part = extracted(letter)
                ids = " ".join((*letter.references, letter.message_id)).strip()
                metadata = {**part.metadata, "ids": ids} if ids else part.metadata
                yield Extracted(part.text, part.title, metadata=metadata, notes=part.notes)
            except RefusedError as error:
                yield Extracted("", notes=((error.reason, "", error.fact),))
            except MemoryError:
                raise
            except Exception as error:  # one broken letter must not cost the others
                yield Extracted("", notes=(("damaged", "", type(error).__name__),))
            if end - start >= _PAGE_BYTES:
                break
        is_last = not stream.seek(end) or not stream.read(1)
    yield Extracted("", metadata={} if is_last else {"next": str(end)})


def _letters(stream: IO[bytes], start: int) -> Iterator[tuple[bytes, int]]:
    """Each letter without the line above it, and where the next one begins."""
    lines: list[bytes] = []
    size = 0
    at = start
    after_blank = True
    while line := stream.readline(_MAX_LINE):
        if after_blank and line.startswith(b"From ") and _SEPARATOR.match(line):
            if lines:
                yield _letter(lines), at
            lines, size = [], 0
        elif size <= _MAX_LETTER_BYTES:
            lines.append(line)
            size += len(line)
        at += len(line)
        after_blank = line in (b"\n", b"\r\n")
    if lines:
        yield _letter(lines), at


def _letter(lines: list[bytes]) -> bytes:
    return _ESCAPED.sub(rb"\1", b"".join(lines))
