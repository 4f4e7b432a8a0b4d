"""EPUB: chapters in the order of the spine."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
PAGE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
    '"http://127.0.0.1:9/xhtml11.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
    '<script src="x.js"/></head><body>{}</body></html>'
)
METADATA = (
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Kumpulan\n Cerita</dc:title>'
    "<dc:creator>Sari Dewi</dc:creator><dc:creator>Budi</dc:creator><dc:language>id</dc:language>"
    "<dc:date>2021-05-01</dc:date></metadata>"
)


@pytest.fixture
def book(tmp_path: Path, read):
    """The records of a book of pages; ``properties`` of its manifest by name."""

    def build(pages: dict[str, str], extra: str = "", files: dict[str, str] | None = None, **more):
        items = "".join(
            f'<item id="i{number}" href="{name}" media-type="application/xhtml+xml" '
            f'properties="{more.get(name.split(".")[0], "")}"/>'
            for number, name in enumerate(pages)
        )
        spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(pages)))
        opf = (
            f'<package xmlns="http://www.idpf.org/2007/opf">{METADATA}<manifest>{items}</manifest>'
            f"<spine>{spine}</spine>{extra}</package>"
        )
        with zipfile.ZipFile(tmp_path / "a.epub", "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("mimetype", "application/epub+zip")
            package.writestr("META-INF/container.xml", CONTAINER)
            package.writestr("OEBPS/book.opf", opf)
            for name, body in pages.items():
                package.writestr(f"OEBPS/{name.replace('%20', ' ')}", PAGE.format(body))
            for name, content in (files or {}).items():
                package.writestr(name, content)
        return read("a.epub")

    return build


def test_chapters_follow_the_spine_with_title_and_authors(book):
    (record,) = book(
        {
            "z%20one.xhtml": "<h1>Satu</h1><p>Awal&nbsp;cerita.<a id='p1'/> Lanjut.</p>",
            "a.xhtml": "<p>Dua.</p>",
        }
    )
    assert record.text == "# Satu\n\nAwal cerita. Lanjut.\n\nDua."
    assert record.title == "Kumpulan Cerita"
    assert record.metadata == {
        "title": "Kumpulan Cerita",
        "authors": "Sari Dewi; Budi",
        "language": "id",
        "year": "2021",
    }


def test_contents_and_cover_are_left_out(book):
    guide = '<guide><reference type="cover" href="cover.xhtml"/></guide>'
    (record,) = book(
        {"cover.xhtml": "<p>Sampul</p>", "nav.xhtml": "<p>Bab 1</p>", "one.xhtml": "<p>Isi</p>"},
        extra=guide,
        nav="nav",
    )
    assert record.text == "Isi"


def test_a_protected_book_is_said_to_be_and_one_with_hidden_fonts_is_read(book):
    encryption = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData><e:CipherData>'
        '<e:CipherReference URI="{}"/></e:CipherData></e:EncryptedData></encryption>'
    )
    pages = {"one.xhtml": "<p>Isi</p>"}
    (locked,) = book(pages, files={"META-INF/encryption.xml": encryption.format("OEBPS/one.xhtml")})
    assert locked.reason == "encrypted"
    (open_book,) = book(pages, files={"META-INF/encryption.xml": encryption.format("OEBPS/f.otf")})
    assert open_book.text == "Isi"
