"""The table of faults is complete: no row without a test, no test for a row that is not there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
WAITS = "waits for the web pages"


def test_every_row_has_a_test_or_waits_for_the_web_pages() -> None:
    lines = (TESTS / "faults" / "rows.txt").read_text(encoding="utf-8").splitlines()
    rows = {int(line.partition("|")[0]): line for line in lines}
    assert list(rows) == list(range(1, 63))
    marked: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        for found in re.findall(r"mark\.fault\(([\d, ]+)\)", path.read_text(encoding="utf-8")):
            marked.update(int(number) for number in found.split(",") if number.strip())
    assert marked == {number for number, line in rows.items() if not line.endswith(WAITS)}
