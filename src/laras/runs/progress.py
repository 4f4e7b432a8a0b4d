"""How a long piece of work says how far it is, to whoever wants to know."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by the work, shown by the terminal, a page, or nobody. Must never raise."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins (and the one before ends); ``total`` units of work, if known."""

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """``done`` units of the stage are finished; ``facts`` such as loss and tokens_per_s."""

    def note(self, message: str) -> None:
        """Something a person should read, already translated."""

    def finish(self) -> None:
        """The last stage has ended."""


class Silent:
    """A progress that nobody looks at."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """Say nothing."""

    def note(self, message: str) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""


class Titled:
    """Shows a part of a longer work under the part's title."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage of the part begins."""
        self._progress.stage(f"{self._title}: {name}", total)

    def advance(self, done: int, **facts: float | int | str | None) -> None:
        """As it is."""
        self._progress.advance(done, **facts)

    def note(self, message: str) -> None:
        """Whom it is about is said."""
        self._progress.note(f"{self._title}: {message}")

    def finish(self) -> None:
        """The part has ended."""
        self._progress.finish()
