"""How often a process of ours looks for unreachable cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from laras.cli import main as command_line
from laras.runs.garbage import seldom_sought


@pytest.fixture(autouse=True)
def own_thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_cycles_are_sought_less_often_within_it_and_as_before_after_it() -> None:
    gc.set_threshold(700, 10, 10)
    seen = []

    def interrupted() -> None:
        with seldom_sought():
            seen.append(gc.get_threshold())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == [(20_000, 10, 10)]
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("chosen", [(0, 10, 10), (50_000, 5, 5)])
def test_who_set_less_or_none_keeps_it(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    with seldom_sought():
        assert gc.get_threshold() == chosen


def test_a_cycle_is_still_found() -> None:
    found = []

    class Told(list[object]):
        def __del__(self) -> None:
            found.append(True)

    gc.collect()
    with seldom_sought():
        cycle = Told()
        cycle.append(cycle)
        del cycle
        kept: list[object] = [[] for _ in range(25_000)]
    assert found, len(kept)


def test_the_command_line_works_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Program:
        def main(self, **_given: object) -> None:
            seen.append(gc.get_threshold()[0])

    monkeypatch.setattr(command_line, "program", Program)
    gc.set_threshold(700, 10, 10)
    assert command_line.main([]) == 0
    assert (seen, gc.get_threshold()[0]) == ([20_000], 700)
