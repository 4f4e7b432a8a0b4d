"""What lies in a zip, a tar or a compressed file, one member after the other, as blocks of bytes.

The standard library's readers run here under bounds of their own: a directory, a header or a
dictionary that asks for gigabytes is refused before the memory for it is taken.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from laras.sources.extraction import RefusedError

MAX_MEMBERS = 100_000
_BLOCK_BYTES = 1 << 16
_MAX_DIRECTORY_BYTES = 32 << 20  # of a zip: about a hundred bytes a member
_MAX_HEADER_BYTES = 1 << 18  # of a tar: long names and extended attributes
_MAX_DICTIONARY_BYTES = 128 << 20  # of an xz file: the highest preset takes 65 MiB
_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP64 = b"PK\x06\x06"
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800


Blocks = Generator[bytes, None, None]
"""To be closed by whoever takes the first one: a file is open behind it."""


class DamagedError(Exception):
    """A member, or the rest of an archive, can't be unpacked."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name as it stands there, what it claims to unpack to, and what it takes in
    the archive (None where not known). ``reason``: why it is not to be unpacked, and no file."""

    name: str
    blocks: Callable[[], Blocks]
    size_bytes: int | None = None
    packed_bytes: int | None = None
    reason: str = ""


Members = Generator[Member, None, None]
"""To be closed like blocks."""


def zip_members(location: Path) -> Members:
    """Members of a zip but folders. Raises :class:`RefusedError` for a directory too large, and
    :class:`DamagedError` for one that can't be read."""
    _refuse_large_directory(location)
    try:
        archive = zipfile.ZipFile(location)
    except Exception as error:  # whatever a broken directory makes of the reader
        raise DamagedError(_fact(error)) from None
    with archive:
        for entry in archive.infolist():
            if entry.filename.endswith("/"):
                continue
            kind = stat.S_IFMT(entry.external_attr >> 16)
            reason = ""
            if entry.flag_bits & _ENCRYPTED:
                reason = "encrypted"
            elif kind not in (0, stat.S_IFREG):
                reason = "archive-link"
            elif entry.compress_type not in _ZIP_METHODS:
                reason = "damaged"
            yield Member(
                _zip_name(entry),
                lambda entry=entry: _blocks(lambda: archive.open(entry)),  # type: ignore[misc]
                entry.file_size,
                entry.compress_size,
                reason,
            )


def _refuse_large_directory(location: Path) -> None:
    """The directory is read as a whole: first what its size is said to be (APPNOTE 4.3.14-16)."""
    with location.open("rb") as stream:
        stream.seek(max(0, location.stat().st_size - 70_000))
        tail = stream.read()
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) < at + 20:
        return  # the reader will say what is wrong with it
    size = struct.unpack_from("<L", tail, at + 12)[0]
    wide = tail.rfind(_END_OF_ZIP64)
    if wide >= 0 and len(tail) >= wide + 48:
        size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, wide + 40)[0])
    if size > _MAX_DIRECTORY_BYTES:
        raise RefusedError("zip-bomb", f"{size} > {_MAX_DIRECTORY_BYTES} B")


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """The name. Many programs write UTF-8 without the mark for it, which reads as DOS letters."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def tar_members(location: Path) -> Members:
    """Members of a tar but folders. Raises :class:`DamagedError` where the file ends too early or
    a header is broken; members before that have been given."""
    with location.open("rb") as stream:
        before = -1
        try:
            bounded: Any = _ShortReads(stream)
            archive: Any = tarfile.TarFile(fileobj=bounded)
            while (entry := archive.next()) is not None:
                if entry.size < 0 or entry.offset <= before:
                    raise DamagedError(f"header at byte {entry.offset}")
                before = entry.offset
                archive.members.clear()  # kept for random access, with all of their attributes
                if sum(map(len, archive.pax_headers.values())) > _MAX_HEADER_BYTES:
                    raise DamagedError(f"headers of more than {_MAX_HEADER_BYTES} B")
                if not entry.isdir():
                    plain = entry.isreg() and not entry.issparse()
                    yield Member(
                        entry.name,
                        lambda entry=entry: _blocks(  # type: ignore[misc]
                            lambda: archive.extractfile(entry)
                        ),
                        entry.size,
                        reason="" if plain else "archive-link",
                    )
            stream.seek(archive.offset)
            if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):  # it ends there without a word
                raise DamagedError(f"header at byte {archive.offset}")
        except (DamagedError, RefusedError, GeneratorExit):
            raise
        except Exception as error:  # whatever a broken header makes of the reader
            raise DamagedError(_fact(error)) from None


class _ShortReads:
    """A file of which tarfile may not read a whole header of gigabytes into memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.seek, self.tell = stream.seek, stream.tell
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"header of {size} B")
        return self._stream.read(size)


def only_member(name: str, location: Path, compression: str, packed_bytes: int) -> Members:
    """What a compressed file holds, under ``name``."""
    yield Member(name, lambda: unzipped(location, compression), packed_bytes=packed_bytes)


def unzipped(location: Path, compression: str) -> Blocks:
    """Blocks of what a gz, bz2 or xz file holds; :class:`DamagedError` where it is broken."""
    if compression == "xz":
        return _xz_blocks(location)
    if compression == "gz":
        return _blocks(lambda: gzip.GzipFile(location))
    return _blocks(lambda: bz2.BZ2File(location))


def _blocks(opened: Callable[[], Any]) -> Blocks:
    """``opened`` gives a buffered stream. By ``read1``, so that what comes before a cut counts."""
    try:
        with opened() as stream:
            while block := stream.read1(_BLOCK_BYTES):
                yield block
    except Exception as error:  # the readers raise nine kinds of errors for damaged data
        raise DamagedError(_fact(error)) from None


def _xz_blocks(location: Path) -> Blocks:
    """By hand, for the limit of memory: a header may ask for a dictionary of four gigabytes."""
    try:
        with location.open("rb") as stream:
            packed = stream.read(_BLOCK_BYTES)
            while packed:  # one round for each of the streams that stand behind each other
                reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_DICTIONARY_BYTES)
                while not reader.eof:
                    yield reader.decompress(packed, _BLOCK_BYTES)
                    packed = b""
                    if reader.needs_input and not reader.eof:
                        packed = stream.read(_BLOCK_BYTES)
                        if not packed:
                            raise EOFError("ends too early")
                packed = reader.unused_data.lstrip(b"\0") or stream.read(_BLOCK_BYTES).lstrip(b"\0")
    except (EOFError, OSError, lzma.LZMAError, MemoryError) as error:
        raise DamagedError(_fact(error)) from None


def _fact(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:120]
