"""Progress on stderr: a bar where somebody looks, a line for each stage where nobody does."""

from __future__ import annotations

import contextlib
import sys
import time

import click
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from laras.cli.printable import printable
from laras.translation import _

_LINE_EVERY_S = 15.0  # without a terminal


class TerminalProgress:
    """Implements :class:`laras.runs.progress.Progress`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._name = ""
        self._total: int | None = None
        self._began = self._spoke = time.monotonic()
        self._status = ""

    def stage(self, name: str, total: int | None = None) -> None:
        """End the stage before with a line, and show this one."""
        self._end_stage()
        self._name, self._total, self._status = printable(name), total, ""
        self._began = self._spoke = time.monotonic()
        if self._console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[status]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bars.add_task(self._name, total=total, status="")
            self._bars.start()

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """Show ``done`` of the stage's total, with the loss, speed and time left if told."""
        self._status = status_line(done, self._total, facts)
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, status=self._status)
        elif time.monotonic() - self._spoke >= _LINE_EVERY_S:
            self._spoke = time.monotonic()
            self._line(f"  {self._name}: {self._status}")

    def note(self, message: str) -> None:
        """Print ``message`` above the bar."""
        self._line(f"  {message}")

    def finish(self) -> None:
        """End the last stage."""
        self._end_stage()
        self._name = ""

    def abandon(self) -> None:
        """Let go of the terminal, without a word about the stage that was under way."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._task = None

    def _end_stage(self) -> None:
        self.abandon()
        if self._name:
            seconds = time.monotonic() - self._began
            took = duration(seconds)
            line = f"✓ {self._name}  {took}"
            self._line(f"{line}  {self._status}" if self._status else line)

    def _line(self, text: str) -> None:
        # Plain printing: a name or a message may hold what rich would take for markup.
        # Nobody may be reading any more (``2>&1 | head``): the work goes on all the same.
        with contextlib.suppress(BrokenPipeError):
            if self._bars is not None:
                self._bars.console.print(printable(text), markup=False)
            else:
                click.echo(printable(text), file=sys.stderr)


def status_line(done: int, total: int | None, facts: dict[str, float | int | str | None]) -> str:
    """``120/300  loss 2.31  5,400 tokens/s  1 min left`` from what is known."""
    parts = [f"{done:,}/{total:,}" if total else f"{done:,}"]
    loss, speed, left = facts.get("loss"), facts.get("tokens_per_s"), facts.get("eta_s")
    if isinstance(loss, int | float):
        parts.append(_("loss {loss:.3f}").format(loss=loss))
    if isinstance(speed, int | float):
        parts.append(_("{speed:,.0f} tokens/s").format(speed=speed))
    if isinstance(left, int | float) and left > 0:
        parts.append(_("{time} left").format(time=duration(left)))
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < 10:
        return _("{seconds:.1f} s").format(seconds=seconds)
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)
