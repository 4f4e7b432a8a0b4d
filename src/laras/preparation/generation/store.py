"""Answers that were paid for, kept as they come: one JSON line each, found again by a key."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from laras.preparation.generation.endpoint import Reply
from laras.runs.failures import storage_errors


class ReplyStore:
    """Replies by key in the file ``path``; use as a context manager. Threads may share it.

    A line that a kill tore is passed over, and asked for again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._replies: dict[str, Reply] = {}
        self._lock = threading.Lock()
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            torn = path.exists() and self._load()
            self._stream = path.open("a", encoding="utf-8")
            if torn:
                self._stream.write("\n")

    def __enter__(self) -> ReplyStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()

    def get(self, key: str) -> Reply | None:
        """The reply kept under ``key``."""
        return self._replies.get(key)

    def put(self, key: str, reply: Reply) -> None:
        """Keep ``reply``; it is on disk when this returns."""
        line = json.dumps({"key": key, **asdict(reply)}, ensure_ascii=True)
        with self._lock, storage_errors(self.path):
            self._stream.write(line + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._replies[key] = reply

    def _load(self) -> bool:
        """Reads what is there; whether its last line is torn."""
        content = self.path.read_text(encoding="utf-8", errors="replace")
        for line in content.splitlines():
            try:
                row = json.loads(line)
                key = row.pop("key")
                self._replies[str(key)] = Reply(**row)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return bool(content) and not content.endswith("\n")
