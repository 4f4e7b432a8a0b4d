"""Faults on purpose: places at which a test lets the process be killed, signalled or denied.

``LARAS_FAULT=NAME[@COUNT[+]]:ACTION`` in the environment, read once: the COUNT-th time (without
one, the first; with ``+``, from then on) that the process comes by NAME, ACTION happens. So a kill
lands where it hurts and not where a timer happens to put it. Without the variable
:func:`fault_point` is a function that does nothing.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import signal
import sys
import time
from collections.abc import Callable

from laras.errors import UsageError
from laras.translation import _

VARIABLE = "LARAS_FAULT"
WAIT_S = 5.0  # long enough for a test to see where the process is, and to send it something

POINTS = {
    "step": "the gradients of a micro-batch are added to those of its step",
    "loss": "the loss of a micro-batch is there; the caller spoils it if told to",
    "backward": "the gradients of a step are whole and not yet applied",
    "validation": "between two batches of the validation loss",
    "saving": "a checkpoint is about to be written",
    "weights-file": "the file of the weights is half written",
    "before-manifest": "all files of a checkpoint are written, the manifest is not",
    "before-rename": "the checkpoint is whole and has no name yet",
    "after-rename": "the checkpoint has its name, older ones are still there",
    "rotation": "an older checkpoint is half deleted",
    "evaluation": "between two batches of a candidate's evaluation",
}


def _signalled(number: int) -> Callable[[], bool]:
    def send() -> bool:
        os.kill(os.getpid(), number)
        return False

    return send


def _wait() -> bool:
    time.sleep(WAIT_S)
    return False


def _no_memory() -> bool:
    raise MemoryError(VARIABLE)


def _full() -> bool:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_ACTIONS: dict[str, Callable[[], bool]] = {
    "kill": _signalled(getattr(signal, "SIGKILL", signal.SIGTERM)),  # Windows has only the latter
    "term": _signalled(signal.SIGTERM),
    "interrupt": _signalled(signal.SIGINT),
    "wait": _wait,
    "oom": _no_memory,
    "full": _full,
    "nan": lambda: True,
}

_FAULT = re.compile(r"(?P<name>[a-z-]+)(@(?P<count>[1-9]\d*)(?P<on>\+?))?:(?P<action>[a-z]+)")


def _no_fault(name: str) -> bool:
    """Nothing; what :func:`fault_point` is wherever nobody asked for a fault."""
    return False


def armed(wish: str | None) -> Callable[[str], bool]:
    """The function to call at each point, for a value of the variable. Raises UsageError for a
    point or an action that does not exist."""
    if not wish:
        return _no_fault
    match = _FAULT.fullmatch(wish)
    if match is None or match["name"] not in POINTS or match["action"] not in _ACTIONS:
        raise UsageError(
            "runs.unknown-fault",
            _("{wish!r} is no fault that Laras knows.").format(wish=wish),
            where=VARIABLE,
            hint=_(
                "NAME[@COUNT[+]]:ACTION; NAME is one of {points}, and ACTION one of {actions}."
            ).format(points=", ".join(POINTS), actions=", ".join(_ACTIONS)),
        )
    chosen, first, again = match["name"], int(match["count"] or 1), bool(match["on"])
    action, passed = _ACTIONS[match["action"]], itertools.count(1)

    def reached(name: str) -> bool:
        if name != chosen:
            return False
        which = next(passed)
        if which != first and not (again and which > first):
            return False
        print(f"{VARIABLE}: {name} {which}", file=sys.stderr, flush=True)
        return action()

    return reached


#: Call it with a name of POINTS where a fault may strike. True: the caller is to spoil the value
#: that it holds (``nan``). May raise MemoryError or OSError, or not return.
fault_point = armed(os.environ.get(VARIABLE))
