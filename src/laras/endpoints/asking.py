"""Many calls at once that a signal can end at any moment, and that lose no answer.

The threads are daemons and the main thread only ever waits for a moment: with an executor, Ctrl-C
would wait for the slowest answer under way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from laras.endpoints.client import Reply

_MOMENT_S = 0.2
_Outcome = tuple[int, Reply | Exception]


def ask_all(
    calls: Sequence[Callable[[], Reply]], parallel: int, stop: threading.Event
) -> Iterator[tuple[int, Reply]]:
    """The number and the reply of each of ``calls`` as they come, ``parallel`` at a time.

    When one fails, those under way are still handed out, for they are paid for; then the failure
    is raised. Whoever stops asking sets ``stop``, which the calls look at, too.
    """
    open_: queue.SimpleQueue[int] = queue.SimpleQueue()
    outcomes: queue.SimpleQueue[_Outcome | None] = queue.SimpleQueue()
    for number in range(len(calls)):
        open_.put(number)

    def work() -> None:
        try:
            while not stop.is_set():
                number = open_.get_nowait()
                try:
                    outcomes.put((number, calls[number]()))
                except Exception as error:  # raised again where the outcomes are read
                    stop.set()
                    outcomes.put((number, error))
        except queue.Empty:
            pass
        finally:
            outcomes.put(None)

    workers = min(parallel, len(calls))
    for _number in range(workers):
        threading.Thread(target=work, daemon=True).start()
    failure: Exception | None = None
    while workers:
        try:
            outcome = outcomes.get(timeout=_MOMENT_S)
        except queue.Empty:
            continue
        if outcome is None:
            workers -= 1
        elif isinstance(outcome[1], Exception):
            failure = failure or outcome[1]
        else:
            yield outcome[0], outcome[1]
    if failure is not None:
        raise failure
