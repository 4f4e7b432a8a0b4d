"""DOCX: what a reader of the document sees beyond plain paragraphs."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls


@pytest.fixture
def built(tmp_path: Path, read):
    """The text of a document whose body begins with some XML, or that ``change`` made."""

    def build(*paragraphs: str, change=None) -> str:
        document = docx.Document()
        for inner in reversed(paragraphs):
            document.element.body.insert(0, parse_xml(inner))
        if change:
            change(document)
        document.save(tmp_path / "a.docx")
        return read("a.docx")[0].text

    return build


def paragraph(inner: str, style: str = "") -> str:
    properties = f"<w:pPr><w:pStyle w:val='{style}'/></w:pPr>" if style else ""
    return f"<w:p {nsdecls('w', 'm', 'r')}>{properties}{inner}</w:p>"


def run(text: str, font: str = "") -> str:
    properties = f"<w:rPr><w:rFonts w:ascii='{font}'/></w:rPr>" if font else ""
    return f"<w:r>{properties}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def item(text: str, list_id: int, level: int = 0) -> str:
    return (
        f"<w:p {nsdecls('w')}><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{list_id}'/>"
        f"</w:numPr></w:pPr>{run(text)}</w:p>"
    )


def numbered(document) -> None:
    """Lists 901 and 902 share a definition of two levels; 903 starts it anew at 5."""
    levels = "".join(
        f"<w:lvl w:ilvl='{level}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
        for level, kind, text in ((0, "decimal", "%1."), (1, "lowerLetter", "%1.%2)"))
    )
    root = document.part.numbering_part.element
    root.insert(
        0,
        parse_xml(f"<w:abstractNum {nsdecls('w')} w:abstractNumId='900'>{levels}</w:abstractNum>"),
    )
    anew = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='5'/></w:lvlOverride>"
    for list_id, override in ((901, ""), (902, ""), (903, anew)):
        root.append(
            parse_xml(
                f"<w:num {nsdecls('w')} w:numId='{list_id}'><w:abstractNumId w:val='900'/>"
                f"{override}</w:num>"
            )
        )


def test_numbers_of_a_list_are_those_that_word_shows(built):
    text = built(
        item("Pendahuluan", 901),
        item("Latar belakang", 901, 1),
        item("Tujuan", 901, 1),
        item("Metode", 902),
        item("Contoh", 902, 1),
        item("Lampiran", 903),
        change=numbered,
    )
    assert text == (
        "1. Pendahuluan\n  1.a) Latar belakang\n  1.b) Tujuan\n2. Metode\n  2.a) Contoh\n"
        "5. Lampiran"
    )


def test_notes_are_marked_in_the_text_and_stand_at_its_end(built):
    def add(document) -> None:
        notes = (
            f"<w:footnotes {nsdecls('w')}><w:footnote w:id='2'><w:p>{run('See the annex.')}</w:p>"
            "</w:footnote></w:footnotes>"
        )
        part = Part(
            PackURI("/word/footnotes.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
            notes.encode(),
            document.part.package,
        )
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)

    reference = "<w:r><w:footnoteReference w:id='2'/></w:r>"
    text = built(paragraph(run("A claim") + reference + run(".")), change=add)
    assert text == "A claim[^1].\n\n[^1]: See the annex."


def test_code_is_told_by_its_style_or_its_letters_and_signs(built):
    text = built(
        paragraph(run("def f():", "Consolas")),
        paragraph(run("    return 1", "Consolas")),
        paragraph(run("A letter from an old typewriter", "Courier New")),
    )
    assert text == "```\ndef f():\n    return 1\n```\n\nA letter from an old typewriter"


def test_a_table_keeps_its_grid_where_rows_begin_late_or_hold_tables(built):
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{run(text)}</w:p></w:tc>"

    inner = f"<w:tbl><w:tr>{cell('x')}{cell('y')}</w:tr></w:tbl>"
    nested = f"<w:tc><w:p>{run('has')}</w:p>{inner}<w:p/></w:tc>"
    deleted = "<w:tr><w:trPr><w:del w:id='1' w:author='a'/></w:trPr>" + cell("gone") + "</w:tr>"
    text = built(
        f"<w:tbl {nsdecls('w')}><w:tr>{cell('A')}{cell('B')}</w:tr>"
        f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{cell('late')}</w:tr>"
        f"<w:tr>{cell('n')}{nested}</w:tr>{deleted}</w:tbl>"
    )
    assert text == "| A | B |\n| - | - |\n|  | late |\n| n | has x y |"


def test_text_boxes_hidden_text_and_symbols(built):
    box = (
        "<w:r><w:pict xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent><w:p>"
        f"{run('In a box.')}</w:p></w:txbxContent></v:textbox></w:pict></w:r>"
    )
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
    tick = "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/></w:r>"
    assert built(paragraph(run("Done ") + tick + hidden + box)) == "Done ✓\n\nIn a box."


def test_a_numbered_heading_keeps_its_number(built):
    heading = item("Ruang lingkup", 901).replace(
        "<w:pPr>", "<w:pPr><w:pStyle w:val='Heading1'/>", 1
    )
    assert built(heading, change=numbered) == "# 1. Ruang lingkup"


def test_a_formula_by_itself_and_one_in_a_line(built):
    fraction = (
        "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>π</m:t></m:r></m:den></m:f>"
    )
    text = built(
        paragraph(f"<m:oMathPara><m:oMath>{fraction}</m:oMath></m:oMathPara>"),
        paragraph(run("so ") + f"<m:oMath>{fraction}</m:oMath>" + run(".")),
    )
    assert text == "$$\\frac{1}{\\pi}$$\n\nso $\\frac{1}{\\pi}$."


def test_the_macro_form_is_read_and_its_macros_are_not(built, tmp_path, read):
    built(paragraph(run("With macros.")))
    (tmp_path / "a.docx").rename(tmp_path / "b.docm")
    assert read("b.docm")[0].text == "With macros."
