"""Answers that were paid for, kept as they come: one JSON line each, found again by a key."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType

from laras.endpoints.client import Reply, token_count
from laras.runs.atomic import write_text_atomic
from laras.runs.failures import storage_errors


class ReplyStore:
    """Replies by key in the file ``path``; use as a context manager. Threads may share it.

    A line that a kill tore is passed over, and asked for again. ``cleaned``: what is kept of a
    reply's text; lines of an earlier run that hold more are written anew.
    """

    def __init__(self, path: Path, cleaned: Callable[[str], str] = str) -> None:
        self.path = path
        self._cleaned = cleaned
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

    def replies(self) -> list[Reply]:
        """All that are kept."""
        with self._lock:
            return list(self._replies.values())

    def put(self, key: str, reply: Reply) -> None:
        """Keep ``reply``; it is on disk when this returns."""
        reply = replace(reply, text=self._cleaned(reply.text))
        line = _line(key, reply)
        with self._lock, storage_errors(self.path):
            self._stream.write(line + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._replies[key] = reply

    def _load(self) -> bool:
        """Reads what is there; whether its last line is torn."""
        is_stale = False
        content = self.path.read_text(encoding="utf-8", errors="replace")
        for line in content.splitlines():
            try:
                row = json.loads(line)
                key = row.pop("key")
                self._replies[str(key)] = Reply(
                    self._cleaned(str(row["text"])),
                    token_count(row["input_tokens"]),
                    token_count(row["output_tokens"]),
                    # Kept since replies tell of them.
                    finished=bool(row.get("finished", True)),
                    seconds=float(row.get("seconds", 0.0)),
                    lost=token_count(row.get("lost", 0)),
                    estimated=bool(row.get("estimated", False)),
                )
                is_stale = is_stale or self._replies[str(key)].text != row["text"]
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        if is_stale:
            lines = (_line(key, reply) for key, reply in self._replies.items())
            write_text_atomic(self.path, "".join(f"{line}\n" for line in lines))
            return False
        return bool(content) and not content.endswith("\n")


def _line(key: str, reply: Reply) -> str:
    return json.dumps({"key": key, **asdict(reply)}, ensure_ascii=True)
