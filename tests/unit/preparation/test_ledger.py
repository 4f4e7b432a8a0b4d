"""The ledger counts in memory, keeps its rows on disk, and loses none."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from laras.errors import LarasError
from laras.preparation.ledger import MOST_HELD, Ledger, describe
from laras.records import Rejection, rejections_from
from laras.sources.reasons import explanation
from laras.sources.reasons import rejection as rejection_of_reading
from laras.translation import using


def rejection(number: int, reason: str = "too-short") -> Rejection:
    return Rejection("", reason, f"{number}.md", f"line {number}", f"id{number}")


def test_rows_go_to_files_and_come_together_in_order(tmp_path: Path) -> None:
    ledger = Ledger()
    with ledger.into(tmp_path / "clean.arrow"):
        ledger.add("clean", (rejection(n) for n in range(2 * MOST_HELD + 3)))
        assert len(ledger._held) < MOST_HELD  # a bound, whatever the number of rows
    ledger.add("split", [rejection(7, "stands-in-test")])
    ledger.write(tmp_path / "ledger.parquet")
    rows = list(rejections_from(pq.read_table(tmp_path / "ledger.parquet")))
    assert [row.path for row in rows[:3]] == ["0.md", "1.md", "2.md"]
    assert len(rows) == ledger.entries == 2 * MOST_HELD + 4
    assert (rows[0].stage, rows[-1].stage) == ("clean", "split")
    assert ledger.reasons() == {"too-short": 2 * MOST_HELD + 3, "stands-in-test": 1}


def test_what_an_earlier_run_left_is_counted_as_if_it_were_new(tmp_path: Path) -> None:
    first = Ledger()
    cut = Rejection("", "repeated-lines", "a.md", action="cut", rows=0)
    with first.into(tmp_path / "clean.arrow"):
        first.add("clean", [rejection(1), cut, rejection(2, "language")])
    again = Ledger()
    again.take(tmp_path / "clean.arrow")
    for ledger in (first, again):
        ledger.balance("clean", 10, 8)
        assert ledger.reasons("clean") == {"language": 1, "too-short": 1}
        assert ledger.first_places("clean") == [
            "1.md: line 1: too-short",
            "2.md: line 2: language",
        ]
        assert ledger.entries == 3
    assert first.funnel == again.funnel


def test_a_file_of_a_stage_that_failed_is_not_left(tmp_path: Path) -> None:
    def fail() -> None:
        ledger = Ledger()
        with ledger.into(tmp_path / "clean.arrow"):
            ledger.add("clean", [rejection(1)])
            ledger.balance("clean", 1, 1)

    with pytest.raises(LarasError, match="1 rows in, 1 out, 1 in the ledger"):
        fail()
    assert not list(tmp_path.iterdir())


def test_the_ledger_holds_facts_and_says_what_they_mean_in_the_language_in_use() -> None:
    with using("id"):
        stored = rejection_of_reading("bad-encoding", "a.csv", fact="line 3")
        ledger = Ledger()
        ledger.add("read", [stored])
        indonesian = explanation("bad-encoding")
        assert ledger.first_places() == [f"a.csv: bad-encoding ({indonesian} line 3)"]
    assert stored == rejection_of_reading("bad-encoding", "a.csv", fact="line 3")
    assert stored.detail == "line 3"
    assert describe(stored) == f"a.csv: bad-encoding ({explanation('bad-encoding')} line 3)"
    assert explanation("bad-encoding") != indonesian
    assert ledger.first_places() == [describe(stored)]


def test_a_reason_of_another_room_stands_for_itself() -> None:
    assert explanation("too-short") == ""
    assert describe(rejection(1)) == "1.md: line 1: too-short"
