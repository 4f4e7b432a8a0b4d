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
