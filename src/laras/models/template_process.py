"""The parent's side of the child process in which chat templates run.

A template comes with a model, and is a program. Jinja's sandbox keeps it from Python's internals,
and ours from most loops and long texts; a list in a list in a list that is printed, say, is more
than any budget of steps can count. So it runs where the kernel bounds memory and processor time.
One child serves all templates of this process; one that kills it costs its own rendering alone.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from laras.models.template_errors import BrokenTemplate, TemplateObjection

_TIMEOUT_S = 10.0
_MEMORY_BYTES = 1 << 29
_MEMORY_EACH_BYTE = 64  # of a request: contents are copied, and four bytes may hold a character
_START_S = 60.0  # a loaded machine takes long to start a process
_MOST_TEMPLATES = 32
_MOST_BYTES, _MOST_EACH_BYTE = 32 << 20, 1200  # of an answer
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


class TemplateProcess:
    """Runs templates in a child process, which starts when first needed. Threads may share it.

    ``timeout_s``: what one rendering may take, of wall clock and of the processor.
    """

    def __init__(self, timeout_s: float = _TIMEOUT_S) -> None:
        self.timeout_s = timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: selectors.BaseSelector = selectors.DefaultSelector()
        self._owner = 0
        self._known: set[str] = set()
        self._is_new = True
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Let the child start while there is other work to do."""
        with self._lock:
            self._running()

    def compile(self, text: str, today: date) -> None:
        """Have the template ``text`` ready; BrokenTemplate where it can't be compiled."""
        with self._lock:
            self._define(text, today)

    def render(self, text: str, today: date, variables: dict[str, Any]) -> str:
        """What the template makes of ``variables``. TemplateObjection where it objects to them,
        BrokenTemplate where it fails or takes more than it may."""
        return str(self._asked(text, today, {"variables": variables}))

    def frame(
        self, text: str, today: date, roles: Sequence[str], variables: dict[str, Any]
    ) -> tuple[tuple[str, ...], bool] | None:
        """:meth:`laras.models.opaque.Frames.frame` of the template."""
        try:
            found = self._asked(text, today, {"roles": list(roles), "variables": variables})
        except (BrokenTemplate, TemplateObjection):
            return None
        return None if found is None else (tuple(found[0]), bool(found[1]))

    def close(self) -> None:
        """End the child, at once."""
        child, self._child = self._child, None
        self._known.clear()
        if child is None or self._owner != os.getpid():  # a fork's parent goes on using it
            return
        self._answers.close()
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # nobody waits for what is unsent
                    stream.close()

    def _asked(self, text: str, today: date, request: dict[str, Any]) -> Any:
        with self._lock:
            return self._answered({"template": self._define(text, today), **request})

    def _define(self, text: str, today: date) -> str:
        """What the child calls the template, which it is told unless it knows it."""
        name = _name(text, today)
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if name in self._known and self._owner == os.getpid():
            return name
        if len(self._known) >= _MOST_TEMPLATES:
            self.close()
        self._answered({"template": name, "text": text, "today": today.isoformat()})
        self._known.add(name)
        return name

    def _answered(self, request: dict[str, Any]) -> Any:
        line = json.dumps(request).encode() + b"\n"
        child = self._running()
        try:
            answer = self._exchange(child, line)
        except BaseException:  # half a conversation is none: the next one begins anew
            self.close()
            raise
        if answer.get("exhausted"):
            self.close()
        if "objection" in answer:
            raise TemplateObjection(answer["objection"])
        if "broken" in answer:
            raise BrokenTemplate(answer["broken"])
        return answer["value"]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._owner != os.getpid():
            self._known.clear()
            self._owner = os.getpid()
            self._child = _started(self.timeout_s)
            assert self._child.stdout is not None
            self._answers = selectors.DefaultSelector()
            self._answers.register(self._child.stdout, selectors.EVENT_READ)
            self._is_new = True
        return self._child

    def _exchange(self, child: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
        """Send one line and receive one, within the deadline."""
        assert child.stdin is not None
        assert child.stdout is not None
        deadline = time.monotonic() + self.timeout_s + (_START_S if self._is_new else 0.0)
        most = _MOST_BYTES + _MOST_EACH_BYTE * len(line)
        received = bytearray()
        try:
            # The child reads all of a request before it answers.
            child.stdin.write(line)
            child.stdin.flush()
        except BrokenPipeError as error:
            raise self._death(child) from error
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not self._answers.select(left):
                raise BrokenTemplate("the template takes too long")
            block = os.read(child.stdout.fileno(), 1 << 20)
            received += block
            if not block:
                raise self._death(child)
            if len(received) > most:
                raise BrokenTemplate("the template makes too much text")
        self._is_new = False
        answer: dict[str, Any] = json.loads(received)
        return answer

    def _death(self, child: subprocess.Popen[bytes]) -> BrokenTemplate:
        code = child.wait()
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return BrokenTemplate("the template takes too long")
        return BrokenTemplate(f"the template ended its process ({code})")


@cache
def templates() -> TemplateProcess:
    """The child of this process. It holds no state of its own but what it was sent again and again,
    and starting one for each model would cost each run a tenth of a second for each."""
    process = TemplateProcess()
    atexit.register(process.close)
    return process


@lru_cache(maxsize=_MOST_TEMPLATES)
def _name(text: str, today: date) -> str:
    return hashlib.sha256(json.dumps([text, today.isoformat()]).encode()).hexdigest()


def _started(timeout_s: float) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # Where these were found, whatever the environment of this process says.
    homes = [Path(__file__).resolve().parents[2]]
    found = [find_spec(name) for name in ("jinja2", "markupsafe")]
    homes += [Path(each.origin).resolve().parents[1] for each in found if each and each.origin]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(map(os.fspath, homes)))
    limits = {
        "memory_bytes": _MEMORY_BYTES,
        "memory_each_byte": _MEMORY_EACH_BYTE,
        "timeout_s": timeout_s,
    }
    return subprocess.Popen(
        # -B: it may not write files. -P: nothing is imported from the current folder.
        [*(sys.executable, "-B", "-P", "-m", "laras.models.template_worker"), json.dumps(limits)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl-C is the parent's to handle
    )
