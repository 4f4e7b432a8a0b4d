"""Rows that are no rows: each is named by file and line, counted, and costs itself alone."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys

import pytest

from laras.errors import DataRefused
from laras.records import Dialogue, Document, Rejection
from read_apart import read_apart

GOOD = '{"question": "Jam berapa buka?", "answer": "Pukul delapan."}'


def lines_of(records, kind=Rejection):
    return [record.locator for record in records if isinstance(record, kind)]


@pytest.mark.fault(35)
def test_bad_and_blank_lines_marks_and_nuls_are_each_reported_with_their_line(read, write):
    """Bad JSON lines, blank lines, a byte order mark, CRLF, NUL: each is reported as file and
    line, and counted."""
    bad = ["{broken", "", '{"question": "a\\u0000", "answer": "b"}', "null", '"text"', "[1]"]
    text = "\r\n".join([GOOD, *bad, GOOD])
    write("rows.jsonl", codecs.BOM_UTF8 + text.encode())
    records = read("rows.jsonl", "examples")
    assert lines_of(records, Dialogue) == ["line 1", "line 8"]
    rejected = {r.locator: r.reason for r in records if isinstance(r, Rejection) and r.rows}
    assert set(rejected) == {"line 2", "line 4", "line 5", "line 6", "line 7"}
    notes = [r for r in records if isinstance(r, Rejection) and not r.rows]
    assert [(note.reason, note.locator) for note in notes] == [("blank-line", "line 3")]
    assert {record.path for record in records} == {"rows.jsonl"}


@pytest.mark.fault(35)
def test_a_nul_among_the_lines_costs_its_line_alone(read, write):
    write("rows.jsonl", f'{GOOD}\n{{"question": "\0", "answer": "b"}}\n{GOOD}\n')
    records = read("rows.jsonl", "examples")
    assert lines_of(records, Dialogue) == ["line 1", "line 3"]
    assert lines_of(records) == ["line 2"]


@pytest.mark.fault(35)
def test_too_many_bad_rows_refuse_the_data_and_say_why(write, prepared):
    """More bad rows than ``data.max_rejected_share``: the data is refused, with the reasons."""
    write("rows.jsonl", "\n".join([GOOD, *["{broken"] * 30]))
    with pytest.raises(DataRefused, match=r"rows\.jsonl") as caught:
        prepared({"sources": [{"examples": "rows.jsonl"}]})
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
    ],
    ids=["NaN", "Infinity", "1e999", "5000 digits", "lists", "objects"],
)
@pytest.mark.fault(36)
def test_numbers_that_json_has_not_and_endless_nesting_cost_their_line_alone(read, write, value):
    """NaN, Infinity, 1e999, huge integers, 100,000 levels: the line is rejected, the process
    lives."""
    write("rows.jsonl", f'{GOOD}\n{{"question": "a", "answer": "b", "n": {value}}}\n{GOOD}\n')
    records = read("rows.jsonl", "examples")
    assert lines_of(records, Dialogue) == ["line 1", "line 3"]
    assert [(r.reason, r.locator) for r in records if isinstance(r, Rejection)] == [
        ("bad-json", "line 2")
    ]
    write("whole.json", f'[{GOOD}, {{"n": {value}}}]')
    _good, rejected = read("whole.json", "examples")
    assert rejected.reason == "bad-json"


@pytest.mark.fault(38)
def test_an_empty_file_and_one_without_a_good_row_end_before_training(write, prepared):
    """Nothing to learn from is refused before anything is trained, with what was read and why
    it was left out."""
    write("empty.jsonl", "")
    write("bad.jsonl", "{broken\n")
    for name in ("empty.jsonl", "bad.jsonl"):
        with pytest.raises(DataRefused) as caught:
            prepared({"sources": [{"examples": name}]})
        assert name in str(caught.value)


@pytest.mark.fault(41)
def test_a_line_of_ten_megabytes_is_read_in_bounded_memory(write, tmp_path):
    """A line of 10 MB: a few times its size of memory, and the rows beside it are read."""
    long = json.dumps({"question": "a", "answer": "x" * 10_000_000})
    write("rows.jsonl", f"{GOOD}\n{long}\n{GOOD}\n")
    write("a.txt", "x" * 10_000_000 + "\nAkhir.")
    reading = read_apart(tmp_path, "rows.jsonl", "examples")
    assert reading.records == {"Dialogue": 3}
    assert reading.megabytes < 400
    reading = read_apart(tmp_path, "a.txt")
    assert reading.records == {"Document": 1}
    assert reading.megabytes < 400


@pytest.mark.fault(41)
def test_a_million_short_lines_are_read_in_bounded_memory(write, tmp_path):
    """A million lines: memory grows with the file, not with a multiple of its lines."""
    write("a.txt", "ya\n" * 1_000_000)
    write("rows.csv", "a,b\n" + "1,2\n" * 1_000_000)
    texts = read_apart(tmp_path, "a.txt")
    assert (texts.records, texts.characters) == ({"Document": 1}, 2_999_999)
    assert texts.megabytes < 300
    table = read_apart(tmp_path, "rows.csv")
    assert table.records == {"Document": 1}
    assert table.megabytes < 900


@pytest.mark.fault(47)
def test_formulas_quotes_and_separators_in_cells_stay_what_they_are(read, write):
    """Cells that begin like a formula, quotes and separators in cells: kept as text, never run,
    and the same when they are read again."""
    cells = ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", 'a "b" c', "a,b", "baris\ndua", "'"]
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["text", "label"])
    writer.writerows([cell, "x"] for cell in cells)
    write("rows.csv", stream.getvalue())
    records = read("rows.csv", "examples")
    assert [record.turns[0].content for record in records] == cells


@pytest.mark.fault(47)
def test_a_million_columns_are_read_in_bounded_memory(write, tmp_path):
    """A header of a million columns ends in an answer, in bounded memory."""
    count = 1_000_000
    write("wide.csv", ",".join(f"c{n}" for n in range(count)) + "\n" + ",".join("1" * count))
    reading = read_apart(tmp_path, "wide.csv", "examples")
    assert reading.reasons == {"unknown-columns": 1}
    assert reading.megabytes < 900


@pytest.mark.fault(47)
def test_an_unclosed_quote_does_not_swallow_the_rest(read, write):
    """A quote that is never closed costs its row, not the file."""
    write("rows.csv", 'text,label\na,x\n"b,x\nc,x\nd,x\n')
    records = read("rows.csv", "examples")
    assert [r.turns[0].content for r in records if isinstance(r, Dialogue)] == ["a", "c", "d"]
    assert [r.reason for r in records if isinstance(r, Rejection)] == ["bad-row"]


@pytest.mark.fault(39)
def test_labels_that_look_the_same_are_one_label(read, write):
    """Labels that differ in spaces, invisible characters or the form of an accent are one class;
    in capitals they are not."""
    labels = ["Café", "Cafe\u0301", " Café ", "Ca\u200bfé", "café"]
    rows = [json.dumps({"text": f"teks {n}", "label": label}) for n, label in enumerate(labels)]
    write("rows.jsonl", "\n".join(rows))
    records = read("rows.jsonl", "examples")
    assert [record.label for record in records] == ["Café"] * 4 + ["café"]


@pytest.mark.fault(39)
def test_one_class_alone_is_refused(write, prepared):
    """A classification with one label only can teach nothing: refused before training."""
    rows = [
        json.dumps({"text": f"teks nomor {n} tentang kopi", "label": "satu"}) for n in range(40)
    ]
    write("rows.jsonl", "\n".join(rows))
    with pytest.raises(DataRefused):
        prepared({"sources": [{"examples": "rows.jsonl"}]})


@pytest.mark.fault(36)
def test_the_interpreter_keeps_its_own_limits():
    """What bounds numbers and nesting is not switched off for the whole process."""
    assert sys.get_int_max_str_digits() > 0
    assert sys.getrecursionlimit() <= 10_000


@pytest.mark.fault(38)
def test_documents_without_any_text_are_counted(read, write):
    write("data/a.txt", " \n")
    write("data/b.md", "<!-- nothing -->")
    write("data/c.html", "<script>1</script>")
    write("data/d.txt", "Isi.")
    records = read("data")
    assert [r.path for r in records if isinstance(r, Document)] == ["data/d.txt"]
    assert [(r.reason, r.rows) for r in records if isinstance(r, Rejection)] == [("empty", 1)] * 3
