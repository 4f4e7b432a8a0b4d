"""OpenDocument texts and presentations."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "style": "style",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "presentation": "presentation",
        "meta": "meta",
    }.items()
)
STYLES = (
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" '
    'style:num-format="1"/><text:list-level-style-bullet text:level="2"/></text:list-style>'
    '<style:style style:name="P1" style:parent-style-name="Title"/>'
    '<style:style style:name="P2" style:parent-style-name="Preformatted_20_Text"/>'
)


@pytest.fixture
def text_of(tmp_path: Path, read):
    """The record of a file with ``body`` inside the office:text or office:presentation."""

    def build(body: str, kind: str = "text", name: str = "a.odt", meta: str = ""):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(
                "content.xml",
                f"<office:document-content {NAMESPACES}><office:automatic-styles>{STYLES}"
                f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
                "</office:body></office:document-content>",
            )
            if meta:
                package.writestr(
                    "meta.xml",
                    f"<office:document-meta {NAMESPACES} "
                    'xmlns:dc="http://purl.org/dc/elements/1.1/">'
                    f"<office:meta><dc:title>{meta}</dc:title></office:meta></office:document-meta>",
                )
        return read(name)[0]

    return build


def test_headings_paragraphs_and_code(text_of):
    record = text_of(
        '<text:p text:style-name="P1">Buku\n  panduan</text:p>'
        '<text:h text:outline-level="1">Cuti</text:h>'
        "<text:p>Dua<text:s text:c='2'/>belas<text:line-break/>hari "
        "<text:span>kerja</text:span>.</text:p>"
        '<text:p text:style-name="P2">x = 1</text:p><text:p text:style-name="P2">y = 2</text:p>'
    )
    assert record.text == (
        "# Buku panduan\n\n## Cuti\n\nDua  belas\nhari kerja.\n\n```\nx = 1\ny = 2\n```"
    )
    assert record.title == "Buku panduan"


def test_lists_have_their_numbers_and_depth(text_of):
    record = text_of(
        '<text:list text:style-name="N"><text:list-item><text:p>satu</text:p>'
        "<text:list><text:list-item><text:p>dalam</text:p></text:list-item></text:list>"
        "</text:list-item><text:list-item><text:p>dua</text:p><text:p>lanjutan</text:p>"
        "</text:list-item></text:list><text:p>Jeda</text:p>"
        '<text:list text:style-name="N" text:continue-numbering="true">'
        "<text:list-item><text:p>tiga</text:p></text:list-item></text:list>"
    )
    assert record.text == "1. satu\n  - dalam\n2. dua\n\nlanjutan\n\nJeda\n\n3. tiga"


def test_tables_repeat_merged_cells_in_both_directions(text_of):
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    covered = "<table:covered-table-cell/>"
    record = text_of(
        "<table:table><table:table-header-rows><table:table-row>"
        + cell.format(' table:number-columns-spanned="2"', "atas")
        + covered
        + cell.format("", "c")
        + "</table:table-row></table:table-header-rows><table:table-row>"
        + cell.format(' table:number-rows-spanned="2"', "kiri")
        + cell.format("", "1")
        + cell.format("", "a|b")
        + f"</table:table-row><table:table-row>{covered}"
        + cell.format("", "2")
        + "</table:table-row></table:table>"
    )
    assert record.text == (
        "| atas | atas | c |\n| - | - | - |\n| kiri | 1 | a\\|b |\n| kiri | 2 |  |"
    )


def test_notes_boxes_and_sections_are_kept_and_deletions_and_comments_are_not(text_of):
    record = text_of(
        '<text:tracked-changes><text:changed-region text:id="c"><text:deletion><text:p>lama'
        "</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>Isi 1</text:p></text:index-body>"
        "</text:table-of-content><text:section><text:p>Klaim<text:note><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>Sumbernya.</text:p></text:note-body>"
        "</text:note><office:annotation><text:p>komentar</text:p></office:annotation>."
        "<draw:frame><draw:text-box><text:p>Kotak</text:p></draw:text-box></draw:frame></text:p>"
        "</text:section>",
        meta="Judul",
    )
    assert record.text == "Klaim[^1].\n\nKotak\n\n[^1]: Sumbernya."
    assert record.title == "Judul"


def test_slides_begin_with_their_titles(text_of):
    frame = "<draw:frame{}><draw:text-box>{}</draw:text-box></draw:frame>"
    record = text_of(
        "<draw:page>"
        + frame.format(' presentation:class="outline"', "<text:p>Isi</text:p>")
        + frame.format(' presentation:class="title"', "<text:p>Salindia</text:p>")
        + frame.format(' presentation:class="footer"', "<text:p>kaki</text:p>")
        + "<presentation:notes>"
        + frame.format("", "<text:p>Catatan</text:p>")
        + "</presentation:notes></draw:page>",
        kind="presentation",
        name="a.odp",
    )
    assert record.text == "## Salindia\n\nIsi\n\nCatatan"
