"""``events.jsonl``: what happened in a run, one JSON object a line, only ever appended.

A writer may be killed between any two bytes, and the disk may be full for a while. Readers
therefore skip a line that is not whole; a writer starts on a line of its own, and where events
were lost for want of room, the next one that fits says how many.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from laras.errors import StorageFailed
from laras.runs.atomic import plain
from laras.runs.failures import is_full, storage_errors, storage_failure
from laras.runs.redaction import logger, redacted
from laras.runs.regular import open_regular, read_regular
from laras.translation import _

EVENTS_NAME = "events.jsonl"
_log = logger("laras.runs")


class EventLog:
    """The writer's end; one for each run, under its lock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVENTS_NAME
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with storage_errors(self.path):
            self._descriptor = open_regular(self.path, flags)
            size = os.fstat(self._descriptor).st_size
            self._torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        self._lost = 0
        self._warned = False

    def append(self, kind: str, facts: dict[str, Any]) -> None:
        """Write one event, without secrets. A full disk is warned of once and ends no run."""
        event = {"t": time.time(), "kind": kind, **redacted(plain(facts))}
        line = json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n"
        if self._lost:
            gap = {"t": time.time(), "kind": "events_lost", "count": self._lost}
            line = json.dumps(gap) + "\n" + line
        if self._torn:
            line = "\n" + line
        # surrogatepass would make bytes that no reader decodes; a mark is better than no event.
        if self._write(line.encode("utf-8", errors="replace")):
            self._lost, self._torn = 0, False
        else:
            self._lost += 1

    def _write(self, content: bytes) -> bool:
        size = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, content) == len(content):
                return True
            failure = None
        except OSError as error:
            if not is_full(error):
                raise storage_failure(error, self.path) from error
            failure = error
        self._take_back(size)
        self._warn(failure)
        return False

    def _take_back(self, size: int) -> None:
        """Remove the half of a line that still found room."""
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:
            self._torn = True

    def _warn(self, failure: OSError | None) -> None:
        if not self._warned:
            self._warned = True
            reason = failure.strerror if failure else os.strerror(28)
            _log.warning(
                _("%s: events can't be written (%s); the run goes on without them."),
                self.path,
                reason,
            )

    def sync(self) -> None:
        """Make what was written durable, as far as the disk can."""
        with contextlib.suppress(OSError):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_events(folder: Path) -> list[dict[str, Any]]:
    """All whole events of a run folder, oldest first; none where nothing was written yet."""
    try:
        content = read_regular(folder / EVENTS_NAME)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageFailed(
            "runs.unreadable",
            _("The events can't be read: {reason}.").format(reason=error.strerror),
            where=str(folder / EVENTS_NAME),
        ) from error
    events = []
    for line in content.split(b"\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and "kind" in event:
            events.append(event)
    return events
