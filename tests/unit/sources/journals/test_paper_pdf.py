"""PDF of papers: title, abstract and sections stay; what is about the paper goes, counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, PageTemplate, Paragraph

from laras.records import Document

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10, leading=12, alignment=4)
HEADING = ParagraphStyle("heading", fontName="Times-Bold", fontSize=10, leading=16)
TITLE = ParagraphStyle("title", fontName="Times-Bold", fontSize=18, leading=22, alignment=1)
SENTENCES = [
    "Petani di lembah itu membagi air menurut giliran yang disepakati bersama setiap musim tanam.",
    "Hasil panen naik ketika saluran dibersihkan sebelum hujan pertama turun di hulu sungai.",
    "Data dikumpulkan dari empat puluh petak yang dipilih secara acak pada dua kecamatan.",
    "Setiap petak diukur tinggi airnya pada pagi dan sore hari selama seratus hari penuh.",
]
PROSE = " ".join(SENTENCES)


def write_paper(path: Path) -> None:
    parts = [
        Paragraph("Pengaruh Pembagian Air terhadap Hasil Panen Padi di Lahan Kering", TITLE),
        Paragraph("Sari Wulandari, Budi Hartono", BODY),
        Paragraph("Fakultas Pertanian, Universitas Contoh, Kota Contoh", BODY),
        Paragraph("Email: sari@contoh.example", BODY),
        Paragraph(f"<b>Abstrak</b>: {PROSE}", BODY),
        FrameBreak(),
        Paragraph("1. PENDAHULUAN", HEADING),
        *[Paragraph(f"{PROSE} Hal ini sejalan<super>3,4</super> dengan teori.", BODY)] * 4,
        Paragraph("2. METODE", HEADING),
        *[Paragraph(PROSE, BODY)] * 5,
        Paragraph("3. SIMPULAN", HEADING),
        Paragraph(PROSE, BODY),
        Paragraph("Ucapan Terima Kasih", HEADING),
        Paragraph("Penulis berterima kasih kepada warga.", BODY),
        Paragraph("DAFTAR PUSTAKA", HEADING),
        *[
            Paragraph(f"[{n}] A. Penulis, Judul ke-{n}, Jurnal Contoh, 2019.", BODY)
            for n in range(9)
        ],
        Paragraph("LAMPIRAN", HEADING),
        Paragraph(PROSE, BODY),
    ]

    def edges(canvas, document) -> None:
        canvas.setFont("Times-Roman", 8)
        canvas.drawString(60, 812, "Jurnal Contoh, Vol. 3 No. 2, 2021, DOI: 10.55555/jcp.v3i2.77")
        canvas.drawCentredString(297, 25, str(document.page + 100))

    document = BaseDocTemplate(str(path), pagesize=A4)
    columns = [Frame(50, 50, 240, 500), Frame(305, 50, 240, 500)]
    first = PageTemplate("first", [Frame(50, 560, 495, 240), *columns], onPage=edges)
    document.addPageTemplates([first])
    document.build(parts)


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    write_paper(folder / "a.pdf")
    return folder


def test_a_paper_in_two_columns_keeps_what_is_to_be_read(read, paper):
    records = read("a.pdf", "articles", folder=paper)
    (document,) = [record for record in records if isinstance(record, Document)]
    title = "Pengaruh Pembagian Air terhadap Hasil Panen Padi di Lahan Kering"
    blocks = document.text.split("\n\n")
    assert blocks[:4] == [f"# {title}", "## Abstrak", PROSE, "## 1. PENDAHULUAN"]
    assert [block for block in blocks if block.startswith("## ")] == [
        "## Abstrak",
        "## 1. PENDAHULUAN",
        "## 2. METODE",
        "## 3. SIMPULAN",
        "## LAMPIRAN",
    ]
    assert blocks[4] == f"{PROSE} Hal ini sejalan dengan teori."
    for gone in ("Universitas Contoh", "sari@", "berterima", "A. Penulis", "Jurnal Contoh", "102"):
        assert gone not in document.text
    assert document.metadata["doi"] == "10.55555/jcp.v3i2.77"
    assert document.metadata["year"] == "2021"
    assert document.group == "doi:10.55555/jcp.v3i2.77"
    counted = {record.detail.split(": ")[0] for record in records[:-1]}
    assert counted == {
        "acknowledgements",
        "authors and affiliations",
        "citation marks",
        "headers and footers",
        "page numbers",
        "references",
    }


def test_the_same_file_under_documents_is_left_whole(read, paper):
    records = read("a.pdf", folder=paper)
    (document,) = [record for record in records if isinstance(record, Document)]
    assert "A. Penulis, Judul ke-3" in document.text
    assert document.group is None


def test_the_numbers_of_a_manuscripts_lines_go(read, tmp_path):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Times-Roman", 10)
    words = f"{PROSE} {PROSE}".split()
    for at in range(12):
        canvas.drawRightString(50, 700 - 20 * at, str(at + 1))
        canvas.drawString(80, 700 - 20 * at, " ".join(words[8 * at : 8 * at + 8]))
    canvas.showPage()
    canvas.save()
    note, document = read("a.pdf", "articles")
    assert note.detail.endswith("line numbers: 12")
    assert not any(character.isdigit() for character in document.text)
    assert " ".join(words[:12]) in document.text
