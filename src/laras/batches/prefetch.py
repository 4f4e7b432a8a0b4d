"""What is needed next is made while the present is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from laras.threads import run_anywhere

Item = TypeVar("Item")
Made = TypeVar("Made")


@contextmanager
def prefetched(
    make: Callable[[Item], Made], items: Iterable[Item], *, ahead: int = 2
) -> Iterator[Iterator[Made]]:
    """``map(make, items)``, with at most ``ahead`` results made in advance, by one thread.

    One thread calls ``make`` in the order of ``items``, so results are those of a plain loop. An
    exception in it is raised where its result is asked for, with the traceback of the thread.
    Leaving the context drops what was made in advance and waits for the call that is under way.
    """
    worker = ThreadPoolExecutor(1, "laras-prefetch", initializer=run_anywhere)
    waiting: deque[Future[Made]] = deque()

    def results() -> Iterator[Made]:
        for item in items:
            waiting.append(worker.submit(make, item))
            if len(waiting) > ahead:
                # The only reference, so that a result lives no longer than its user needs it.
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield results()
    finally:
        worker.shutdown(cancel_futures=True)
