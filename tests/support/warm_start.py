"""Processes of ``laras`` that begin with the libraries loaded: a minute of kills instead of ten.

In a process of its own::

    python warm_start.py SOCKET

It imports what the verbs import, computes nothing and has no threads; each command is a fork of it,
with standard streams, an environment and random states of its own, and in a session of its own.
Nobody who compares two runs should take both from here: they would share Python's seed for hashes.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

MODULES = (
    *("torch", "transformers", "peft", "optuna", "daft", "pyarrow.parquet", "scipy.stats"),
    *("laras.cli.main", "laras.cli.tune", "laras.cli.search", "laras.cli.evaluate"),
    *("laras.workflow", "laras.job", "laras.tuning.tune", "laras.trials.search"),
    *("laras.preparation.pipeline", "laras.contenders.judged", "laras.contenders.conclusion"),
)


class Started:
    """A command under way, to be used as a ``subprocess.Popen``."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("r")
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self._connection.settimeout(0.0)
            try:
                self._connection.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return None
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._connection.close()
        return self.returncode

    def kill(self) -> None:
        # It may end by itself between the question and the signal.
        with suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> Started:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.kill()
        self.wait()


class WarmStart:
    """The server, and how it is asked; ends with the ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self._address = str(folder / "warm")
        self._server = subprocess.Popen(
            [sys.executable, __file__, self._address],
            stdin=subprocess.PIPE,
            # A process that has threads can't be forked, and these libraries start theirs unasked.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def start(
        self, arguments: list[str], cwd: Path, environment: dict[str, str], streams: list[int]
    ) -> Started:
        """``laras ARGUMENTS`` with these three ``streams``."""
        connection = socket.socket(socket.AF_UNIX)
        while connection.connect_ex(self._address):
            if self._server.poll() is not None:
                connection.close()
                raise AssertionError("the libraries can't be loaded")
            time.sleep(0.05)
        asked = {"arguments": arguments, "cwd": str(cwd), "environment": environment}
        socket.send_fds(connection, [json.dumps(asked).encode() + b"\n"], streams)
        return Started(connection)

    def close(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.terminate()
        self._server.wait()


def serve(address: str) -> dict[str, Any]:
    """What to do, in the process that is to do it; never returns in the others."""
    for name in MODULES:
        import_module(name)
    threads = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    # An allocator's own threads know about forks; any other would be missing in one.
    assert sorted(name for name in threads if name != "jemalloc_bg_thd") == threads[:1], threads
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for commands is reaped unasked
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        while True:
            if sys.stdin in select.select([server, sys.stdin], [], [])[0]:
                os._exit(0)  # whoever started this is gone
            connection, _address = server.accept()
            if os.fork() == 0:
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, streams, _flags, _sender = socket.recv_fds(connection, 1 << 20, 3)
    pid = os.fork()
    if pid:
        for stream in streams:
            os.close(stream)
        connection.sendall(f"{pid}\n".encode())
        _pid, status = os.waitpid(pid, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    connection.close()
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # What stood in these before knew another kind of file.
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    asked: dict[str, Any] = json.loads(message)
    return asked


def main(address: str) -> int:
    """Serve; in a fork of this process: the command's exit code."""
    asked = serve(address)
    os.chdir(asked["cwd"])
    os.environ.update(asked["environment"])
    import random

    import numpy as np
    import torch

    random.seed()
    np.random.seed()
    torch.seed()
    from laras.runs import faults

    unarmed, armed = faults.fault_point, faults.armed(os.environ.get(faults.VARIABLE))
    for module in list(sys.modules.values()):
        if getattr(module, "fault_point", None) is unarmed:
            module.fault_point = armed  # type: ignore[attr-defined]
    from laras.cli.main import main as laras

    return laras(asked["arguments"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
