"""One small typed registry: a name, a thing, and where outside packages may add theirs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Generic, TypeVar

from laras.errors import UsageError
from laras.translation import _

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things of one kind (readers, objectives, metrics, contenders).

    Things of this package are registered where they are defined. Other packages publish theirs
    under the entry point group ``laras.<kind>``; those are only imported when a name is asked
    for that this package does not know, or when all are asked for (:meth:`all`), so that start-up
    pays nothing for them.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, T] = {}
        self._is_complete = False

    def register(self, name: str, thing: T) -> T:
        """Add ``thing`` under ``name``; a name taken twice is a mistake in the code."""
        if name in self._things:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._things[name] = thing
        return thing

    def get(self, name: str) -> T:
        """The thing called ``name``; an unknown name is a :class:`UsageError` with suggestions."""
        if name not in self._things:
            for point in entry_points(group=f"laras.{self.kind}", name=name):
                self._things[name] = point.load()
        if name not in self._things:
            close = difflib.get_close_matches(name, self._things, n=1)
            hint = _("Did you mean {name!r}?").format(name=close[0]) if close else None
            raise UsageError(
                f"{self.kind}.unknown",
                _("There is no {kind} called {name!r}.").format(kind=self.kind, name=name),
                hint=hint or _("Known: {names}").format(names=", ".join(sorted(self._things))),
            )
        return self._things[name]

    def all(self) -> Mapping[str, T]:
        """Everything by name: what is registered in order of registration, then what other
        packages publish, by name. The first call imports theirs; of a name that is taken nothing
        is imported."""
        if not self._is_complete:
            self._is_complete = True
            points = entry_points(group=f"laras.{self.kind}")
            for point in sorted(points, key=lambda point: (point.name, point.value)):
                if point.name not in self._things:
                    self._things[point.name] = point.load()
        return MappingProxyType(self._things)

    def names(self) -> list[str]:
        """Names registered so far, in order of registration."""
        return list(self._things)

    def __contains__(self, name: str) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)
