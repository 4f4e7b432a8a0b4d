"""Work in a thread of its own: in order, and what fails in it is not lost."""

from __future__ import annotations

import threading
import time

import pytest

from laras.saving.background import Background


class Failed(Exception):
    """In a job."""


def fail() -> None:
    raise Failed


def test_jobs_are_done_in_order_by_one_thread() -> None:
    background, done = Background("test"), list[tuple[int, int]]()
    for number in range(20):
        background.submit(lambda number=number: done.append((number, threading.get_ident())))
    background.wait()
    assert [number for number, _thread in done] == list(range(20))
    assert len({thread for _number, thread in done}) == 1
    assert threading.get_ident() not in {thread for _number, thread in done}
    before = threading.active_count()
    background.close()
    assert threading.active_count() == before - 1


def test_what_fails_is_raised_once_and_nothing_is_built_on_it() -> None:
    background, done = Background("test"), list[str]()
    held = threading.Event()
    background.submit(held.wait)
    background.submit(fail)
    after = background.submit(lambda: done.append("built on it"))
    background.check()
    held.set()
    after.done.wait()
    with pytest.raises(Failed):
        background.check()
    background.check()
    background.submit(lambda: done.append("later"))
    background.wait()
    background.close()
    assert done == ["later"]


def test_what_failed_before_the_end_is_still_told_after_it() -> None:
    background = Background("test")
    background.submit(fail)
    background.close()
    with pytest.raises(Failed):
        background.check()


def test_giving_up_ends_a_job_that_asks_whether_to_go_on_and_drops_the_rest() -> None:
    background, done = Background("test"), list[str]()
    began = threading.Event()

    def long() -> None:
        began.set()
        while True:
            background.going_on()
            time.sleep(0.001)

    background.submit(long)
    background.submit(lambda: done.append("the rest"))
    began.wait()
    background.give_up()
    assert done == []
    background.check()


def test_giving_up_does_not_wait_for_a_disk_that_hangs() -> None:
    background, held = Background("test"), threading.Event()
    background.submit(held.wait)
    started = time.monotonic()
    background.give_up()
    assert time.monotonic() - started < 2
    held.set()


def test_what_a_job_needed_is_let_go_when_it_is_done() -> None:
    import gc
    import weakref

    class Large:
        pass

    held = Large()
    seen = weakref.ref(held)
    background = Background("test")
    background.submit(lambda held=held: None)  # type: ignore[misc]
    background.wait()
    del held
    gc.collect()
    assert seen() is None
    background.close()
