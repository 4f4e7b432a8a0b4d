"""Parquet: nested rows in pages, parsed in the child process."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from pyarrow import parquet

from laras.records import Document, Rejection
from laras.sources.parsing import ParserLimits
from laras.sources.tables import parquet_rows

MESSAGES = [{"role": "user", "content": "Halo"}, {"role": "assistant", "content": "Halo juga"}]


def contents(record):
    return [(turn.role, turn.content) for turn in record.turns]


@pytest.fixture
def store(tmp_path):
    def write(name, table, **settings):
        parquet.write_table(table, tmp_path / name, **settings)

    return write


def test_nested_messages_are_conversations_called_by_their_row(read, store):
    store("a.parquet", pa.Table.from_pylist([{"messages": MESSAGES, "n": i} for i in range(3)]))
    rows = read("a.parquet", kind="conversations")
    assert [row.locator for row in rows] == ["row 1", "row 2", "row 3"]
    assert contents(rows[0]) == [("user", "Halo"), ("assistant", "Halo juga")]


def test_texts_and_labels_of_other_types_are_read(read, store):
    rows = [
        {"text": "a", "label": 1, "day": date(2026, 1, 2), "score": float("nan"), "raw": b"\xff"},
        {"text": "b", "label": None, "day": None, "score": 1.5, "raw": None},
    ]
    store("a.parquet", pa.Table.from_pylist(rows))
    first, second = read("a.parquet", kind="examples")
    assert (first.label, contents(first)) == ("1", [("user", "a")])
    assert (second.reason, second.locator) == ("missing-value", "row 2")
    texts = read("a.parquet")
    assert [type(record) for record in texts] == [Document, Document]


def test_pages_join_without_a_seam_whatever_the_groups_of_rows(tmp_path, store, monkeypatch):
    monkeypatch.setattr(parquet_rows, "_PAGE_CHARACTERS", 500)
    monkeypatch.setattr(parquet_rows, "_BATCH_ROWS", 7)
    store("a.parquet", pa.table({"n": list(range(400))}), row_group_size=61)
    lines, start = [], 0
    while start is not None:
        page = parquet_rows.extract(tmp_path / "a.parquet", start)
        lines += page.text.split("\n")
        start = int(page.metadata["next"]) if "next" in page.metadata else None
    assert lines == [f'{{"n":{number}}}' for number in range(400)]


def test_a_file_of_several_pages_is_read_whole(read, store):
    text = "kata " * 2000
    store("a.parquet", pa.table({"text": [f"{number} {text}" for number in range(1200)]}))
    documents = read("a.parquet")
    assert [d.text.split()[0] for d in documents] == [str(number) for number in range(1200)]
    assert documents[-1].locator == "row 1200"


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"not at all"])
def test_a_file_that_is_none_is_refused(read, write, content):
    write("a.parquet", content)
    (refused,) = read("a.parquet", kind="examples")
    assert refused.reason == "parser-failed"


def test_a_file_cut_short_or_damaged_costs_that_file_alone(read, write, store, tmp_path):
    store("whole.parquet", pa.Table.from_pylist([{"messages": MESSAGES}] * 50))
    data = (tmp_path / "whole.parquet").read_bytes()
    write("a.parquet", data[: len(data) // 2])
    damaged = bytearray(data)
    damaged[20:60] = bytes(40)
    write("b.parquet", bytes(damaged))
    records = read(["a.parquet", "b.parquet", "whole.parquet"], kind="conversations")
    assert sum(record.path == "whole.parquet" for record in records) == 50
    assert {r.reason for r in records if isinstance(r, Rejection)} == {"parser-failed"}


def test_an_empty_table_is_empty(read, store):
    store("a.parquet", pa.table({"text": pa.array([], pa.string())}))
    assert [record.reason for record in read("a.parquet")] == ["empty"]


def test_the_limits_hold_for_parquet_too(read, store):
    store("a.parquet", pa.table({"text": ["x" * 1000] * 2000}))
    refused = read("a.parquet", limits=ParserLimits(max_characters=1000))
    assert [record.reason for record in refused] == ["too-much-text"]
