"""PDF: lines to paragraphs, what repeats on pages, and pages without text."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from laras.records import Document
from laras.sources.documents.pdf_layout import join_pages
from laras.sources.documents.pdf_lines import Line

WIDTH, HEIGHT = A4


def lines(*texts: str, size: float = 10.0, top: float = 150.0) -> list[Line]:
    """Lines of full width, 12 points apart; a shorter text ends further left."""
    widest = max(len(text) for text in texts)
    return [
        Line(text, 70, 70 + 400 * len(text) / widest, top + 12 * n, size, (top + 12 * n) / 800)
        for n, text in enumerate(texts)
    ]


def write_pdf(path: Path, pages: list[list[tuple[float, float, str]]], **settings) -> None:
    """Pages of (distance from the top, size of letters, text)."""
    canvas = Canvas(str(path), pagesize=A4, **settings)
    for page in pages:
        for down, size, text in page:
            canvas.setFont("Helvetica", size)
            canvas.drawString(70, HEIGHT - down, text)
        canvas.showPage()
    canvas.save()


BODY = [
    "The committee meets on the first Monday of each month and decides about grants",
    "which were asked for before the twentieth day of the month before, in writing only.",
    "Who is late waits.",
]


def paged(number: int) -> list[tuple[float, float, str]]:
    body = [(200 + 12 * n, 10.0, f"{text}") for n, text in enumerate(BODY)]
    return [
        (40, 8.0, "Handbook of the foundation"),
        (150, 18.0, f"Chapter {'ABCD'[number]}"),
        *body,
        (HEIGHT - 30, 8.0, f"Page {number + 1} of 4"),
    ]


def test_pages_become_paragraphs_without_headers_and_page_numbers(read, tmp_path):
    write_pdf(tmp_path / "a.pdf", [paged(number) for number in range(4)])
    headers, numbers, document = read("a.pdf")
    paragraph = " ".join(BODY)
    assert document.text == "\n\n".join(f"# Chapter {name}\n\n{paragraph}" for name in "ABCD")
    assert document.locator == "pages 1-4"
    starts = [int(start) for start in document.metadata["page_starts"].split()]
    assert [document.text[start : start + 11] for start in starts] == [
        f"# Chapter {name}" for name in "ABCD"
    ]
    assert headers.detail.endswith("headers and footers: 4")
    assert numbers.detail.endswith("page numbers: 4")
    assert {(note.reason, note.action, note.rows) for note in (headers, numbers)} == {
        ("left-out", "cut", 0)
    }


def test_a_footer_that_changes_with_the_chapter_goes_by_its_page_number(read, tmp_path):
    pages = []
    for number in range(6):
        body = [(200 + 12 * n, 10.0, f"{text} {number}") for n, text in enumerate(BODY)]
        pages.append([*body, (HEIGHT - 30, 8.0, f"{number + 11} Chapter {'ABCDEF'[number] * 3}")])
    write_pdf(tmp_path / "a.pdf", pages)
    note, document = read("a.pdf")
    assert note.detail.endswith("headers and footers: 6")
    assert "Chapter" not in document.text


@pytest.mark.fault(46)
def test_a_protected_pdf_is_said_to_be(read, tmp_path):
    write_pdf(tmp_path / "a.pdf", [paged(0)], encrypt=StandardEncryption("secret"))
    assert [record.reason for record in read("a.pdf")] == ["encrypted"]


def test_a_pdf_that_only_its_owner_may_change_is_read(read, tmp_path):
    write_pdf(tmp_path / "a.pdf", [paged(0)], encrypt=StandardEncryption("", "owner"))
    (document,) = [record for record in read("a.pdf") if isinstance(record, Document)]
    assert BODY[0] in document.text


def test_scans_need_character_recognition(read, tmp_path):
    scan = ImageReader(Image.new("RGB", (200, 280), "white"))
    canvas = Canvas(str(tmp_path / "scan.pdf"), pagesize=A4)
    canvas.drawImage(scan, 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    (rejection,) = read("scan.pdf")
    assert (rejection.reason, rejection.rows, rejection.action) == ("needs-ocr", 1, "dropped")

    canvas = Canvas(str(tmp_path / "half.pdf"), pagesize=A4)
    for row, text in enumerate(BODY):
        canvas.drawString(70, 600 - 14 * row, text)
    canvas.showPage()
    canvas.drawImage(scan, 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    note, document = read("half.pdf")
    assert (note.reason, note.locator, note.rows, note.action) == ("needs-ocr", "page 2", 0, "cut")
    assert document.text == " ".join(BODY)


@pytest.mark.parametrize("content", [b"%PDF-1.7 and nothing more", b"not at all"])
def test_a_broken_pdf_fails_alone(read, write, content):
    write("a.pdf", content)
    assert [record.reason for record in read("a.pdf")] == ["parser-failed"]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("the regula-", "tion of it", "the regulation of it"),
        ("semua anak-", "anak bermain", "semua anak-anak bermain"),
        ("buku-", "bukunya hilang", "buku-bukunya hilang"),
        ("berjalan-", "jalan sore", "berjalan-jalan sore"),
        ("the COVID-", "19 years", "the COVID-19 years"),
        (
            "a well-",
            "known case; as well-known as ever",
            "a well-known case; as well-known as ever",
        ),
        ("the broken\ufffe", "ness of it", "the brokenness of it"),
        ("from 3 -", "5 days", "from 3 - 5 days"),
    ],
)
def test_hyphens_at_line_ends_go_only_where_they_broke_a_word(first, second, joined):
    widest = max(len(first), len(second))
    page = [
        Line(first, 70, 470, 150, 10, 0.2),
        Line(second, 70, 70 + 400 * len(second) / widest, 162, 10, 0.215),
    ]
    assert join_pages([page]).text == joined


def test_a_sentence_goes_on_over_the_page(tmp_path):
    first = lines("The rule holds for every member who has paid before the end of", "the year and")
    second = lines("also for those who were ill at that time.")
    joined = join_pages([first, second])
    assert joined.text == (
        "The rule holds for every member who has paid before the end of the year and also for "
        "those who were ill at that time."
    )
    assert joined.text[joined.page_starts[1] :].startswith("also for")


def test_a_gap_and_a_bullet_begin_a_paragraph():
    page = lines("One line of the text that fills the width.", "• A point of it that fills it too.")
    page.append(Line("Far below, something else.", 70, 300, 260, 10, 0.33))
    assert join_pages([page]).text == (
        "One line of the text that fills the width.\n\n- A point of it that fills it too.\n\n"
        "Far below, something else."
    )


def test_a_pdf_without_any_text_is_empty():
    assert join_pages([[], []]) == join_pages([[], []])
    assert join_pages([]).text == ""
