"""What stops or spares a step: signals, values that are not finite, and patience."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from types import FrameType

from laras.errors import GuardStopped, Interrupted
from laras.translation import _


class StopSignals:
    """SIGTERM and the first Ctrl-C ask for a stop after this step; a second Ctrl-C stops now.

    Used as a context manager; the handlers that were there before come back at the end. Outside
    the main thread nothing can be installed, and nothing is.
    """

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.requested = False
        self._number: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in self._SIGNALS:
                self._before[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        # One that came after the last look at it is for whoever goes on from here.
        if self._number is not None and exception[0] is None:
            signal.raise_signal(self._number)

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested, self._number = True, number


class FiniteGuard:
    """A step whose loss or gradient is not finite is not applied; too many in a row end the run."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_a_row = 0

    def good(self) -> None:
        """A step was applied."""
        self.in_a_row = 0

    def bad(self, step: int, what: str, example_ids: Sequence[str]) -> None:
        """A step was not applied; raises GuardStopped at the limit."""
        self.in_a_row += 1
        if self.in_a_row >= self.limit:
            raise GuardStopped(
                "tuning.not-finite",
                _("{what} was not finite in {count} steps in a row.").format(
                    what=what, count=self.in_a_row
                ),
                where=_("step {step}, examples {names}").format(
                    step=step, names=", ".join(example_ids[:5])
                ),
                hint=_(
                    "The last good weights are kept. Look at these examples, lower "
                    "tuning.learning_rate, or set model.precision: float32."
                ),
            )


def never_finite(validations: int) -> GuardStopped:
    """The error for a training of which no validation loss was finite: nothing of it is best."""
    return GuardStopped(
        "tuning.validation-not-finite",
        _("The validation loss was not finite in any of {count} validations.").format(
            count=validations
        ),
        hint=_(
            "Everything is saved. Look for a validation row that is out of the ordinary, lower "
            "tuning.learning_rate, or set model.precision: float32."
        ),
    )


def interrupted(step: int, steps: int) -> Interrupted:
    """The error for a training that a signal stopped after it was saved."""
    return Interrupted(
        "tuning.interrupted",
        _("Stopped at step {step} of {steps}; everything is saved.").format(step=step, steps=steps),
        hint=_("Run the same command again: it continues."),
    )
