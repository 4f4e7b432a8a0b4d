"""Splits hold whole groups, follow no order of the input, and share nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from laras.preparation.certificate import certify, statement
from laras.preparation.groups import Groups, joined
from laras.preparation.likeness import key, words
from laras.preparation.separate import crossings
from laras.preparation.split import Row, assign
from laras.records import EXAMPLE_SCHEMA, Example, Message, Split, to_table

SHARES: dict[Split, float] = {"test": 0.1, "validation": 0.05}


def sizes(rows: list[Row], split_of: dict[str, Split]) -> Counter[str]:
    return Counter(split_of[row.group] for row in rows)


def test_shares_are_met_whatever_the_size_of_groups() -> None:
    rows = [Row(f"g{n}", "chat", None) for n in range(2000)]
    assert sizes(rows, assign(rows, SHARES, 0)) == {"train": 1700, "validation": 100, "test": 200}
    rows = [Row(f"g{n // (1 + n % 7)}", "text", None) for n in range(1000)]
    counts = sizes(rows, assign(rows, SHARES, 0))
    assert 95 <= counts["test"] <= 150
    assert 45 <= counts["validation"] <= 75


def test_one_large_group_is_not_the_test() -> None:
    rows = [Row("large", "text", None)] * 500 + [Row(f"g{n}", "text", None) for n in range(50)]
    for seed in range(10):
        split_of = assign(rows, SHARES, seed)
        assert split_of["large"] == "train"
        assert set(split_of.values()) == {"train", "validation", "test"}


def test_three_groups_are_enough_and_two_are_not() -> None:
    three = [Row(name, "text", None) for name in "abc" for _n in range(10)]
    assert set(assign(three, SHARES, 0).values()) == {"train", "validation", "test"}
    two = [row for row in three if row.group != "c"]
    assert len(set(assign(two, SHARES, 0).values())) == 2


def test_sorted_input_does_not_give_a_one_class_test() -> None:
    rows = [Row(f"r{n}", "classification", f"label{n // 100}") for n in range(1000)]
    split_of = assign(rows, SHARES, 0)
    for split in ("train", "validation", "test"):
        labels = {row.label for row in rows if split_of[row.group] == split}
        assert len(labels) == 10
    assert 95 <= sizes(rows, split_of)["test"] <= 105


def test_rare_labels_are_trained_on_first() -> None:
    rows = [Row(f"a{n}", "classification", "common") for n in range(200)]
    rows += [Row("b", "classification", "rare")]
    rows += [Row(f"c{n}", "classification", f"pair{n // 2}") for n in range(40)]
    for seed in range(5):
        split_of = assign(rows, SHARES, seed)
        trained = {row.label for row in rows if split_of[row.group] == "train"}
        assert trained == {row.label for row in rows}


def test_adding_data_moves_few_groups() -> None:
    rows = [Row(f"g{n}", "chat", None) for n in range(1000)]
    before = assign(rows, SHARES, 0)
    after = assign(rows + [Row(f"new{n}", "chat", None) for n in range(100)], SHARES, 0)
    moved = [name for name in before if before[name] != after[name]]
    assert len(moved) <= 30
    assert assign(rows[::-1], SHARES, 0) == before
    assert assign(rows, SHARES, 1) != before


def test_a_group_is_called_by_its_smallest_name_however_it_was_joined() -> None:
    groups = Groups()
    for left, right in [("d", "c"), ("b", "a"), ("d", "a")]:
        groups.join(left, right)
    assert {groups.name_of(name) for name in "abcd"} == {"a"}
    assert joined(["record:1", "group:x", "record:2"], [(0, 1)]) == [
        "group:x",
        "group:x",
        "record:2",
    ]


BASE = " ".join(f"kata{n}" for n in range(60))


def keys_and_words(texts: list[str]) -> tuple[list[str], list[str]]:
    return [key(text) for text in texts], [" ".join(words(text)) for text in texts]


def test_rows_equal_or_similar_to_a_held_out_row_are_found_exactly() -> None:
    import random

    from laras.preparation.likeness import jaccard, shingles

    generator = random.Random(1)

    def changed(count: int) -> str:
        parts = BASE.split()
        for place in generator.sample(range(60), count):
            parts[place] = f"lain{generator.random()}"
        return " ".join(parts)

    rows = [changed(n % 5) for n in range(60)]
    held_out = [changed(n % 3) for n in range(20)]
    found = crossings(*keys_and_words(rows), *keys_and_words(held_out), 0.8)
    sets = [[shingles(" ".join(words(text))) for text in texts] for texts in (rows, held_out)]
    expected = {
        (row, other)
        for row, left in enumerate(sets[0])
        for other, right in enumerate(sets[1])
        if jaccard(left, right) >= 0.8
    }
    assert {(crossing.row, crossing.held_out) for crossing in found} == expected
    assert any(crossing.exact for crossing in found)
    assert not all(crossing.exact for crossing in found)


def write(folder: Path, name: str, contents: list[str], groups: list[str]) -> Path:
    examples = [
        Example(f"{name}{n}", "text", (Message("text", content, True),), group, source="s")
        for n, (content, group) in enumerate(zip(contents, groups, strict=True))
    ]
    path = folder / f"{name}.parquet"
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), path)
    return path


def test_the_certificate_sees_what_crosses(tmp_path: Path) -> None:
    near = BASE.replace("kata30 ", "lain ")
    train = write(tmp_path, "train", [BASE, "Satu dua tiga", "lain sama sekali"], ["a", "b", "c"])
    test = write(tmp_path, "test", [near, "satu  DUA tiga", "ini hal baru"], ["d", "e", "c"])
    found = certify({"train": train, "test": test}, {}, 0.8)
    assert found["groups_crossing"] == 1
    assert found["exact_crossing"] == 1
    assert found["near_duplicates_crossing"] == 1
    assert not found["clean"]
    assert found["rows_checked"] == found["rows_to_check"] == 3


def test_an_instruction_that_all_share_crosses_nothing(tmp_path: Path) -> None:
    lead = " ".join(f"perintah{n}" for n in range(80))
    contents = [f"{lead}\n\nteks nomor {n} saja" for n in range(2)]
    train = write(tmp_path, "train", contents[:1], ["a"])
    test = write(tmp_path, "test", contents[1:], ["b"])
    assert certify({"train": train, "test": test}, {"s": lead}, 0.8)["clean"]
    assert not certify({"train": train, "test": test}, {}, 0.8)["clean"]


def test_the_certificate_claims_no_more_than_was_looked_at(tmp_path: Path) -> None:
    contents = [f"{BASE} nomor {number}" for number in range(30)]
    train = write(tmp_path, "train", contents[:20], [f"a{n}" for n in range(20)])
    test = write(tmp_path, "test", contents[20:], [f"b{n}" for n in range(10)])
    splits: dict[Split, Path] = {"train": train, "test": test}
    whole = certify(splits, {}, 1.0)
    assert (whole["rows_checked"], whole["rows_to_check"]) == (10, 10)
    assert "among" not in statement(whole)
    part = certify(splits, {}, 1.0, work_limit=5000)
    assert part["clean"]
    assert 0 < part["rows_checked"] < 10
    assert f"among {part['rows_checked']} of 10 rows" in statement(part)
    assert "No group and no equal text" in statement(part)
