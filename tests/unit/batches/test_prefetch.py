"""Results in order, few at a time, and errors with the place where they happened."""

from __future__ import annotations

import gc
import threading
import traceback
import weakref

import pytest

from laras.batches.prefetch import prefetched


def test_results_come_in_order_from_another_thread() -> None:
    threads = set()

    def make(number: int) -> int:
        threads.add(threading.current_thread())
        return number * number

    with prefetched(make, range(50)) as results:
        assert list(results) == [number * number for number in range(50)]
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_the_next_ones_are_made_while_one_is_used_and_no_more() -> None:
    made: list[int] = []
    three = threading.Event()

    def make(number: int) -> int:
        made.append(number)
        if len(made) == 3:
            three.set()
        return number

    with prefetched(make, range(100), ahead=2) as results:
        assert next(results) == 0
        assert three.wait(5.0), "two are made ahead without being asked for"
        assert made == [0, 1, 2]


def test_a_result_is_let_go_of_when_it_is_handed_over() -> None:
    class Large:
        pass

    with prefetched(lambda _number: Large(), range(3)) as results:
        first = weakref.ref(next(results))
        gc.collect()
        assert first() is None


def test_an_error_comes_up_at_its_item_with_its_own_traceback() -> None:
    def broken(number: int) -> int:
        if number == 3:
            raise ValueError("row 3 is broken")
        return number

    with prefetched(broken, range(9)) as results:
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="row 3 is broken") as raised:
            next(results)
    assert "broken" in [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]


def test_leaving_early_ends_the_thread_and_drops_the_rest() -> None:
    made: list[int] = []
    before = threading.active_count()
    with prefetched(made.append, range(10_000)) as results:
        next(results)
    assert threading.active_count() == before
    assert len(made) <= 3


def test_nothing_to_make_gives_nothing() -> None:
    with prefetched(str, []) as results:
        assert list(results) == []
