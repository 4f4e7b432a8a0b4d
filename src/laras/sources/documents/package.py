"""Office files that are zip archives of parts (OOXML, ODF, EPUB), and what is checked of them
before anything is unpacked.

A hundred kilobytes can unpack to gigabytes, a document type can pull in other files, and a
password makes of the package something else altogether. A part is read when it is asked for, so
pictures and macros never are.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from laras.sources.extraction import RefusedError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the older Office formats begin, and protected files of the newer ones."""
_MAX_ENTRIES = 10_000
_MAX_TOTAL_BYTES = 1 << 30
_MAX_XML_BYTES = 64 << 20  # the tree of a part takes about ten times its size
_MAX_RATIO = 200
_RATIO_MATTERS_BYTES = 4 << 20
_XML_SUFFIXES = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_NO_TITLE = re.compile(
    r"^(?:powerpoint presentation|presentasi powerpoint|(?:microsoft )?word document"
    r"|microsoft (?:word|powerpoint|excel) - .*|untitled.*)$",
    re.IGNORECASE,
)
_MANIFEST = "META-INF/manifest.xml"
_STRICT = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL = tuple(
    (_STRICT + strict, b"http://schemas.openxmlformats.org/" + transitional)
    for strict, transitional in (
        (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
        (b"officeDocument/math", b"officeDocument/2006/math"),
        (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
        (b"presentationml/main", b"presentationml/2006/main"),
        (b"spreadsheetml/main", b"spreadsheetml/2006/main"),
        (b"drawingml/main", b"drawingml/2006/main"),
        (b"drawingml/chart", b"drawingml/2006/chart"),
        (b"drawingml/diagram", b"drawingml/2006/diagram"),
        (b"drawingml/spreadsheetDrawing", b"drawingml/2006/spreadsheetDrawing"),
    )
)


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part says of another: an id, the last word of the kind ("styles"), its name."""

    id: str
    kind: str
    target: str


class Package:
    """Parts of a checked archive by their names.

    The sizes in the directory of an archive can be trusted as upper bounds: zipfile reads no
    more than they say.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        # Some programs write the names with the backslashes of their system.
        self._entries = {
            entry.filename.replace("\\", "/"): entry
            for entry in archive.infolist()
            if not entry.is_dir()
        }
        self._archive = archive

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def read(self, name: str) -> bytes:
        """The bytes of a part; raises :class:`RefusedError` for one that is absent or damaged."""
        entry = self._entries.get(name)
        if entry is None:
            raise RefusedError("parser-failed", f"no {name}")
        if entry.flag_bits & 0x1:
            raise RefusedError("encrypted")
        try:
            return self._archive.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise RefusedError("parser-failed", f"{name}: {error}") from None

    def xml(self, name: str) -> bytes:
        """An XML part that declares no document type, in the names of the usual standard where
        it was written in those of the strict one."""
        part = self.read(name)
        refuse_doctype(part, name)
        if _STRICT in part:
            for strict, transitional in _TRANSITIONAL:
                part = part.replace(strict, transitional)
        return part

    def tree(self, name: str) -> Any:
        """The root element of an XML part."""
        return parse_xml(self.xml(name))

    def relations(self, name: str = "") -> list[Relation]:
        """What the part ``name`` (or the package itself) says of other parts that are there."""
        folder, file = posixpath.split(name)
        rels = posixpath.join(folder, "_rels", f"{file}.rels")
        if rels not in self._entries:
            return []
        found = []
        for item in self.tree(rels).iterchildren("{*}Relationship"):
            if item.get("TargetMode") == "External":
                continue
            given = unquote(item.get("Target") or "").replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/", folder, given)).lstrip("/")
            if target in self._entries:
                kind = (item.get("Type") or "").rpartition("/")[2]
                found.append(Relation(item.get("Id") or "", kind, target))
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Names of the parts that the part ``name`` calls its ``kind``."""
        return [relation.target for relation in self.relations(name) if relation.kind == kind]

    def main_part(self) -> str:
        """The part with which an OOXML document begins."""
        parts = self.related("", "officeDocument")
        if not parts:
            raise RefusedError("parser-failed", "no main part")
        return parts[0]

    def title(self) -> str:
        """The title among the properties of an OOXML document."""
        for name in self.related("", "core-properties"):
            found = self.tree(name).findtext("{http://purl.org/dc/elements/1.1/}title")
            title = " ".join((found or "").split())
            return "" if _NO_TITLE.match(title) else title
        return ""

    def unpacked(self, suffixes: tuple[str, ...], instead: Mapping[str, bytes]) -> io.BytesIO:
        """An archive of the XML and of the parts whose names end so, not compressed: for a parser
        that unpacks by itself and might believe in sizes that no one has checked. ``instead`` has
        other bytes for some parts."""
        result = io.BytesIO()
        with zipfile.ZipFile(result, "w") as copy:
            for name in self._entries:
                if name in instead:
                    copy.writestr(name, instead[name])
                elif name.endswith((".xml", ".rels")) and name != _MANIFEST:
                    copy.writestr(name, self.xml(name))
                elif name.endswith(suffixes) or name in (_MANIFEST, "mimetype"):
                    copy.writestr(name, self.read(name))
        result.seek(0)
        return result


def open_package(path: Path, *, max_xml_bytes: int = _MAX_XML_BYTES) -> Package:
    """The package at ``path``, after what could harm has been ruled out."""
    with path.open("rb") as stream:
        beginning = stream.read(len(OLE))
    if beginning == OLE:
        refuse_protected(path.read_bytes())
        raise RefusedError("unsupported-format", "doc / ppt")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RefusedError("parser-failed", str(error)) from None
    _refuse_bombs(archive.infolist(), max_xml_bytes)
    package = Package(archive)
    # OpenDocument encrypts part by part. (Its older manifests have a document type, which is not
    # looked at here.)
    if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
        raise RefusedError("encrypted")
    return package


def refuse_protected(ole: bytes) -> None:
    """Refuse a newer Office file that a password has turned into an older container."""
    if "EncryptedPackage".encode("utf-16-le") in ole:
        raise RefusedError("encrypted")


def refuse_doctype(part: bytes, name: str) -> None:
    """Refuse XML with a document type: it could name entities and other files."""
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        if "<!DOCTYPE".encode(encoding) in part:
            raise RefusedError("doctype", name)


def parse_xml(part: bytes) -> Any:
    """The root element; nothing is fetched, no entity is resolved."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(part, parser)
    except etree.XMLSyntaxError as error:
        raise RefusedError("parser-failed", f"XML: {error.msg}") from None


def _refuse_bombs(entries: list[zipfile.ZipInfo], max_xml_bytes: int) -> None:
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
    xml = sum(entry.file_size for entry in entries if entry.filename.endswith(_XML_SUFFIXES))
    if xml > max_xml_bytes:
        raise RefusedError("zip-bomb", f"XML: {xml} > {max_xml_bytes} B")
