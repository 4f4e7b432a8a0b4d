"""Packages that would harm: refused before they are unpacked, whatever they call themselves."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import docx
import pptx
import pytest
import xlsxwriter

from laras.records import Rejection
from laras.sources.parsing import ParserLimits

PARTS = {
    "docx": "word/document.xml",
    "pptx": "ppt/slides/slide1.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "epub": "OEBPS/one.xhtml",
}
ODF = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body>{}</office:body>'
    "</office:document-content>"
)
BODIES = {
    "odt": "<office:text><text:p>Harmless.</text:p></office:text>",
    "ods": '<office:spreadsheet><table:table table:name="S"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>Harmless.</text:p></table:table-cell>'
    "</table:table-row></table:table>"
    "</office:spreadsheet>",
}


def harmless(suffix: str) -> dict[str, bytes]:
    """The parts of a small good file."""
    stream = io.BytesIO()
    if suffix == "docx":
        document = docx.Document()
        document.add_paragraph("Harmless.")
        document.save(stream)
    elif suffix == "pptx":
        presentation = pptx.Presentation()
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = "Harmless."
        presentation.save(stream)
    elif suffix == "xlsx":
        with xlsxwriter.Workbook(stream) as book:
            book.add_worksheet().write(0, 0, "Harmless.")
    elif suffix in BODIES:
        manifest = '<m xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        with zipfile.ZipFile(stream, "w") as package:
            package.writestr("content.xml", ODF.format(BODIES[suffix]))
            package.writestr("META-INF/manifest.xml", manifest)
            kind = "text" if suffix == "odt" else "spreadsheet"
            package.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
    else:
        with zipfile.ZipFile(stream, "w") as package:
            package.writestr(
                "META-INF/container.xml", '<c><rootfile full-path="OEBPS/book.opf"/></c>'
            )
            package.writestr(
                "OEBPS/book.opf",
                '<p><manifest><item id="i" href="one.xhtml" media-type="application/xhtml+xml"/>'
                '</manifest><spine><itemref idref="i"/></spine></p>',
            )
            package.writestr("OEBPS/one.xhtml", "<html><body><p>Harmless.</p></body></html>")
    archive = zipfile.ZipFile(stream)
    return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return path


@pytest.fixture
def read_safely(read):
    """Reads in a child with little memory and time."""
    return lambda names: read(names, limits=ParserLimits(timeout_s=20, memory_bytes=768 << 20))


@pytest.fixture
def outcomes(read_safely, tmp_path):
    """What becomes of a file of each kind after ``change(suffix, parts)`` gave other parts, or
    ``damage(path)`` changed the file: texts and reasons by suffix."""

    def build(change=None, damage=None, suffixes=tuple(PARTS)) -> dict[str, str]:
        for suffix in suffixes:
            parts = harmless(suffix)
            path = packed(change(suffix, parts) if change else parts, tmp_path / f"a.{suffix}")
            if damage:
                damage(path)
        found = {}
        for record in read_safely([f"a.{suffix}" for suffix in suffixes]):
            text = record.reason if isinstance(record, Rejection) else record.text
            assert "kenari" not in str(record)  # what the canary's file holds
            assert found.setdefault(record.path.rpartition(".")[2], text) is text
        return found

    return build


def test_harmless_files_are_read(outcomes):
    assert {suffix: text[-9:] for suffix, text in outcomes().items()} == dict.fromkeys(
        PARTS, "Harmless."
    )


def test_a_part_that_unpacks_to_far_more_is_refused(outcomes, tmp_path):
    def change(suffix, parts):
        return {**parts, PARTS[suffix]: parts[PARTS[suffix]] + b" " * 20_000_000}

    assert outcomes(change) == dict.fromkeys(PARTS, "zip-bomb")
    assert all(path.stat().st_size < 100_000 for path in tmp_path.iterdir())


def test_too_many_parts_are_refused(outcomes):
    def change(_suffix, parts):
        return {**parts, **{f"x/{number}": b"" for number in range(10_001)}}

    assert outcomes(change, suffixes=("docx", "xlsx", "epub")) == dict.fromkeys(
        ("docx", "xlsx", "epub"), "zip-bomb"
    )


def test_a_document_type_is_refused_and_what_it_names_is_not_read(outcomes, tmp_path):
    (tmp_path / "canary.txt").write_text("sang kenari")
    canary = (tmp_path / "canary.txt").as_uri()
    doctype = f'<!DOCTYPE x [<!ENTITY bird SYSTEM "{canary}">]>'.encode()
    suffixes = ("docx", "pptx", "xlsx", "odt", "ods")

    def change(suffix, parts):
        part = parts[PARTS[suffix]].replace(b"Harmless.", b"&bird;")
        start = part.index(b"?>") + 2 if part.startswith(b"<?xml") else 0
        return {**parts, PARTS[suffix]: part[:start] + doctype + part[start:]}

    assert outcomes(change, suffixes=suffixes) == dict.fromkeys(suffixes, "doctype")


def test_a_file_cut_short_fails(outcomes):
    def damage(path):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert outcomes(damage=damage) == dict.fromkeys(PARTS, "parser-failed")


def test_a_damaged_part_fails(outcomes):
    def damage(path):
        entry = zipfile.ZipFile(path).getinfo(PARTS[path.suffix[1:]])
        data = bytearray(path.read_bytes())
        start = entry.header_offset + 30 + len(entry.filename)
        data[start + 5 : start + 25] = bytes(20)
        path.write_bytes(data)

    assert outcomes(damage=damage) == dict.fromkeys(PARTS, "parser-failed")


def test_entities_of_a_book_are_neither_loaded_nor_multiplied(read_safely, tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("sang kenari")
    parts = harmless("epub")
    laughs = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    doctype = (
        f'<!DOCTYPE html [<!ENTITY bird SYSTEM "{canary.as_uri()}"><!ENTITY l0 "ha">{laughs}]>'
    ).encode()
    for part in ("OEBPS/one.xhtml", "OEBPS/book.opf"):
        parts[part] = doctype + parts[part].replace(b"Harmless.", b"Harmless. &bird; &l9;")
    packed(parts, tmp_path / "a.epub")
    (record,) = read_safely("a.epub")
    assert record.text.startswith("Harmless.")
    assert len(record.text) < 100
    assert "kenari" not in record.text


@pytest.mark.parametrize("suffix", PARTS)
def test_a_file_cut_short_fails_alone(read_safely, tmp_path, suffix):
    path = packed(harmless(suffix), tmp_path / f"a.{suffix}")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    packed(harmless(suffix), tmp_path / f"b.{suffix}")
    broken, fine = read_safely([f"a.{suffix}", f"b.{suffix}"])
    assert broken.reason == "parser-failed"
    assert "Harmless." in fine.text


@pytest.mark.parametrize("suffix", PARTS)
def test_a_damaged_part_fails_alone(read_safely, tmp_path, suffix):
    path = packed(harmless(suffix), tmp_path / f"a.{suffix}")
    entry = zipfile.ZipFile(path).getinfo(PARTS[suffix])
    data = bytearray(path.read_bytes())
    start = entry.header_offset + 30 + len(entry.filename)
    data[start + 5 : start + 25] = bytes(20)
    path.write_bytes(data)
    assert read_safely(f"a.{suffix}")[0].reason in ("parser-failed", "empty")


def test_a_password_is_named(read_safely, write):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    names = ["a.docx", "a.pptx", "a.xls", "a.xlsx"]
    for name in names:
        write(name, ole + "EncryptedPackage".encode("utf-16-le"))
    assert [record.reason for record in read_safely(names)] == ["encrypted"] * 4


def test_a_password_of_an_open_document_is_named(outcomes):
    manifest = (
        b'<m xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        b'<file-entry full-path="content.xml"><encryption-data/></file-entry></m>'
    )

    def change(_suffix, parts):
        return {**parts, "META-INF/manifest.xml": manifest}

    suffixes = ("odt", "ods")
    assert outcomes(change, suffixes=suffixes) == dict.fromkeys(suffixes, "encrypted")


def test_sizes_that_lie_are_not_believed(read_safely, tmp_path):
    """The directory says 1,000 bytes; what is packed unpacks to 50 million."""
    parts = harmless("xlsx")
    parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * 50_000_000
    path = packed(parts, tmp_path / "a.xlsx")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/sharedStrings.xml"))
    data[at + 24 : at + 28] = struct.pack("<L", 1000)
    path.write_bytes(data)
    assert read_safely("a.xlsx")[0].reason == "parser-failed"


def test_a_sheet_that_repeats_one_cell_without_end_is_refused(read_safely, tmp_path):
    parts = harmless("ods")
    parts["content.xml"] = (
        parts["content.xml"]
        .replace(b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1048576">')
        .replace(b"<table:table-cell ", b'<table:table-cell table:number-columns-repeated="16384" ')
    )
    packed(parts, tmp_path / "a.ods")
    assert read_safely("a.ods")[0].reason in ("parser-failed", "too-much-text")


def test_a_document_nested_ten_thousand_deep_fails_alone(read_safely, tmp_path):
    parts = harmless("odt")
    deep = b"<text:section>" * 10_000 + b"</text:section>" * 10_000
    parts["content.xml"] = parts["content.xml"].replace(b"<text:p>", deep + b"<text:p>")
    packed(parts, tmp_path / "a.odt")
    packed(harmless("odt"), tmp_path / "b.odt")
    broken, fine = read_safely(["a.odt", "b.odt"])
    assert broken.reason == "parser-failed"
    assert "Harmless." in fine.text
