"""PPTX: slides as they are read."""

from __future__ import annotations

from pathlib import Path

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches


@pytest.fixture
def deck(tmp_path: Path, read):
    """The record of a deck that ``make`` fills."""

    def build(make, name: str = "a.pptx"):
        presentation = pptx.Presentation()
        make(presentation)
        presentation.save(tmp_path / name)
        return read(name)[0]

    return build


def box(slide, left: float, top: float, text: str):
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))
    shape.text_frame.text = text
    return shape


def test_title_bullets_of_the_layout_and_notes(deck):
    def make(presentation):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = "Cuti\vtahunan"
        body = slide.placeholders[1].text_frame
        body.text = "Dua belas hari"
        inner = body.add_paragraph()
        inner.text, inner.level = "Ajukan lebih awal", 1
        slide.notes_slide.notes_text_frame.text = "Sebutkan contohnya."

    assert deck(make).text == (
        "## Cuti tahunan\n\n- Dua belas hari\n  - Ajukan lebih awal\n\nSebutkan contohnya."
    )


def test_shapes_are_read_from_the_top_down_and_groups_stay_together(deck):
    def make(presentation):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        box(slide, 5, 5, "last")
        box(slide, 5, 3, "right")
        box(slide, 1, 3.05, "left")
        group = slide.shapes.add_group_shape()
        for left, text in ((4, "grouped 2"), (2, "grouped 1")):
            inner = group.shapes.add_textbox(Inches(left), Inches(4), Inches(1), Inches(1))
            inner.text_frame.text = text
        slide.shapes.title.text = "Order"

    assert deck(make).text.split("\n\n") == [
        *("## Order", "left", "right", "grouped 1", "grouped 2", "last")
    ]


def test_tables_repeat_merged_cells_and_charts_have_their_numbers(deck):
    def make(presentation):
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        table = slide.shapes.add_table(2, 3, Inches(1), Inches(1), Inches(4), Inches(1)).table
        table.cell(0, 0).merge(table.cell(0, 1))
        for place, text in {(0, 0): "both", (0, 2): "c|d", (1, 0): "1", (1, 1): "2"}.items():
            table.cell(*place).text = text
        data = CategoryChartData()
        data.categories = ["2024", "2025"]
        data.add_series("Karyawan", (10, 12.5))
        frame = slide.shapes.add_chart(
            XL_CHART_TYPE.BAR_CLUSTERED, Inches(1), Inches(4), Inches(3), Inches(2), data
        )
        frame.chart.has_title = True
        frame.chart.chart_title.text_frame.text = "Jumlah"

    assert deck(make).text == (
        "| both | both | c\\|d |\n| - | - | - |\n| 1 | 2 |  |\n\nJumlah\n\n"
        "|  | Karyawan |\n| - | - |\n| 2024 | 10 |\n| 2025 | 12.5 |"
    )


def test_numbered_items_count_and_footers_are_left_out(deck):
    from lxml import etree

    def make(presentation):
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        shape = box(slide, 1, 1, "Langkah:")
        for text in ("buka", "isi", "kirim"):
            shape.text_frame.add_paragraph().text = text
        for paragraph in shape.text_frame.paragraphs[1:]:
            properties = paragraph._p.get_or_add_pPr()
            mark = etree.SubElement(
                properties, "{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum"
            )
            mark.set("type", "alphaUcParenR")
        footer = box(slide, 1, 6, "Rahasia")
        application = footer._element.find(".//{*}nvPr")
        etree.SubElement(application, application.tag.replace("nvPr", "ph")).set("type", "ftr")

    assert deck(make).text == "Langkah:\n\nA) buka\nB) isi\nC) kirim"


def test_slides_follow_the_presentation_and_not_their_names(deck):
    def make(presentation):
        for text in ("first", "second"):
            slide = presentation.slides.add_slide(presentation.slide_layouts[5])
            slide.shapes.title.text = text
        presentation.core_properties.title = "PowerPoint Presentation"  # as programs fill in
        order = presentation.slides._sldIdLst
        order.insert(0, order[1])

    record = deck(make, "a.ppsx")
    assert (record.text, record.title) == ("## second\n\n## first", "second")
