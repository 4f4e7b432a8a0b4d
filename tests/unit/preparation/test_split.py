"""Splits hold whole groups and follow no order of the input."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from laras.preparation.split import position
from laras.records import Split
from oracles import Row
from oracles import assign_rows as assign

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


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(0, 100), st.integers(0, 5))
def test_added_data_moves_only_groups_between_the_old_border_and_the_new(
    before: int, added: int, seed: int
) -> None:
    """Groups have a fixed order, of which the test takes one end and validation the other. Shares
    are kept as data grows, so the borders shift; a group that neither crosses stays."""
    rows = [Row(f"g{n}", "chat", None) for n in range(before)]
    more = [*rows, *(Row(f"new{n}", "chat", None) for n in range(added))]
    old, new = assign(rows, SHARES, seed), assign(more, SHARES, seed)
    order = sorted((row.group for row in more), key=lambda name: position(name, seed))
    for split_of in (old, new):
        splits = [split_of[name] for name in order if name in split_of]
        assert splits == sorted(splits, key=["test", "train", "validation"].index)
    moved = [name for name in old if old[name] != new[name]]
    assert len(moved) <= 2 + added * (0.1 + 0.05) + 0.5
