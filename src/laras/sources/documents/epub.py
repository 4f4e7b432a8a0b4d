"""EPUB: the chapters of a book in the order in which they are read, without cover and contents.

Chapters are web pages in XHTML, whose document type is customary here: it is passed over, and
nothing that it names is loaded. Runs in the child process (see worker.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from laras.sources.documents.html import decoded_page
from laras.sources.documents.html_text import page_text
from laras.sources.documents.package import Package, open_package, parse_xml
from laras.sources.extraction import Extracted, RefusedError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_NOT_READ = ("cover", "toc", "copyright-page-image")
_YEAR = re.compile(r"\b(\d{4})\b")
_VOID_TAGS = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_TAGS.split())
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_CLOSED_AT_ONCE = re.compile(r"<([A-Za-z][\w.-]*)((?:\s[^<>]*?)?)\s*/>")


def extract(path: Path) -> Extracted:
    """The text of a book, with its title, authors, language and year."""
    package = open_package(path)
    root = parse_xml(package.read(_CONTAINER))
    opf = next((found.get("full-path") for found in root.iter("{*}rootfile")), None)
    if opf is None:
        raise RefusedError("parser-failed", "no rootfile")
    book = parse_xml(package.read(opf))
    chapters = list(_chapters(book, posixpath.dirname(opf), package))
    _refuse_protected(package, set(chapters))
    texts: list[str] = []
    notes: list[tuple[str, str, str]] = []
    for chapter in chapters:
        try:
            page = decoded_page(package.read(chapter))
        except RefusedError as error:
            notes.append((error.reason, chapter, error.fact))
            continue
        texts.append(page_text(_as_html(page.text)).text)
    if notes and not any(texts):
        reason, chapter, fact = notes[0]
        raise RefusedError(reason, f"{chapter}: {fact}")
    metadata = _metadata(book)
    return Extracted(
        text="\n\n".join(text for text in texts if text),
        title=metadata.get("title", ""),
        metadata=metadata,
        notes=tuple(notes),
    )


def _chapters(book: Any, folder: str, package: Package) -> Iterator[str]:
    """Names of the parts to read, in the order of the spine."""
    items = {item.get("id"): item for item in book.iterfind("{*}manifest/{*}item")}
    left_out = {
        posixpath.normpath(posixpath.join(folder, unquote(guide.get("href", "")).split("#")[0]))
        for guide in book.iterfind("{*}guide/{*}reference")
        if guide.get("type", "").lower() in _NOT_READ
    }
    seen: set[str] = set()
    for reference in book.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES:
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        is_contents = "nav" in item.get("properties", "").split()
        if name in package and name not in seen and name not in left_out and not is_contents:
            seen.add(name)
            yield name


def _refuse_protected(package: Package, chapters: set[str]) -> None:
    """Refuse a book whose chapters are encrypted; fonts that are do no harm."""
    if _ENCRYPTION not in package:
        return
    for reference in parse_xml(package.read(_ENCRYPTION)).iter("{*}CipherReference"):
        if posixpath.normpath(unquote(reference.get("URI", ""))) in chapters:
            raise RefusedError("encrypted")


def _as_html(page: str) -> str:
    """XHTML may close an element where it opens it, and have entities in its document type; read
    as HTML, the rest of the page would stand in the one, and the other on the page."""

    def closed(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name.lower() in _VOID else f"<{name}{match[2]}></{name}>"

    return _CLOSED_AT_ONCE.sub(closed, _DOCTYPE.sub("", page, count=1))


def _metadata(book: Any) -> dict[str, str]:
    def values(name: str) -> list[str]:
        found = (" ".join("".join(item.itertext()).split()) for item in book.iter(f"{_DC}{name}"))
        return [value for value in found if value]

    year = next((match[1] for value in values("date") if (match := _YEAR.search(value))), "")
    facts = {
        "title": next(iter(values("title")), ""),
        "authors": "; ".join(values("creator")),
        "language": next(iter(values("language")), ""),
        "publisher": next(iter(values("publisher")), ""),
        "year": year,
    }
    return {name: value for name, value in facts.items() if value}
