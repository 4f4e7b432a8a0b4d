"""Starting the processes of a training by torch elastic, and listening to them until they end.

``torch.distributed.run`` starts all ranks, and starts all again where one is lost. A rank that ends
by itself, with a result or an error that a person should read, says so and exits with zero, and
nothing is started again. The ranks meet in files of a private folder: no port is opened to others.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

from laras import threads
from laras.distribution.processes import Processes
from laras.errors import LarasError, RanksLost
from laras.runs.redaction import redacted
from laras.translation import _, language

Heard = Callable[[dict[str, Any]], None]

_END_S = 30.0  # for ranks to save what is to be saved, or to notice that nobody needs them
# Ranks of one machine talk to each other where no other machine listens.
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


def run_ranks(
    module: str, task: Mapping[str, Any], processes: Processes, log: Path, heard: Heard
) -> dict[str, Any]:
    """Run ``module`` in all processes, on ``task``; returns the result that one of them tells.

    ``heard`` gets what else they tell. What they and torch print is added to ``log``, which is
    removed when all went well. Raises the error that a rank tells, KeyboardInterrupt where a signal
    came before there was anything to save, RanksLost where ranks were lost too often.
    """
    with tempfile.TemporaryDirectory(prefix="laras-ranks-") as meeting, log.open("ab") as printed:
        file = Path(meeting, "task.json")
        file.write_text(json.dumps({**task, "language": language()}), encoding="utf-8")
        agent = subprocess.Popen(
            _command(module, file, processes),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env=_environment(processes),
            start_new_session=True,  # Ctrl-C is for this process, which passes it on
        )
        try:
            with _Agent(agent) as listening, listening.passing_signals_on():
                outcome = listening.outcome(heard)
        finally:
            _take_out_secrets(log)
    if outcome is None:
        if listening.asked_to_stop:
            raise KeyboardInterrupt
        raise RanksLost(
            "distribution.ranks-lost",
            _(
                "Processes of the training were lost or hung, and were started again as often as "
                "they may be ({restarts})."
            ).format(restarts=processes.restarts),
            where=str(log),
            hint=_("The same command goes on from the newest checkpoint."),
        )
    log.unlink(missing_ok=True)  # what went wrong here is told by the error
    if "error" in outcome:
        raise _error(outcome["error"])
    if listening.asked_to_stop:  # when there was nothing left to stop; what comes next is
        raise KeyboardInterrupt
    result: dict[str, Any] = outcome["result"]
    return result


def _take_out_secrets(log: Path) -> None:
    printed = log.read_text(encoding="utf-8", errors="replace")
    log.write_text(str(redacted(printed)), encoding="utf-8")


def as_facts(error: LarasError) -> dict[str, Any]:
    """What :func:`run_ranks` raises it anew from."""
    return {"class": type(error).__name__, **error.as_json()}


def _error(facts: Mapping[str, Any]) -> LarasError:
    kinds = {kind.__name__: kind for kind in LarasError.__subclasses__()}
    kind = kinds.get(str(facts["class"]), LarasError)
    return kind(facts["error"], facts["what"], where=facts["where"], hint=facts["hint"])


def _command(module: str, task: Path, processes: Processes) -> list[str]:
    patience = round(min(_END_S, max(1.0, processes.timeout_s)))
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *("--nnodes", "1", "--nproc-per-node", str(processes.count)),
        *("--max-restarts", str(processes.restarts), "--shutdown-timeout", str(patience)),
        *("--rdzv-backend", "c10d", "--rdzv-conf", "store_type=file"),
        *("--rdzv-endpoint", str(task.with_name("agent")), "--rdzv-id", "laras"),
        *("--local-addr", "127.0.0.1", "-m", module, str(task)),
    ]


def _environment(processes: Processes) -> dict[str, str]:
    """Each rank gets its share of the cores, unless the user has said how many threads it gets."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    limited = threads.setting().threads  # set in the environment by Laras, for this process alone
    each = {"OMP_NUM_THREADS": str(max(1, (limited or cores) // processes.count))}
    chosen = {
        **({} if limited else each),
        "GLOO_SOCKET_IFNAME": _LOOPBACK,
        "NCCL_SOCKET_IFNAME": _LOOPBACK,
        "PYTHONUNBUFFERED": "1",
    }
    own = {
        # Else the agent opens a port to all, for a store that these ranks have no use for.
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "PYTHONSAFEPATH": "1",  # no module is taken from the current folder
        **(each if limited else {}),
    }
    return {**chosen, **os.environ, **own}


class _Agent:
    """torch elastic's process, and through it the ranks. At the end of the block none is left."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.asked_to_stop = False
        self._process = process
        self._input: IO[bytes] = process.stdin
        self._output: IO[bytes] = process.stdout
        self._ranks: dict[int, int] = {}  # number -> process id, of those started last

    def __enter__(self) -> _Agent:
        return self

    def __exit__(self, *exception: object) -> None:
        patience = _END_S if exception[0] is None else 0.0
        self._let_go()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            # The agent first: it would start lost ranks again. One that is stopped hears no end of
            # its input.
            self._process.kill()
            for rank in self._ranks.values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rank, signal.SIGKILL)
            self._process.wait()
        finally:
            self._output.close()

    def outcome(self, heard: Heard) -> dict[str, Any] | None:
        """What the first rank to end by itself tells; None if none does, or there was nothing yet
        to end."""
        for line in self._output:
            try:
                told = json.loads(line)
            except ValueError:  # of a rank that was killed while it spoke
                continue
            if "stopped" in told:
                return None
            if "result" in told or "error" in told:
                return dict(told)
            if "pid" in told:
                self._ranks[told["rank"]] = told["pid"]
                if self.asked_to_stop:  # those that were asked have been lost since
                    self._ask()
            heard(told)
        return None

    @contextlib.contextmanager
    def passing_signals_on(self) -> Iterator[None]:
        """SIGTERM and the first Ctrl-C let the ranks save and stop, a second one ends them now."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, _frame: FrameType | None) -> None:
            if self.asked_to_stop and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.asked_to_stop = True
            self._ask()

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self) -> None:
        """One of the ranks reads it; what it does then they agree on."""
        with contextlib.suppress(OSError):
            os.write(self._input.fileno(), b"\n")

    def _let_go(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
