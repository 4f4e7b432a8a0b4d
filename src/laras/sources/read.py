"""The way into this room: a source of the recipe to the records of its files.

:func:`open_source` finds the files, :func:`read_files` reads some of them; whoever keeps what was
read for the next run reads a few at a time. :func:`read_source` is the two in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from laras.errors import LarasError, UsageError
from laras.recipe.schema import DataSection, Source
from laras.records import Dialogue, Document, Rejection
from laras.sources.archive import Allowance, is_archive, unpacked
from laras.sources.context import READERS, FileContext, Reader
from laras.sources.discovery import SourceFile, find_files
from laras.sources.documents import mailbox, markdown, parsed, plain
from laras.sources.extraction import RefusedError
from laras.sources.extras import require_extras
from laras.sources.journals import articles
from laras.sources.parsing import ParserLimits, ParserProcess
from laras.sources.tables import jsonl, parquet, sheets, table
from laras.sources.whole_characters import with_whole_characters

# Importing the readers registers them.
__all__ = [
    "articles",
    "jsonl",
    "mailbox",
    "markdown",
    "parquet",
    "open_source",
    "parsed",
    "plain",
    "read_files",
    "read_source",
    "sheets",
    "table",
]

_MEDIA_SUFFIXES = """
    3gp aac amr avi bmp flac gif heic jpeg jpg m4a mov mp3 mp4 ogg opus png tif tiff vcf wav
    webm webp
"""
_UNSUPPORTED_SUFFIXES = """
    7z doc dot key numbers pages ppt rar svg zst
"""
_MEDIA = frozenset(_MEDIA_SUFFIXES.split())
# Refused by name: they hold more than text, or text in a structure that would be read as noise.
UNSUPPORTED = _MEDIA | frozenset(_UNSUPPORTED_SUFFIXES.split())


def read_source(
    source: Source, folder: Path, data: DataSection, limits: ParserLimits | None = None
) -> Iterator[Document | Dialogue | Rejection]:
    """Records of all files of ``source``, whose paths are relative to ``folder``, in the order of
    the files' paths.

    Bad content never raises: it becomes a :class:`Rejection`. A path that is not there is a
    :class:`UsageError`, raised at once rather than when the first record is asked for.
    """
    files = open_source(source, folder)
    return read_files(files, files, source, data.max_file_bytes, limits)


def open_source(source: Source, folder: Path) -> list[SourceFile | Rejection]:
    """What :func:`read_files` is to read of ``source``, whose paths are relative to ``folder``.

    Raises :class:`UsageError` for a path that is not there, and for a parser that the recipe asks
    for and that is not installed.
    """
    require_extras(source)
    return find_files(source.paths, folder)


def read_files(
    files: Sequence[SourceFile | Rejection],
    among: Sequence[SourceFile | Rejection],
    source: Source,
    max_bytes: int,
    limits: ParserLimits | None = None,
) -> Iterator[Document | Dialogue | Rejection]:
    """Records of ``files``, some ``among`` those of the source: readers may look into others."""
    by_path = {file.path: file for file in among if isinstance(file, SourceFile)}
    with ParserProcess(limits) as parser:
        for file in files:
            if isinstance(file, Rejection):
                yield file
                continue
            context = FileContext(file, source, parser, max_bytes, by_path)
            yield from with_whole_characters(_read_safely(context, None))


def _read_safely(
    context: FileContext, within: Allowance | None
) -> Iterator[Document | Dialogue | Rejection]:
    try:
        yield from read_file(context, within)
    except RefusedError as error:
        yield context.rejection(error.reason, fact=error.fact)
    except OSError as error:
        yield context.rejection("unreadable", fact=error.strerror or "")
    except (LarasError, MemoryError):  # about the run, not about this file
        raise
    except Exception as error:
        # A reader, perhaps of another package, that broke its contract costs the rest of this file
        # and not the run. What it gave before stays.
        yield context.rejection("reader-failed", fact=type(error).__name__)


def read_file(
    context: FileContext, within: Allowance | None = None
) -> Iterator[Document | Dialogue | Rejection]:
    """Records of one file; raises :class:`RefusedError` where it can't be read at all.

    ``within``: what the archive that the file lies in may still unpack to.
    """
    file = context.file
    if file.size_bytes == 0:
        yield context.rejection("empty")
    elif file.size_bytes > context.max_bytes:
        yield context.rejection("too-large", fact=f"{file.size_bytes} > {context.max_bytes}")
    else:
        reader = _reader_for(Path(file.path).suffix.lower().removeprefix("."))
        if reader is plain.read_unknown and is_archive(file.path):
            yield from _read_archive(context, within)
        else:
            yield from reader(context)


def _read_archive(
    context: FileContext, within: Allowance | None
) -> Iterator[Document | Dialogue | Rejection]:
    """Records of the members of an archive, in the order of their names."""
    with unpacked(context.file, context.max_bytes, within) as (members, left):
        by_path = {file.path: file for file in members if isinstance(file, SourceFile)}
        for member in members:
            if isinstance(member, Rejection):
                yield member
                continue
            inner = replace(context, file=member, files=by_path)
            yield from _read_safely(inner, left)


@cache
def _reader_for(suffix: str) -> Reader:
    """The reader of a suffix. One that another package brings goes before a refusal by name."""
    try:
        return READERS.get(suffix) if suffix else plain.read_unknown
    except UsageError:  # of a suffix that nobody claims, the content decides
        return _refuse if suffix in UNSUPPORTED else plain.read_unknown


def _refuse(context: FileContext) -> Iterator[Rejection]:
    suffix = Path(context.file.path).suffix.lower()[1:]
    if suffix in _MEDIA and context.source.kind == "conversations":
        yield context.note("media-file", fact=suffix)  # chat exports bring theirs along
    else:
        yield context.rejection("unsupported-format", fact=suffix)
