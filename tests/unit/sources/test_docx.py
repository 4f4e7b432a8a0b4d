"""DOCX: what is kept, and packages that are refused before they are unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Handbook", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Twelve days a year.")
    document.add_paragraph("Ask early", style="List Bullet")
    document.add_paragraph("Ask in writing", style="List Bullet")
    document.add_paragraph("First", style="List Number")
    document.add_paragraph("Second", style="List Number")
    table = document.add_table(rows=2, cols=3)
    for column, text in enumerate(("Year", "Days", "Note")):
        table.cell(0, column).text = text
    table.cell(1, 0).text = "1"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "12 | 13"
    document.add_paragraph("After the table.")
    path = tmp_path / "handbook.docx"
    document.save(path)
    return path


def rewritten(path: Path, part: str, change) -> None:
    """``path`` with ``change`` applied to the bytes of one part."""
    source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, change(data) if entry.filename == part else data)


def test_headings_lists_and_tables_stand_where_they_stood(read, handbook):
    (document,) = read("handbook.docx")
    assert document.text == (
        "# Handbook\n\n## Leave\n\nTwelve days a year.\n\n- Ask early\n- Ask in writing\n"
        "1. First\n2. Second\n\n| Year | Days | Note |\n| - | - | - |\n"
        "| 1 | 12 \\| 13 | 12 \\| 13 |\n\nAfter the table."
    )
    assert document.title == "Handbook"


def test_insertions_controls_and_formulas_are_kept_and_deletions_are_not(read, tmp_path):
    document = docx.Document()
    body = document.element.body
    for inner in (
        "<w:ins w:id='1' w:author='x'><w:r><w:t>new </w:t></w:r></w:ins>"
        "<w:del w:id='2' w:author='x'><w:r><w:delText>old </w:delText></w:r></w:del>"
        "<w:r><w:t>text</w:t></w:r>",
        "<m:oMath><m:r><m:t>a</m:t></m:r><m:sSup><m:e><m:r><m:t>r</m:t></m:r></m:e><m:sup><m:r>"
        "<m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>",
    ):
        body.insert(0, parse_xml(f"<w:p {nsdecls('w', 'm')}>{inner}</w:p>"))
    control = f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p>"
    body.insert(0, parse_xml(control + "</w:sdtContent></w:sdt>"))
    document.save(tmp_path / "a.docx")
    assert read("a.docx")[0].text == "In a control.\n\n$ar^{2}$\n\nnew text"


def test_a_document_type_is_refused(read, handbook):
    doctype = b"<!DOCTYPE w:document [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    rewritten(handbook, "word/document.xml", lambda data: data.replace(b"?>", b"?>" + doctype, 1))
    (rejection,) = read("handbook.docx")
    assert rejection.reason == "doctype"


def test_a_bomb_is_refused_before_it_is_unpacked(read, handbook):
    with zipfile.ZipFile(handbook, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/media/image1.png", bytes(40_000_000))
    assert handbook.stat().st_size < 100_000
    (rejection,) = read("handbook.docx")
    assert rejection.reason == "zip-bomb"


def test_too_many_members_are_refused(read, handbook):
    with zipfile.ZipFile(handbook, "a") as package:
        for number in range(10_001):
            package.writestr(f"x{number}", b"")
    assert read("handbook.docx")[0].reason == "zip-bomb"


def test_a_protected_document_is_said_to_be(read, write):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    write("a.docx", ole + bytes(500) + "EncryptedPackage".encode("utf-16-le"))
    write("b.docx", ole + bytes(500))
    assert [r.reason for r in read(["a.docx", "b.docx"])] == ["encrypted", "unsupported-format"]


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04 cut short"])
def test_what_is_no_package_fails_alone(read, write, content):
    write("docs/a.docx", content)
    write("docs/b.txt", "Text.")
    broken, fine = read("docs")
    assert (broken.reason, broken.rows) == ("parser-failed", 1)
    assert fine.text == "Text."
