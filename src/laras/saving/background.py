"""Work in a thread of its own, in order, whose failures come back to who asked for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from laras.threads import run_anywhere

# How long a thread that was told to give up is waited for: it may hang in a slow disk.
_PATIENCE_S = 0.5


class Abandoned(Exception):
    """Raised within a job whose thread was told to give up."""


class Job:
    """Something that is done, or will be. ``done`` is set however it ended."""

    def __init__(self, work: Callable[[], None], after: int) -> None:
        """``after``: how many failures had been told when it was handed over."""
        self._work: Callable[[], None] | None = work
        self.after = after
        self.done = threading.Event()

    def do(self) -> None:
        """Do it, once; afterwards nothing of what it needed is held any more."""
        work, self._work = self._work, None
        if work is not None:
            work()


class Background:
    """One thread that does jobs in the order in which they were handed over.

    Once one has failed, those behind it are dropped: they may build on it. The thread is a daemon,
    so that a second Ctrl-C need not wait for a disk; who leaves in peace calls :meth:`close`.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._last: Job | None = None
        self._failure: BaseException | None = None
        self._told = 0  # failures, by check()
        self._failed_after = -1  # ``after`` of the job that failed last
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], None]) -> Job:
        """Do ``work`` when what was handed over before is done."""
        self._last = Job(work, self._told)
        self._jobs.put(self._last)
        return self._last

    def going_on(self) -> None:
        """For a job to call now and then: raises Abandoned once nobody wants it any more."""
        if self._given_up:
            raise Abandoned

    def check(self) -> None:
        """Raise what a job has failed with, once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            self._told += 1
            raise failure

    def wait(self) -> None:
        """Until all is done; then :meth:`check`. A signal's handler may end the waiting."""
        if self._last is not None:
            self._last.done.wait()
        self.check()

    def close(self) -> None:
        """End the thread when all is done; what failed is left to :meth:`check`."""
        self._jobs.put(None)
        self._thread.join()

    def give_up(self) -> None:
        """End the thread as soon as it can, and don't wait for one that can't."""
        self._given_up = True
        self._jobs.put(None)
        self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        run_anywhere()
        while (job := self._jobs.get()) is not None:
            try:
                if job.after > self._failed_after and not self._given_up:
                    job.do()
            except Abandoned:
                pass
            except BaseException as error:  # whatever it is, it belongs to who asked
                self._failure, self._failed_after = error, job.after
            finally:
                job.done.set()
