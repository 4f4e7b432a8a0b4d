"""The parent's side of the child process that parses untrusted files.

One child serves many files, so that a hundred files don't pay a hundred start-ups. A file that
kills it or keeps it too long costs that file alone: the next one gets a fresh child.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from laras.sources.extraction import Extracted, RefusedError, costs_of

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR"),
    *("OMP_NUM_THREADS", "DOCLING_ARTIFACTS_PATH"),
)
_GRACE_S = 2.0  # beyond the processor limit, for starting and for waiting on the disk


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """What one file may cost: seconds of wall clock, bytes of address space, characters out."""

    timeout_s: float = 60.0
    memory_bytes: int = 2 << 30
    max_characters: int = 50_000_000


class ParserProcess:
    """Parses files in a child process; use as a context manager. It starts when first needed."""

    def __init__(self, limits: ParserLimits | None = None) -> None:
        self.limits = limits or ParserLimits()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ParserProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    def extract(self, kind: str, path: Path, start: int | None = None) -> list[Extracted]:
        """The texts of the file at ``path``, of a ``kind`` that the worker knows: one, or one for
        each part of a file that holds several (the messages of a mailbox). ``start``: where to
        begin, for a parser that reads in pages; the limits hold for each page. Parsers that run
        a neural network may use a multiple of them.

        Raises :class:`RefusedError` with the reason where the file gives none.
        """
        facts = {"kind": kind, "path": os.fspath(path)}
        page = {} if start is None else {"start": start}
        request = json.dumps({**facts, **page}).encode() + b"\n"
        child = self._running()
        assert child.stdin is not None
        try:
            child.stdin.write(request)
            child.stdin.flush()
        except BrokenPipeError:  # it died while idle, which is not this file's fault
            self.close()
            child = self._running()
            assert child.stdin is not None
            child.stdin.write(request)
            child.stdin.flush()
        answer = self._receive(child, self.limits.timeout_s * costs_of(kind).time)
        if "reason" in answer:
            if answer.get("exhausted"):
                self.close()
            raise RefusedError(answer["reason"], answer["fact"])
        return [_as_extracted(facts) for facts in answer["extracted"]]

    def close(self) -> None:
        """End the child, at once."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # nobody waits for what is unsent
                    stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
            environment["PYTHONPATH"] = os.fspath(_PACKAGE_PARENT)
            self._child = subprocess.Popen(
                # -B: it may not write files. -P: nothing is imported from the current folder.
                [
                    *(sys.executable, "-B", "-P", "-m", "laras.sources.worker"),
                    json.dumps(asdict(self.limits)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        return self._child

    def _receive(self, child: subprocess.Popen[bytes], timeout_s: float) -> dict[str, Any]:
        """One line of the child, within the deadline."""
        assert child.stdout is not None
        deadline = time.monotonic() + timeout_s + _GRACE_S
        most = 12 * self.limits.max_characters + (1 << 20)  # \uXXXX\uXXXX is a character's most
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self.close()
                    raise RefusedError("timeout", f"{timeout_s:g} s")
                block = os.read(child.stdout.fileno(), 1 << 20)
                received += block
                if not block:
                    raise self._death(child, timeout_s)
                if len(received) > most:
                    self.close()
                    raise RefusedError("too-much-text", f"{self.limits.max_characters}")
        answer: dict[str, Any] = json.loads(received)
        return answer

    def _death(self, child: subprocess.Popen[bytes], timeout_s: float) -> RefusedError:
        code = child.wait()
        self.close()
        if code == -signal.SIGXCPU:
            return RefusedError("timeout", f"{timeout_s:g} s")
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return RefusedError("parser-failed", cause)


def _as_extracted(facts: dict[str, Any]) -> Extracted:
    notes = tuple((reason, locator, fact) for reason, locator, fact in facts.pop("notes"))
    return Extracted(**facts, notes=notes)
