"""RTF: code pages, headings, lists, tables and footnotes."""

from __future__ import annotations

import pytest

HEADER = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\info{\title Panduan \u233?}}"


@pytest.fixture
def text_of(read, write):
    def build(body: str | bytes, header: str = HEADER):
        content = body if isinstance(body, bytes) else body.encode("ascii")
        write("a.rtf", header.encode() + b"\n" + content + b"}")
        return read("a.rtf")[0]

    return build


def test_paragraphs_headings_and_lists(text_of):
    record = text_of(
        r"\pard\s1\outlinelevel0 {\b Cuti}\par\pard Dua belas hari\line setahun.\par"
        r"\pard{\listtext\'b7\tab}Ajukan\par\pard{\listtext 2.\tab}Tunggu\par"
    )
    assert record.text == "# Cuti\n\nDua belas hari\n\nsetahun.\n\n- Ajukan\n2. Tunggu"
    assert record.title == "Panduan é"


def test_tables_have_rows_and_cells(text_of):
    row = r"\trowd\cellx1\cellx2\intbl {}\cell {}\cell\row"
    record = text_of(
        r"\pard Sebelum\par"
        + row.format("nama", "kota")
        + row.format(r"Ani\par Budi", "a|b")
        + r"\pard Sesudah\par"
    )
    assert record.text == ("Sebelum\n\n| nama | kota |\n| - | - |\n| Ani Budi | a\\|b |\n\nSesudah")


def test_footnotes_stand_at_the_end(text_of):
    record = text_of(
        r"\pard Klaim{\super\chftn}{\footnote\pard{\super\chftn} Lihat {\i sini}.}.\par"
    )
    assert record.text == "Klaim[^1].\n\n[^1]: Lihat sini."


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        (r"{\rtf1\ansi\ansicpg1251", rb"\'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (r"{\rtf1\ansi\ansicpg1251", "Привет".encode("cp1251"), "Привет"),
        (r"{\rtf1\ansi\ansicpg932", rb"\'93\'fa\'96\'7b", "日本"),
        (r"{\rtf1\ansi\uc1", rb"\u-10179?\u-8704? ok", "😀 ok"),
        (r"{\rtf1\ansi", rb"caf\'e9 \u8211- ok", "café – ok"),
    ],
)
def test_characters_come_from_the_code_page_that_is_named(text_of, header, body, expected):
    assert text_of(body, header).text == expected


def test_pictures_links_and_embedded_files_leave_no_noise(text_of):
    picture = r"{\pict\pngblip " + "89504e470d0a1a0a" * 50 + "}"
    field = r'{\field{\*\fldinst{HYPERLINK "http://example.com/"}}{\fldrslt{tautan}}}'
    assert text_of(r"\pard Lihat " + picture + field + r".\par").text == "Lihat tautan."


def test_what_is_no_rtf_is_refused(read, write):
    write("a.rtf", "Hanya teks.")
    assert read("a.rtf")[0].reason == "parser-failed"
