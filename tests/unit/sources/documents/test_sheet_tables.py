"""The cells of a sheet as tables and lines."""

from __future__ import annotations

import datetime

import pytest

from laras.sources.documents.sheet_tables import fill_merged, sheet_blocks, shown


def grid(drawing: str) -> list[list[str]]:
    """``a b . c`` a line: cells apart by spaces, ``.`` an empty one."""
    rows = [line.split() for line in drawing.strip().splitlines()]
    return [["" if cell == "." else cell for cell in row] for row in rows]


def blocks(drawing: str) -> list[str]:
    return [block.replace("\n", " / ") for block in sheet_blocks(grid(drawing))]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1e20, "1e+20"),
        (-2.5, "-2.5"),
        (True, "TRUE"),
        (datetime.date(2026, 1, 31), "2026-01-31"),
        (datetime.datetime(2026, 1, 31), "2026-01-31"),
        (datetime.datetime(2026, 1, 31, 14, 5), "2026-01-31 14:05"),
        (datetime.time(14, 5), "14:05"),
        (datetime.timedelta(hours=30, minutes=5), "30:05"),
        ("  text ", "text"),
        ("=cmd()", "=cmd()"),
    ],
)
def test_a_cell_is_written_as_people_see_it(value, text):
    assert shown(value) == text


def test_tables_apart_by_empty_rows_or_columns_are_tables_of_their_own():
    assert blocks("a b . . x y\n1 2 . . 8 9\n. . . . . .\nc d . . . .\n3 4 . . . .") == [
        "| a | b | / | - | - | / | 1 | 2 |",
        "| x | y | / | - | - | / | 8 | 9 |",
        "| c | d | / | - | - | / | 3 | 4 |",
    ]


def test_dense_tables_with_one_column_between_are_two():
    assert len(blocks("a b . x y\n1 2 . 8 9")) == 2


def test_the_space_between_labels_and_what_was_filled_in_does_not_part_them():
    assert blocks("Name . Siti\nKota . Medan") == ["| Name | Siti | / | - | - | / | Kota | Medan |"]


def test_a_title_right_above_a_table_is_a_line():
    assert blocks("Staff . .\n2026 . .\nname age city\nAni 31 Solo") == [
        *("Staff", "2026", "| name | age | city | / | - | - | - | / | Ani | 31 | Solo |")
    ]


def test_the_corner_of_a_table_may_be_empty():
    assert blocks(". 2025 2026\nBali 1 2") == [
        "|  | 2025 | 2026 | / | - | - | - | / | Bali | 1 | 2 |"
    ]


def test_a_single_column_is_lines_and_an_empty_sheet_nothing():
    assert blocks("one\ntwo") == ["one / two"]
    assert list(sheet_blocks([])) == list(sheet_blocks([["", ""]])) == []


def test_merged_cells_are_repeated_as_far_as_the_sheet_goes():
    cells = grid("head . .\na b c\n. d e")
    fill_merged(cells, [((4, 2), (4, 9)), ((5, 2), (6, 2)), ((90, 90), (91, 91))], 4, 2)
    assert cells == grid("head head head\na b c\na d e")
