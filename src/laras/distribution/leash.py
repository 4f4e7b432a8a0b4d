"""What holds a rank to the process that launched it: its standard input and output.

The launcher keeps the other end of the input. A byte from there asks for a stop; its end means that
the launcher is gone, however it died, and that nobody holds the run folder any more. What a rank
has to say are lines of JSON on its output; what libraries print there goes to standard error.
"""

from __future__ import annotations

import json
import os
import select
import signal
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

from laras.runs.atomic import plain
from laras.runs.progress import Progress

_LOOK_EVERY_S = 0.5


class Leash:
    """Taken once, by a rank, before it does anything else."""

    def __init__(self) -> None:
        self.asked_to_stop = False
        self._parent = os.getppid()
        self._out = os.dup(1)
        os.dup2(2, 1)
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._watch, name="laras-leash", daemon=True).start()

    def tell(self, **facts: Any) -> None:
        """One line to the launcher. Where it is gone, nobody needs to know."""
        line = json.dumps(plain(facts), ensure_ascii=False, allow_nan=False).encode() + b"\n"
        try:
            os.write(self._out, line)
        except OSError:
            os._exit(0)

    def tell_where(self, rank: int, attempt: int) -> None:
        """Which process this is, of those that were started at the ``attempt`` (from 0)."""
        self.tell(rank=rank, attempt=attempt, pid=os.getpid())

    def _watch(self) -> None:
        while True:
            if select.select([0], [], [], _LOOK_EVERY_S)[0]:
                if not os.read(0, 1):
                    # Zero: torch elastic would start a rank that fails again.
                    os._exit(0)
                self.asked_to_stop = True
                os.kill(os.getpid(), signal.SIGTERM)
            elif os.getppid() != self._parent:  # torch elastic's own process was killed
                os._exit(0)

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        """While nothing is trained there is nothing to save; training handles the signal itself."""
        if self.asked_to_stop:
            self.tell(stopped=True)
        os._exit(0 if self.asked_to_stop else 1)


class Told:
    """A progress (:class:`laras.runs.progress.Progress`) that the launcher shows."""

    def __init__(self, leash: Leash) -> None:
        self._leash = leash

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins."""
        self._leash.tell(progress="stage", name=name, total=total)

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """So many units are done."""
        self._leash.tell(progress="advance", done=done, facts=facts)

    def note(self, message: str) -> None:
        """Something a person should read."""
        self._leash.tell(progress="note", message=message)

    def finish(self) -> None:
        """The last stage has ended."""
        self._leash.tell(progress="finish")


def show(told: Mapping[str, Any], progress: Progress) -> None:
    """On the launcher's side: what :class:`Told` has told."""
    kind = told["progress"]
    if kind == "stage":
        progress.stage(told["name"], told["total"])
    elif kind == "advance":
        progress.advance(told["done"], **told["facts"])
    elif kind == "note":
        progress.note(told["message"])
    elif kind == "finish":
        progress.finish()
