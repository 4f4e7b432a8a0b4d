"""The way into this room: a source of the recipe to the records of its files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from laras.errors import UsageError
from laras.recipe.schema import DataSection, Source
from laras.records import Dialogue, Document, Rejection
from laras.sources.context import READERS, FileContext, Reader
from laras.sources.discovery import SourceFile, find_files
from laras.sources.documents import markdown, parsed, plain
from laras.sources.extraction import RefusedError
from laras.sources.parsing import ParserLimits, ParserProcess
from laras.sources.tables import jsonl, table

# Importing the readers registers them.
__all__ = ["jsonl", "markdown", "parsed", "plain", "read_source", "table"]

_UNSUPPORTED_SUFFIXES = """
    7z avi bz2 bmp doc docm dot dotx eml epub flac gif gz heic jpeg jpg key m4a mbox mov mp3 mp4
    msg numbers nxml odp ods odt ogg pages parquet png ppt pptm pptx rar rtf srt svg tar tex tgz
    tif tiff vtt wav webm webp xls xlsb xlsm xlsx xml xz zip zst
"""
# Refused by name: they hold more than text, or text in a structure that would be read as noise.
UNSUPPORTED = frozenset(_UNSUPPORTED_SUFFIXES.split())


def read_source(
    source: Source, folder: Path, data: DataSection, limits: ParserLimits | None = None
) -> Iterator[Document | Dialogue | Rejection]:
    """Records of all files of ``source``, whose paths are relative to ``folder``, in the order of
    the files' paths.

    Bad content never raises: it becomes a :class:`Rejection`. A path that is not there is a
    :class:`UsageError`, raised at once rather than when the first record is asked for.
    """
    return _read(find_files(source.paths, folder), source, data.max_file_bytes, limits)


def _read(
    files: list[SourceFile | Rejection],
    source: Source,
    max_bytes: int,
    limits: ParserLimits | None,
) -> Iterator[Document | Dialogue | Rejection]:
    with ParserProcess(limits) as parser:
        for file in files:
            if isinstance(file, Rejection):
                yield file
                continue
            context = FileContext(file, source, parser, max_bytes)
            try:
                yield from _read_file(context)
            except RefusedError as error:
                yield context.rejection(error.reason, fact=error.fact)
            except OSError as error:
                yield context.rejection("unreadable", fact=error.strerror or "")


def _read_file(context: FileContext) -> Iterator[Document | Dialogue | Rejection]:
    file = context.file
    if file.size_bytes == 0:
        yield context.rejection("empty")
    elif file.size_bytes > context.max_bytes:
        yield context.rejection("too-large", fact=f"{file.size_bytes} > {context.max_bytes}")
    else:
        suffix = Path(file.path).suffix.lower().removeprefix(".")
        yield from _reader_for(suffix)(context)


@cache
def _reader_for(suffix: str) -> Reader:
    """The reader of a suffix. One that another package brings goes before a refusal by name."""
    try:
        return READERS.get(suffix) if suffix else plain.read_unknown
    except UsageError:  # of a suffix that nobody claims, the content decides
        return _refuse if suffix in UNSUPPORTED else plain.read_unknown


def _refuse(context: FileContext) -> Iterator[Rejection]:
    yield context.rejection("unsupported-format", fact=Path(context.file.path).suffix.lower()[1:])
