"""What stands in your own test set leaves the training data, each row with its reason."""

from __future__ import annotations

import pyarrow as pa

from laras.preparation.leak import leak_between
from laras.preparation.likeness import key_bytes


def table(rows: list[tuple[str, str]]) -> pa.Table:
    keys = pa.array([key_bytes(text) for text, _group in rows], pa.binary(16))
    groups = pa.array([group for _text, group in rows], pa.string())
    return pa.table({"text_key": keys, "group": groups})


def test_equal_texts_leave_and_name_the_first_row_they_equal() -> None:
    train = table([("satu", "record:1"), ("dua", "record:2"), ("Satu", "record:3")])
    test = table([("lain", "record:a"), ("SATU", "record:b"), ("satu", "record:c")])
    leak = leak_between(train, test)
    assert leak.leaving == {0: True, 2: True}
    assert leak.because == {0: 1, 2: 1}
    assert leak.leaked == {1: 0, 2: 0}


def test_groups_of_the_test_leave_whole() -> None:
    train = table([("satu", "group:7"), ("dua", "group:7"), ("tiga", "group:8")])
    test = table([("empat", "group:7"), ("satu", "group:9")])
    leak = leak_between(train, test)
    assert leak.leaving == {0: True, 1: False}
    assert leak.because == {0: 1, 1: 0}
    assert leak.leaked == {1: 0}


def test_the_same_record_counts_as_equal_though_its_text_was_cut() -> None:
    leak = leak_between(table([("pendek", "record:1")]), table([("panjang", "record:1")]))
    assert leak.leaving == {0: True}
    assert leak.leaked == {0: 0}


def test_the_facts_count_test_rows_and_name_places() -> None:
    train = table([("satu", "group:1"), ("dua", "group:2"), ("tiga", "group:2")])
    test = table([("satu", "group:9"), ("lain", "group:2")])
    facts = leak_between(train, test).facts(
        lambda rows: {row: f"train.csv: {row}" for row in rows},
        lambda rows: {row: f"test.csv: {row}" for row in rows},
    )
    assert facts == {
        "test_rows": 2,
        "test_rows_also_in_train": 1,
        "share": 0.5,
        "removed_from_train": 1,
        "removed_of_test_groups": 2,
        "places": [{"test": "test.csv: 0", "train": "train.csv: 0"}],
    }


def test_no_test_set_is_no_leak() -> None:
    leak = leak_between(table([("satu", "group:1")]), table([]))
    assert leak.leaving == leak.leaked == {}
    assert leak.facts(lambda rows: {}, lambda rows: {})["share"] == 0.0
