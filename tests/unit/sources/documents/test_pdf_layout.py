"""PDF: columns, tables, headings, marks of notes, code and turned pages, in files as drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from laras.records import Document
from laras.sources.documents.pdf_words import without_ligatures

WIDTH, HEIGHT = A4
LEFT = [
    "The council of the village meets in the",
    "hall by the river when the moon is full,",
    "and decides about the water of the fields",
    "for the weeks to come until the next one.",
    "Who needs more water than the others must",
    "say so before the meeting has begun there.",
]
RIGHT = [
    "Those who live far from the river may send",
    "somebody in their place with a letter that",
    "names them and what they ask for in clear",
    "words, signed by two neighbours of theirs.",
    "The letter is read aloud and kept with the",
    "others in the chest that stands in the hall.",
]


def draw(path: Path, *pages, turned: int = 0) -> None:
    """Pages of (distance from the left, from the top, text), each with a font and size if other
    than Times at 10 points."""
    canvas = Canvas(str(path), pagesize=A4)
    for page in pages:
        if turned:
            canvas.setPageRotation(turned)
        for along, down, text, *style in page:
            font, size = style or ("Times-Roman", 10)
            canvas.setFont(font, size)
            canvas.drawString(along, HEIGHT - down, text)
        canvas.showPage()
    canvas.save()


def document_of(records) -> Document:
    (document,) = [record for record in records if isinstance(record, Document)]
    return document


def column(lines, along, down=200):
    return [(along, down + 12 * n, text) for n, text in enumerate(lines)]


def test_columns_are_read_one_after_the_other_in_whatever_order_they_were_drawn(read, tmp_path):
    title = (150, 120, "About the water of the village", "Times-Bold", 18)
    by_columns = [title, *column(LEFT, 60), *column(RIGHT, 320)]
    by_rows = [
        title,
        *(line for pair in zip(column(LEFT, 60), column(RIGHT, 320), strict=True) for line in pair),
    ]
    title_last = [*column(LEFT, 60), *column(RIGHT, 320), title]
    wanted = f"# About the water of the village\n\n{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"
    for name, page in {"a": by_columns, "b": by_rows, "c": title_last}.items():
        draw(tmp_path / f"{name}.pdf", page)
        assert document_of(read(f"{name}.pdf")).text == wanted, name


def test_a_page_that_lies_on_its_side_is_read_all_the_same(read, tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.rotate(90)
    canvas.setFont("Times-Roman", 10)
    for at, text in enumerate(LEFT):
        canvas.drawString(80, -100 - 12 * at, text)
    canvas.showPage()
    canvas.save()
    assert document_of(read("a.pdf")).text == " ".join(LEFT)
    draw(tmp_path / "b.pdf", column(LEFT, 60), turned=90)
    assert document_of(read("b.pdf")).text == " ".join(LEFT)


def test_a_stamp_in_the_margin_is_no_part_of_the_text(read, tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Times-Roman", 10)
    for at, text in enumerate(LEFT):
        canvas.drawString(80, 600 - 12 * at, text)
    canvas.rotate(90)
    canvas.drawString(300, -25, "Copy 17 of the archive")
    canvas.showPage()
    canvas.save()
    note, document = read("a.pdf")
    assert document.text == " ".join(LEFT)
    assert note.detail.endswith("text in the margin: 1")


ROWS = [
    ["Month", "Rain", "Harvest"],
    ["January", "310 mm", "none"],
    ["February", "290 mm", "some"],
    ["March", "270 mm", "much"],
]


def test_aligned_cells_are_a_table(read, tmp_path):
    cells = [
        (60 + 120 * across, 300 + 14 * row, text)
        for row, texts in enumerate(ROWS)
        for across, text in enumerate(texts)
    ]
    draw(tmp_path / "a.pdf", [*column(LEFT, 60), *cells, *column(RIGHT, 60, 400)])
    lines = (
        "| Month | Rain | Harvest |\n| - | - | - |\n| January | 310 mm | none |\n"
        "| February | 290 mm | some |\n| March | 270 mm | much |"
    )
    assert document_of(read("a.pdf")).text == f"{' '.join(LEFT)}\n\n{lines}\n\n{' '.join(RIGHT)}"


def test_ruled_cells_keep_their_further_lines(read, tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Times-Roman", 10)
    for row, (name, lines) in enumerate({"First": LEFT[:3], "Second": RIGHT[:2]}.items()):
        canvas.drawString(65, 600 - 60 * row, name)
        for at, text in enumerate(lines):
            canvas.drawString(205, 600 - 60 * row - 12 * at, text)
    canvas.grid([60, 200, 450], [500, 555, 615])
    canvas.showPage()
    canvas.save()
    assert document_of(read("a.pdf")).text == (
        f"| First | {' '.join(LEFT[:3])} |\n| - | - |\n| Second | {' '.join(RIGHT[:2])} |"
    )


def test_a_numbered_list_with_wide_gaps_is_no_table(read, tmp_path):
    page = [
        (60 + 40 * (n % 2), 200 + 14 * (n // 2), text)
        for n, text in enumerate(
            ["1.", LEFT[0], "2.", LEFT[1], "3.", LEFT[2], "4.", LEFT[3], "5.", LEFT[4]]
        )
    ]
    draw(tmp_path / "a.pdf", page)
    assert "|" not in document_of(read("a.pdf")).text


def test_headings_are_told_by_size_and_weight(read, tmp_path):
    page = [
        (60, 120, "The water book", "Times-Bold", 20),
        (60, 160, "Of meetings", "Times-Bold", 14),
        *column(LEFT, 60),
        (60, 290, "Of letters", "Times-Bold", 10),
        *column(RIGHT, 60, 304),
    ]
    draw(tmp_path / "a.pdf", page)
    document = document_of(read("a.pdf"))
    assert document.text.split("\n\n") == [
        "# The water book",
        "## Of meetings",
        " ".join(LEFT),
        "### Of letters",
        " ".join(RIGHT),
    ]
    assert document.title == "The water book"


def test_raised_numbers_are_no_part_of_words_and_numbers(read, tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    text = canvas.beginText(60, 600)
    for content, size, rise in [
        ("It held 10", 10, 0),
        ("3", 6, 4),
        (" litres for the whole village", 10, 0),
        ("1", 6, 4),
        (" in the year of the flood.", 10, 0),
    ]:
        text.setFont("Times-Roman", size)
        text.setRise(rise)
        text.textOut(content)
    canvas.drawText(text)
    canvas.setFont("Times-Roman", 8)
    canvas.drawString(60, 300, "1 As the elders of the village have it, who counted twice.")
    canvas.setFont("Times-Roman", 10)
    for at, line in enumerate(LEFT):
        canvas.drawString(60, 500 - 12 * at, line)
    canvas.showPage()
    canvas.save()
    blocks = document_of(read("a.pdf")).text.split("\n\n")
    assert blocks[0] == "It held 10^3 litres for the whole village[^1] in the year of the flood."
    assert "[^1]: As the elders of the village have it, who counted twice." in blocks


def test_code_keeps_its_lines_and_its_indentation(read, tmp_path):
    code = ["def water(fields):", "    for field in fields:", "        open_gate(field.gate)"]
    listing = [
        (60 + 6 * (len(line) - len(line.lstrip())), 320 + 12 * n, line.lstrip(), "Courier", 10)
        for n, line in enumerate(code)
    ]
    draw(tmp_path / "a.pdf", [*column(LEFT, 60), *listing, *column(RIGHT, 60, 400)])
    fenced = "\n".join(["```", *code, "```"])
    assert document_of(read("a.pdf")).text.split("\n\n")[1] == fenced


def test_a_page_typed_on_a_typewriter_is_prose(read, tmp_path):
    typed = [(60, 200 + 12 * n, text, "Courier", 10) for n, text in enumerate(LEFT)]
    draw(tmp_path / "a.pdf", typed)
    assert document_of(read("a.pdf")).text == " ".join(LEFT)


@pytest.mark.parametrize(("sign", "letters"), [("ﬁ", "fi"), ("ﬄ", "ffl"), ("ﬆ", "st")])
def test_ligatures_are_written_out(sign, letters):
    assert without_ligatures(f"a{sign}b") == f"a{letters}b"


@pytest.mark.material
def test_arabic_is_read_from_right_to_left(read, material):
    folder = material / "documents" / "docling" / "pdf" / "sources"
    text = document_of(read("right_to_left_02.pdf", folder=folder)).text
    assert text.startswith("وعليه، فإن الحكومة المصرية")
    assert "الأ" in text
    assert "األ" not in text
