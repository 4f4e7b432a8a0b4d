"""In every worker, whatever it imports: when each step ended, how much of the machine was ours.

Only the standard library is used here: the trainers' environments have nothing else in common.
A worker is asked by one JSON object as its argument and answers by its last line:

    python trl_worker.py '{"workload": "runs/bench/training/S", "mode": "lora", "steps": ["warm",
        "grouped"], "settings": {}}'

``steps``: names of plans (see workload.py), one after another; the first of them is warm-up.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STARTED = "LARAS_BENCH_STARTED"  # when the process was started, by the clock of time.time()
TOUCHED = "LARAS_BENCH_TOUCH_GB"  # memory to touch first, so that no step pays for getting it
LEARNING_RATE = 1e-4
RANK, ALPHA = 16, 32
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Request:
    """What a worker is asked to train."""

    workload: Path
    mode: str
    steps: list[str]
    settings: dict[str, Any]

    @classmethod
    def read(cls) -> Request:
        """From the command line. Touches the heap first, where the environment says so."""
        _touch_heap()
        asked = json.loads(sys.argv[1])
        return cls(
            Path(asked["workload"]), asked["mode"], asked["steps"], asked.get("settings", {})
        )

    @property
    def model(self) -> str:
        """Folder of the model."""
        return str(self.workload / "model")

    def plan(self) -> list[list[int]]:
        """Rows of each step, the warm-up first."""
        plans = json.loads((self.workload / "plans.json").read_text(encoding="utf-8"))
        return [step for name in self.steps for step in plans[name]]

    def rows(self) -> list[dict[str, list[int]]]:
        """Every row of the workload, by number."""
        loaded: list[dict[str, list[int]]] = json.loads(
            (self.workload / "rows.json").read_text(encoding="utf-8")
        )
        return loaded

    def rows_in_order(self) -> list[dict[str, list[int]]]:
        """The rows of :meth:`plan`, for a trainer that takes them as they come."""
        rows = self.rows()
        return [rows[number] for step in self.plan() for number in step]


@dataclass
class Meter:
    """Counts useful tokens (no padding) as batches are made, and notes when steps end."""

    tokens: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    _busy: list[tuple[float, float]] = field(default_factory=list)

    def batch(self, tokens: int, cells: int) -> None:
        """A batch was made: ``cells`` are its tokens with the padding."""
        self.tokens.append(tokens)
        self.cells.append(cells)

    def step_done(self, loss: float | None = None) -> None:
        """An optimizer step has ended."""
        self.ends.append(time.time())
        self._busy.append((machine_busy_s(), own_busy_s()))
        if loss is not None:
            self.losses.append(loss)

    def report(self, warm_steps: int = 1, batches_a_step: int = 1) -> None:
        """Print what was measured. Batches of a step are those made for it, in order."""
        steps = []
        for number in range(warm_steps, len(self.ends)):
            batches = slice(number * batches_a_step, (number + 1) * batches_a_step)
            seconds = self.ends[number] - self.ends[number - 1]
            others = _others(self._busy[number - 1], self._busy[number])
            steps.append(
                {
                    "tokens": sum(self.tokens[batches]),
                    "cells": sum(self.cells[batches]),
                    "seconds": seconds,
                    "others_share": others / max(seconds, 1e-9) / (os.cpu_count() or 1),
                }
            )
        seconds = sum(step["seconds"] for step in steps)
        answer = {
            "tokens_per_s": sum(step["tokens"] for step in steps) / seconds if steps else None,
            "others_share": sum(step["others_share"] * step["seconds"] for step in steps) / seconds
            if steps
            else None,
            "start_to_first_step_s": self.ends[0] - float(os.environ.get(STARTED, self.ends[0])),
            "peak_memory_bytes": peak_memory_bytes(),
            "steps": steps,
            "losses": self.losses,
            **self.facts,
        }
        print(json.dumps(answer), flush=True)


def _others(before: tuple[float, float], after: tuple[float, float]) -> float:
    """CPU seconds that other processes (or other guests: steal) took meanwhile."""
    return max(0.0, (after[0] - before[0]) - (after[1] - before[1]))


def machine_busy_s() -> float:
    """CPU seconds since boot that the machine was not idle, stolen ones included."""
    with Path("/proc/stat").open(encoding="ascii") as file:
        user, nice, system, _idle, _waiting, *rest = map(int, file.readline().split()[1:9])
    return (user + nice + system + sum(rest)) / _TICKS_PER_S


def own_busy_s() -> float:
    """CPU seconds of this process, all threads."""
    return time.process_time()


def command_line() -> str:
    """How this script was called. Where things lie on this machine is nobody's business: of
    absolute paths the name alone stands."""
    said = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv]
    return shlex.join(["python", *said])


def peak_memory_bytes() -> int:
    """Largest resident set of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def _touch_heap() -> None:
    """Where the heap is kept (MALLOC_TRIM_THRESHOLD_), memory touched once stays at hand."""
    gigabytes = float(os.environ.get(TOUCHED, 0))
    if gigabytes:
        page = 4096
        block = bytearray(int(gigabytes * 2**30))
        block[::page] = b"\1" * len(range(0, len(block), page))
        del block
