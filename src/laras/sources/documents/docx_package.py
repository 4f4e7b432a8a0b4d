"""What is checked in a DOCX package before anything of it is unpacked or parsed.

A hundred kilobytes can unpack to gigabytes, a document type can pull in other files, and a
password makes of the package something else altogether.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from laras.sources.extraction import RefusedError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_ENTRIES = 10_000
_MAX_TOTAL_BYTES = 1 << 30
_MAX_XML_BYTES = 64 << 20  # the tree of a part takes about ten times its size
_MAX_RATIO = 200
_RATIO_MATTERS_BYTES = 4 << 20
_STRICT = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
)


def checked_package(path: Path) -> io.BytesIO:
    """The file's bytes, after what could harm has been ruled out.

    The sizes in the directory of an archive can be trusted as upper bounds: zipfile reads no
    more than they say.
    """
    data = path.read_bytes()
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise RefusedError("encrypted")
        raise RefusedError("unsupported-format", "doc")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise RefusedError("parser-failed", str(error)) from None
    with archive:
        entries = archive.infolist()
        _refuse_bombs(entries)
        xml: dict[str, bytes] = {}
        for entry in entries:
            if entry.flag_bits & 0x1:
                raise RefusedError("encrypted")
            if entry.filename.endswith((".xml", ".rels")):
                part = archive.read(entry)
                _refuse_doctype(part, entry.filename)
                xml[entry.filename] = part
        if not any(_STRICT in part for part in xml.values()):
            return io.BytesIO(data)
        return _transitional(archive, xml)


def _refuse_bombs(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise RefusedError("zip-bomb", f"{len(entries)} > {_MAX_ENTRIES}")
    total = sum(entry.file_size for entry in entries)
    if total > _MAX_TOTAL_BYTES:
        raise RefusedError("zip-bomb", f"{total} > {_MAX_TOTAL_BYTES} B")
    for entry in entries:
        big = entry.file_size > _RATIO_MATTERS_BYTES
        if big and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            ratio = entry.file_size // max(entry.compress_size, 1)
            raise RefusedError("zip-bomb", f"{entry.filename}: {ratio} : 1")
    xml = sum(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels")))
    if xml > _MAX_XML_BYTES:
        raise RefusedError("zip-bomb", f"XML: {xml} > {_MAX_XML_BYTES} B")


def _refuse_doctype(part: bytes, name: str) -> None:
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        if "<!DOCTYPE".encode(encoding) in part:
            raise RefusedError("doctype", name)


def _transitional(archive: zipfile.ZipFile, xml: dict[str, bytes]) -> io.BytesIO:
    """The package with the names of the strict standard replaced by those python-docx knows."""
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as rewritten:
        for entry in archive.infolist():
            part = xml.get(entry.filename)
            if part is None:
                rewritten.writestr(entry.filename, archive.read(entry))
                continue
            for strict, transitional in _TRANSITIONAL:
                part = part.replace(strict, transitional)
            rewritten.writestr(entry.filename, part)
    result.seek(0)
    return result
