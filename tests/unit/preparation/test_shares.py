"""Shares of the training rows: whole groups, one within the other, the same every time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laras.errors import DataRefused
from laras.preparation.pipeline import Prepared
from laras.preparation.shares import on_share, refuse_shares, share_of, write_share
from laras.records import EXAMPLE_SCHEMA

SHARES = (0.1, 0.25, 0.5, 0.75)


def rows_of(groups: list[str], task: str, labels: list[str | None]) -> pa.Table:
    return pa.table(
        {
            "group": pa.array(groups, pa.string()),
            "task": pa.array([task] * len(groups), pa.string()),
            "label": pa.array(labels, pa.string()),
        }
    )


def labelled() -> pa.Table:
    """Eleven labels, 7 to 17 rows each, in groups of one to three rows."""
    groups, labels = [], []
    for label in range(11):
        for row in range(7 + label):
            groups.append(f"{label}-{row // (1 + label % 3)}")
            labels.append(f"label{label}")
    return rows_of(groups, "classification", labels)


def texts() -> pa.Table:
    groups = [f"document {n % 40}" for n in range(300)]
    return rows_of(groups, "text", [None] * 300)


@pytest.mark.parametrize("table", [labelled(), texts()], ids=["labelled", "texts"])
def test_a_share_is_of_whole_groups_and_lies_within_the_next(table: pa.Table) -> None:
    drawn = [share_of(table, share, 3) for share in SHARES]
    groups = np.array(table["group"].to_pylist())
    for taken in drawn:
        assert not set(groups[taken]) & set(groups[~taken])
    for smaller, larger in pairwise(drawn):
        assert not (smaller & ~larger).any()
    for share, taken in zip(SHARES, drawn, strict=True):
        assert taken.mean() == pytest.approx(share, abs=0.06)


def test_every_label_keeps_its_share() -> None:
    table = labelled()
    taken, labels = share_of(table, 0.5, 0), np.array(table["label"].to_pylist())
    for label in set(labels):
        assert 0.25 <= taken[labels == label].mean() <= 0.75
    tiny, kept = share_of(table, 0.01, 0), set(labels)
    assert set(labels[tiny]) == kept, "a label without any row could not be learnt"


def test_the_order_of_the_rows_says_nothing_and_the_seed_decides() -> None:
    table = texts()
    turned = table.take(list(reversed(range(table.num_rows))))
    assert share_of(turned, 0.25, 1).tolist() == share_of(table, 0.25, 1).tolist()[::-1]
    assert share_of(table, 0.25, 1).tolist() != share_of(table, 0.25, 2).tolist()


def examples(folder: Path, groups: int) -> Path:
    rows = [
        {
            "example_id": f"e{n}",
            "task": "text",
            "messages": [],
            "group": f"g{n % groups}",
            "spans": [],
            "label": None,
            "source": "s",
            "weight": 1.0,
        }
        for n in range(24)
    ]
    path = folder / "train.parquet"
    pq.write_table(pa.Table.from_pylist(rows, EXAMPLE_SCHEMA), path)
    return path


def test_a_share_is_written_as_it_stands_and_twice_the_same(tmp_path: Path) -> None:
    train = examples(tmp_path, 12)
    whole = pq.read_table(train)
    write_share(train, 0.5, 0, tmp_path / "half/train.parquet")
    written = pq.read_table(tmp_path / "half/train.parquet")
    assert written.equals(whole.filter(pa.array(share_of(whole, 0.5, 0))))
    assert written.num_rows == 12
    write_share(train, 0.5, 0, tmp_path / "again.parquet")
    content = (tmp_path / "half/train.parquet").read_bytes()
    assert (tmp_path / "again.parquet").read_bytes() == content


def test_what_decides_a_share_decides_its_key(tmp_path: Path) -> None:
    prepared = Prepared(*[tmp_path / name for name in "abcd"], {}, "key")
    drawn = [(0.5, 0), (0.25, 0), (0.5, 1)]
    keys = {on_share(prepared, share, seed, tmp_path).key for share, seed in drawn}
    assert len(keys) == 3
    assert on_share(prepared, 0.5, 0, tmp_path).test == prepared.test


def test_shares_that_whole_groups_can_not_make_are_refused(tmp_path: Path) -> None:
    refuse_shares(examples(tmp_path, 12), [0.5, 0.25], 0)
    for groups, shares in ((1, [0.5]), (3, [0.3, 0.35])):
        with pytest.raises(DataRefused) as caught:
            refuse_shares(examples(tmp_path, groups), shares, 0)
        assert caught.value.identifier == "comparison.no-such-share"
        assert caught.value.where == "comparison.learning_curve"
