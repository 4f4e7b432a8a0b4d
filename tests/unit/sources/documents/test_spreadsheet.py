"""Spreadsheets as texts, and their rows under examples."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from laras.sources.parsing import ParserLimits


@pytest.fixture
def workbook(tmp_path: Path):
    """Writes ``NAME.xlsx`` of sheets, each a list of rows."""

    def write(sheets: dict[str, list[list]], name: str = "a.xlsx", change=None) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            for title, rows in sheets.items():
                sheet = book.add_worksheet(title)
                for number, row in enumerate(rows):
                    for column, value in enumerate(row):
                        if isinstance(value, str):  # never as a formula
                            sheet.write_string(number, column, value)
                        else:
                            sheet.write(number, column, value)
            if change:
                change(book)
        return path

    return write


def rewritten(path: Path, part: str, change) -> None:
    entries = zipfile.ZipFile(path)
    parts = {name: entries.read(name) for name in entries.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, change(data) if name == part else data)


def test_each_sheet_is_a_heading_with_its_tables(read, workbook):
    workbook(
        {
            "Staf": [["nama", "masuk", "aktif"], ["Ani", datetime.date(2024, 1, 31), True]],
            "Kosong": [],
            "Catatan": [["=1+1", "a|b"], [2.50, "dua\nbaris"]],
        }
    )
    (document,) = read("a.xlsx")
    assert document.text == (
        "# Staf\n\n| nama | masuk | aktif |\n| - | - | - |\n| Ani | 2024-01-31 | TRUE |\n\n"
        "# Catatan\n\n| =1+1 | a\\|b |\n| - | - |\n| 2.5 | dua baris |"
    )


def test_formulas_give_the_value_last_computed_and_are_not_run(read, workbook):
    def change(book):
        book.get_worksheet_by_name("S").write_formula(0, 0, "=2*21", None, 42)

    workbook({"S": []}, change=change)
    assert read("a.xlsx")[0].text == "# S\n\n42"


def test_merged_cells_charts_and_shapes(read, workbook):
    def change(book):
        sheet = book.get_worksheet_by_name("S")
        sheet.merge_range(0, 0, 0, 1, "Both")
        sheet.write_row(1, 0, ["x", "y"])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=S!$A$2:$B$2"})
        chart.set_title({"name": "Tren"})
        sheet.insert_chart("D5", chart)
        sheet.insert_textbox("H5", "Sebuah catatan")
        alone = book.add_chartsheet("Grafik")
        other = book.add_chart({"type": "pie"})
        other.add_series({"values": "=S!$A$2:$B$2"})
        other.set_title({"name": "Bagian"})
        alone.set_chart(other)

    workbook({"S": []}, change=change)
    assert read("a.xlsx")[0].text == (
        "# S\n\nBoth\n\n| x | y |\n| - | - |\n\nTren\n\nSebuah catatan\n\n# Grafik\n\nBagian"
    )


def test_hidden_sheets_are_left_out_and_named(read, workbook):
    workbook(
        {"Seen": [["here"]], "Gone": [["secret"]]},
        change=lambda book: book.get_worksheet_by_name("Gone").hide(),
    )
    note, document = read("a.xlsx")
    assert (note.reason, note.locator, note.rows) == ("hidden-sheet", "sheet Gone", 0)
    assert document.text == "# Seen\n\nhere"


def test_two_cells_at_the_ends_of_a_sheet_cost_nothing(read, workbook):
    def change(book):
        sheet = book.get_worksheet_by_name("S")
        sheet.write(0, 0, "first")
        sheet.write(1_048_575, 16_383, "last")
        sheet.write(1_048_575, 16_382, "next to it")

    workbook({"S": []}, change=change)
    limits = ParserLimits(timeout_s=10, memory_bytes=1 << 30)
    (document,) = read("a.xlsx", limits=limits)
    assert document.text == "# S\n\nfirst\n\n| next to it | last |\n| - | - |"


def test_a_page_that_calls_itself_a_spreadsheet_is_read_as_what_it_is(read, write):
    write("report.xls", "<html><table><tr><th>a</th><th>b</th></tr><tr><td>1<td>2</table>")
    assert read("report.xls")[0].text == "| a | b |\n| - | - |\n| 1 | 2 |"


def test_open_document_sheets_repeat_their_cells(read, write, tmp_path):
    def cell(text: str, attributes: str = "") -> str:
        return (
            f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p>'
            "</table:table-cell>"
        )

    rows = (
        f"<table:table-row>{cell('kota')}{cell('suhu')}</table:table-row><table:table-row>"
        f'{cell("Medan")}<table:table-cell office:value-type="float" office:value="31.5"/>'
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="Cuaca">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
        package.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    assert read("a.ods")[0].text == "# Cuaca\n\n| kota | suhu |\n| - | - |\n| Medan | 31.5 |"


def test_rows_of_a_sheet_are_examples_like_those_of_a_csv_file(read, workbook):
    workbook(
        {
            "Ulasan": [["Ulasan 2026"], ["text", "label"], ["bagus", 1], ["", ""], ["jelek", 0]],
            "Lagi": [["text", "label"], ["lumayan", 1]],
        }
    )
    records = read("a.xlsx", kind="examples")
    assert [(r.turns[0].content, r.label, r.locator) for r in records] == [
        ("bagus", "1", "sheet Ulasan, line 3"),
        ("jelek", "0", "sheet Ulasan, line 5"),
        ("lumayan", "1", "sheet Lagi, line 2"),
    ]
    assert len({record.dialogue_id for record in records}) == 3


def test_the_recipe_may_name_columns_of_a_sheet_of_texts(read, workbook):
    workbook({"S": [["kode", "isi"], [1, "Sebuah teks."], [2, ""]]})
    document, missing = read("a.xlsx", columns={"text": "isi"})
    assert (document.text, document.locator) == ("Sebuah teks.", "sheet S, line 2")
    assert (missing.reason, missing.locator) == ("missing-value", "sheet S, line 3")


def test_a_workbook_without_rows_is_empty(read, workbook):
    workbook({"S": []})
    assert [r.reason for r in read("a.xlsx")] == ["empty"]
    assert [r.reason for r in read("a.xlsx", kind="examples")] == ["empty"]


def test_sheets_in_the_strict_standard_are_read(read, workbook):
    path = workbook({"S": [["strict"]]})
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        rewritten(
            path,
            part,
            lambda data: data.replace(
                b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                b"http://purl.oclc.org/ooxml/spreadsheetml/main",
            ),
        )
    assert read("a.xlsx")[0].text == "# S\n\nstrict"
