"""Run every test that stands for a row of tests/faults/rows.txt, and tell what came of each row.

Usage::

    python scripts/faults_table.py [--write docs/faults.md] [PYTEST OPTIONS]

A test says which rows it stands for by ``@pytest.mark.fault(ROW, ...)``, wherever it lives. The
table is printed, and written with ``--write``. The exit code is pytest's; it is not 0 either where
a row has no test.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest

from laras.runs.faults import POINTS

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "tests" / "faults" / "rows.txt"
PEERS = ROOT / "benchmarks" / "results" / "faults-peers.md"
WAITS = "waits for the web pages"
NOT_RUN = "not run yet"

HEAD = """\
# Faults

<!-- Written by `make test-faults` from the tests that it ran. -->

What may go wrong with a run or come in with its data, what must happen then, and whether it did:
each row has tests that bring the fault about for real, with real processes, signals, full disks
and hostile files. `make test-faults` runs them all and writes this page.

"""

POINTS_HEAD = """
## Bringing a fault about

`LARAS_FAULT=NAME@COUNT:ACTION` in the environment lets ACTION happen the COUNT-th time that the
process comes by NAME; `COUNT+`: from then on. Without the variable nothing of this is there.

| name | the process is there when |
| --- | --- |
"""

POINTS_END = """
ACTION is `kill`, `term` or `interrupt` (a signal to itself), `wait` (a few seconds, so that
something can be done to it there), `oom` and `full` (as though memory or disk had run out), or
`nan` (the value at hand is not a number any more).
"""

PEERS_HEAD = """
## The same faults elsewhere

Those rows that concern any trainer, tried on Laras, TRL and LLaMA-Factory with the same tiny model
and the same rows, each as its documentation shows, and the same command given again after the
fault (`make bench-faults`). "yes": nothing was lost and nobody was misled.

"""


@dataclass(slots=True)
class Row:
    """A row of the table. ``seconds``: of its tests, set-up included."""

    number: int
    fault: str
    expected: str
    waits: bool
    outcomes: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def outcome(self) -> str:
        """In a word or two."""
        if self.waits and not self.outcomes:
            return WAITS
        found = set(self.outcomes.values())
        if found == {NOT_RUN}:
            return NOT_RUN
        if "failed" in found:
            return "**failed**"
        if "passed" not in found:
            return "skipped" if found else "**no test**"
        skipped = sum(outcome == "skipped" for outcome in self.outcomes.values())
        return f"passed ({skipped} skipped)" if skipped else "passed"

    @property
    def is_well(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.outcome.startswith("passed") or self.outcome == WAITS


def read_rows(path: Path = ROWS) -> dict[int, Row]:
    """The rows of the file, by number."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        number, fault, expected, *rest = (part.strip() for part in line.split("|"))
        rows[int(number)] = Row(int(number), fault, expected, WAITS in rest)
    return rows


class Recorder:
    """A pytest plugin that fills in the rows."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self.rows = rows

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which tests there are, where this process collects them (not with ``-n``)."""
        for item in session.items:
            for mark in item.iter_markers("fault"):
                for number in mark.args:
                    self.rows[number].outcomes.setdefault(item.nodeid, NOT_RUN)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, number in report.user_properties:
            if name == "fault":
                self._record(self.rows[int(str(number))], report)

    def _record(self, row: Row, report: pytest.TestReport) -> None:
        row.seconds += report.duration
        before = row.outcomes.get(report.nodeid)
        # A test that passed may still fail when it is taken down.
        later = before in (None, NOT_RUN) or (before != "failed" and report.when == "call")
        if report.failed or later:
            row.outcomes[report.nodeid] = report.outcome


def page(rows: dict[int, Row]) -> str:
    """The whole page."""
    points = POINTS_HEAD + "\n".join(_points()) + POINTS_END
    peers = PEERS_HEAD + PEERS.read_text(encoding="utf-8")
    return HEAD + "\n".join(_table(rows)) + "\n" + peers + points


def _table(rows: dict[int, Row]) -> Iterator[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    done = [row for row in rows.values() if row.outcomes]
    passed = sum(row.outcome.startswith("passed") for row in done)
    waiting = sum(row.outcome == WAITS for row in rows.values())
    tests = len({name for row in done for name in row.outcomes})
    yield (
        f"{passed} of {len(rows)} rows passed, {waiting} wait for the web pages: {tests} tests, "
        f"on {platform.system()}, Python {platform.python_version()}, {libraries}. A test may "
        "stand for several rows; its seconds count in each."
    )
    yield ""
    yield "| row | fault | what must happen | outcome | tests | seconds |"
    yield "| ---: | --- | --- | --- | ---: | ---: |"
    for row in rows.values():
        counted = f"{len(row.outcomes)} | {row.seconds:.1f}" if row.outcomes else " | "
        yield f"| {row.number} | {row.fault} | {row.expected} | {row.outcome} | {counted} |"


def _points() -> Iterator[str]:
    for name, when in POINTS.items():
        yield f"| `{name}` | {when} |"
    yield ""


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    chosen, options = parser.parse_known_args()
    rows = read_rows()
    tests = [str(ROOT / "tests"), "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    code = int(pytest.main([*tests, "-m", "fault", *options], plugins=[Recorder(rows)]))
    print("\n".join(_table(rows)))
    if chosen.write:
        chosen.write.write_text(page(rows), encoding="utf-8")
    return code or int(not all(row.is_well for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
