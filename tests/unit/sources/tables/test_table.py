"""CSV and TSV: delimiters, columns, quotes, and rows that don't fit."""

from __future__ import annotations

import pytest

from laras.records import Dialogue, Document
from laras.sources.tables.delimited import parse, sniff_delimiter


def contents(record):
    return [(turn.role, turn.content) for turn in record.turns]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2,5\n3;4,5\n", ";"),
        ("a\tb\n1, 2\t3\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("question;answer\nHow, when, where?;Here, now, so.\nWhy, oh why?;Yes, it is.\n", ";"),
        ("text\nOne column, with commas, in it.\nNone here\n", ","),
        ('a,b\n"x;y;z",2\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_even_rows(text, delimiter):
    assert sniff_delimiter(text) == delimiter


@pytest.mark.parametrize("label", ["label", "Category", "INTENT", "sentiment", "kategori"])
def test_a_text_with_a_label_is_a_labelled_row(read, write, label):
    write("a.csv", f"text,{label}\nWhere is my card?,arrival\n")
    (row,) = read("a.csv", kind="examples")
    assert (row.label, contents(row)) == ("arrival", [("user", "Where is my card?")])
    assert (row.locator, row.group, row.source) == ("line 2", None, "a.csv")


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("question,answer", "Q"),
        ("Prompt,Completion", "Q"),
        ("pertanyaan,jawaban", "Q"),
        ("article,summary", "Q"),
        ("question,category,answer", None),
    ],
)
def test_a_pair_of_columns_is_a_question_with_its_answer(read, write, header, user):
    cells = ["Q", "A"] if user else ["Q", "greeting", "A"]
    write("a.csv", f"{header}\n{','.join(cells)}\n")
    (row,) = read("a.csv", kind="examples")
    assert contents(row) == [("user", "Q"), ("assistant", "A")]
    assert row.label is None


def test_an_instruction_goes_before_its_input(read, write):
    write("a.csv", "instruction,input,output\nTranslate.,Rumah,House\nSay hello.,,Hello\n")
    with_input, without = read("a.csv", kind="examples")
    assert contents(with_input)[0] == ("user", "Translate.\n\nRumah")
    assert contents(without) == [("user", "Say hello."), ("assistant", "Hello")]


def test_the_recipes_columns_go_before_any_guess(read, write):
    write("a.csv", "text,label,customer,keluhan,jenis\nx,y,7,Kartu hilang,kartu\n")
    columns = {"text": "keluhan", "label": "jenis", "group": "customer"}
    (row,) = read("a.csv", kind="examples", columns=columns)
    assert (row.label, contents(row), row.group) == ("kartu", [("user", "Kartu hilang")], "7")


def test_a_table_without_header_is_read_by_column_numbers(read, write):
    write("a.tsv", "makanan enak\tpositive\npelayanan lambat\tnegative\n")
    rows = read("a.tsv", kind="examples", columns={"text": "1", "label": "2"})
    assert [(row.label, row.locator) for row in rows] == [
        ("positive", "line 1"),
        ("negative", "line 2"),
    ]


def test_a_column_of_the_recipe_that_is_not_there_is_said(read, write):
    write("a.csv", "text,label\nx,y\n")
    (rejection,) = read("a.csv", kind="examples", columns={"text": "pesan"})
    assert rejection.reason == "unknown-columns"
    assert "pesan" in rejection.detail
    assert "text, label" in rejection.detail


def test_texts_alone_are_documents_even_with_a_category(read, write):
    write("a.csv", "title,text,category\nCuti,Dua belas hari.,hr\n")
    (document,) = read("a.csv")
    assert isinstance(document, Document)
    assert (document.text, document.title) == ("Dua belas hari.", "Cuti")
    assert document.metadata == {"category": "hr"}
    (labelled,) = read("a.csv", columns={"text": "text", "label": "category"})
    assert isinstance(labelled, Dialogue)


def test_any_other_table_is_one_document_with_that_table(read, write):
    write("a.csv", "Name;City\nSari;Bandung\nBudi;Solo;extra\n;Medan\n")
    (document,) = read("a.csv")
    assert document.text.splitlines() == [
        "| Name | City |  |",
        "| - | - | - |",
        "| Sari | Bandung |  |",
        "| Budi | Solo | extra |",
        "|  | Medan |  |",
    ]
    (rejection,) = read("a.csv", kind="examples")
    assert (rejection.reason, rejection.rows) == ("unknown-columns", 1)


def test_rows_that_do_not_fit_are_named_by_their_line(read, write):
    write(
        "a.csv",
        'question,answer\n"Two\nlines?",Yes\nNo comma, please, or quotes\n\nEmpty?,\nFine?,Yes,,\n',
    )
    two, unquoted, empty, fine = read("a.csv", kind="examples")
    assert (two.locator, contents(two)[0][1]) == ("line 2", "Two\nlines?")
    assert (unquoted.reason, unquoted.locator) == ("bad-row", "line 4")
    assert (empty.reason, empty.locator) == ("missing-value", "line 6")
    assert fine.locator == "line 7"


def test_an_unclosed_quote_costs_one_row_and_not_the_rest(read, write):
    write("a.csv", 'text,label\na,x\n"b,x\nc,x\nd,x\n')
    a, broken, c, d = read("a.csv", kind="examples")
    assert (broken.reason, broken.locator) == ("bad-row", "line 3")
    assert [row.locator for row in (a, c, d)] == ["line 2", "line 4", "line 5"]


def test_a_table_full_of_broken_quotes_ends_and_is_counted():
    text = "text,label\n" + 'x,"y\n' * 99
    rows = list(parse(text, ","))
    assert any(row.fact for row in rows)
    assert len(rows) < 200


def test_quotes_in_tab_separated_text_are_characters(read, write):
    write("a.tsv", 'text\tlabel\n" enak sekali\tpositive\nkata "biasa" saja\tneutral\n')
    first, second = read("a.tsv", kind="examples")
    assert (contents(first)[0][1], first.label) == ('" enak sekali', "positive")
    assert contents(second)[0][1] == 'kata "biasa" saja'


def test_formulas_line_ends_and_long_cells_are_kept_as_text(read, write):
    article = "kata " * 60_000
    write("a.csv", f"\ufefftext,label\r\n=1+1,x\r\n{article},y\r\n".encode())
    formula, long = read("a.csv", kind="examples")
    assert contents(formula)[0][1] == "=1+1"
    assert contents(long)[0][1] == article.strip()


@pytest.mark.parametrize("content", ["text,label\n", "\n\n"])
def test_a_table_without_rows_is_empty(read, write, content):
    write("a.csv", content)
    assert [record.reason for record in read("a.csv", kind="examples")] == ["empty"]


def test_identifiers_differ_by_row_and_stay_the_same(read, write):
    write("a.csv", "text,label\nsame,x\nsame,x\n")
    first, second = read("a.csv", kind="examples")
    assert first.dialogue_id != second.dialogue_id
    assert read("a.csv", kind="examples") == [first, second]


def test_a_column_that_is_needed_and_there_twice_is_refused(read, write):
    write("a.csv", "text,label,text\nWhere is it?,arrival,Somewhere\n")
    (refused,) = read("a.csv", kind="examples")
    assert refused.reason == "duplicate-columns"
    assert refused.detail.endswith("text")


def test_a_column_that_nothing_needs_may_be_there_twice(read, write):
    write("a.csv", "text,note,label,note\nWhere is it?,a,arrival,b\n")
    (row,) = read("a.csv", kind="examples")
    assert row.label == "arrival"
    write("b.csv", "note,note\na,b\n")
    (document,) = read("b.csv")
    assert document.text == "| note | note |\n| - | - |\n| a | b |"


@pytest.mark.parametrize("label", ["y\u200bes", "\ufeffyes", "ye\u00ads ", "\u202ayes\u202c"])
def test_labels_that_look_the_same_are_the_same(read, write, label):
    write("a.csv", f"text,label\nIs it?,{label}\n")
    (row,) = read("a.csv", kind="examples")
    assert row.label == "yes"


def test_a_label_is_on_one_line_and_composed(read, write):
    write("a.csv", 'text,label\nIs it?,"cafe\u200b\u0301\u00a0 or\nbar"\nWas it?,\u200b\n')
    row, refused = read("a.csv", kind="examples")
    assert row.label == "caf\u00e9 or bar"
    assert refused.reason == "missing-value"


def test_a_table_of_texts_and_labels_needs_no_header(read, write):
    lines = [f"makanan {number}\t{('enak', 'hambar')[number % 2]}" for number in range(6)]
    write("a.tsv", "\n".join(lines) + "\n")
    note, first, *_others, last = read("a.tsv", kind="examples")
    assert (note.reason, note.rows) == ("guessed-columns", 0)
    assert (first.label, contents(first), first.locator) == (
        *("enak", [("user", "makanan 0")]),
        "line 1",
    )
    assert last.locator == "line 6"
    write("b.csv", "".join(f"{label},{text}\n" for text, label in (x.split("\t") for x in lines)))
    _note, swapped, *_rest = read("b.csv", kind="examples")
    assert (swapped.label, contents(swapped)) == ("enak", [("user", "makanan 0")])


def test_a_header_that_nobody_knows_is_no_row(read, write):
    write("a.tsv", "kata\tjenis kata\n" + "".join(f"k{n}\tbenda\n" for n in range(6)))
    (refused,) = read("a.tsv", kind="examples")
    assert refused.reason == "unknown-columns"


def test_messages_in_a_cell_are_read_as_json(read, write):
    cell = '"[{""role"": ""user"", ""content"": ""Halo""}, {""from"": ""gpt"", ""value"": ""Ya""}]"'
    write("a.csv", f"id,messages\n1,{cell}\n2,[broken\n")
    row, broken = read("a.csv", kind="conversations")
    assert contents(row) == [("user", "Halo"), ("assistant", "Ya")]
    assert (broken.reason, broken.locator) == ("bad-json", "line 3")
