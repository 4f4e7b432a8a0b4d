"""Scanned pages with character recognition: asked for, absent, and for real where installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from laras.errors import UsageError
from laras.records import Document, Rejection

INSTALLED = find_spec("rapidocr_onnxruntime") is not None
LINES = [
    "Rapat anggota dimulai pukul sembilan pagi di balai desa.",
    "Ketua membuka rapat dan membacakan laporan keuangan",
    "tahun berjalan kepada seluruh anggota yang hadir.",
]


def scan(path: Path) -> None:
    picture = Image.new("RGB", (1240, 1754), "white")
    pen = ImageDraw.Draw(picture)
    for at, text in enumerate(LINES):
        pen.text((120, 200 + 60 * at), text, font=ImageFont.load_default(30), fill="black")
    canvas = Canvas(str(path), pagesize=A4)
    canvas.drawImage(ImageReader(picture), 0, 0, *A4)
    canvas.showPage()
    canvas.save()


@pytest.mark.skipif(INSTALLED, reason="character recognition is installed")
def test_a_recipe_that_asks_for_recognition_without_it_is_told_at_once(read, tmp_path):
    scan(tmp_path / "a.pdf")
    with pytest.raises(UsageError) as caught:
        read("a.pdf", ocr=True)
    assert caught.value.identifier == "sources.ocr-absent"
    assert "laras[ocr]" in (caught.value.hint or "")


@pytest.mark.skipif(find_spec("docling") is not None, reason="docling is installed")
def test_a_recipe_that_asks_for_docling_without_it_is_told_at_once(read, tmp_path):
    scan(tmp_path / "a.pdf")
    with pytest.raises(UsageError) as caught:
        read("a.pdf", pdf_parser="docling")
    assert caught.value.identifier == "sources.docling-absent"


@pytest.mark.skipif(not INSTALLED, reason="needs laras[ocr]")
@pytest.mark.parametrize("kind", ["documents", "articles"])
def test_a_scan_is_read_from_its_picture(read, tmp_path, kind):
    scan(tmp_path / "a.pdf")
    records = read("a.pdf", kind, ocr=True)
    (note,) = [record for record in records if isinstance(record, Rejection)]
    (document,) = [record for record in records if isinstance(record, Document)]
    assert (note.reason, note.locator, note.rows) == ("recognised", "page 1", 0)
    found = "".join(document.text.split()).lower()
    assert "rapatanggotadimulaipukulsembilanpagidibalaidesa" in found
    assert "tahunberjalankepadaseluruhanggotayanghadir" in found
