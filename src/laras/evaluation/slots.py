"""Which slots of a cache are free."""

from __future__ import annotations

from bisect import insort


class Slots:
    """``count`` slots, taken and given back in runs. First fit: rows come longest first, so what a
    row has left is room for one that comes later."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.free = count
        self._runs = [(0, count)]  # first slot and length of each free run, ascending, apart

    def take(self, length: int) -> int | None:
        """The first slot of a run of ``length``; None where there is none."""
        for place, (start, room) in enumerate(self._runs):
            if room >= length:
                rest = [(start + length, room - length)] if room > length else []
                self._runs[place : place + 1] = rest
                self.free -= length
                return start
        return None

    def give(self, start: int, length: int) -> None:
        """Give back what was taken."""
        self.free += length
        insort(self._runs, (start, length))
        joined: list[tuple[int, int]] = []
        for first, room in self._runs:
            if joined and sum(joined[-1]) == first:
                joined[-1] = joined[-1][0], joined[-1][1] + room
            else:
                joined.append((first, room))
        self._runs = joined
