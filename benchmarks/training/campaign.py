"""Trainers by turns on the same rows: tokens per second, memory, time to the first step.

    python benchmarks/training/campaign.py --trainers .venv-bench-trainers/bin/python \\
        --llamafactory .venv-bench-llamafactory/bin/python [--only M-lora] [--kinds speed,start]

Every figure comes from a process of its own, and processes alternate: each repeat of a cell (a
workload and a mode) runs every contender once, beginning with another one each time. Kinds:

speed     tuned environment, heap touched beforehand, warm-up, then the timed rows
defaults  the peers as they come: their default settings, the machine's default environment
start     process start to the end of the first step, heap not touched
memory    the largest resident set after the longest rows, heap not touched
settings  what the peers' best settings were chosen from
gains     Laras with one trick less, by turns with Laras

The share of the machine that others took during the timed part is noted; a run with more than 6 %
is repeated, and counts only where no quiet one was had. Each result is saved when it is there; the
same command goes on with what is missing.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contenders import (
    CONTENDERS,
    ENVIRONMENT,
    MODES,
    PYTHONS,
    TOUCHED_GB,
    TUNED_ENVIRONMENT,
    Contender,
)
from meter import STARTED, TOUCHED, command_line, machine_busy_s
from summary import summary
from workload import WORKLOADS, make

import laras

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
TOLERATED_OTHERS_SHARE = 0.06
_LIMIT_S = 600
# As much as the hungriest needs, so that no timed step pays for new memory.
_REPEATS = {"speed": 5, "defaults": 3, "start": 5, "memory": 1, "settings": 1, "gains": 5}
_GROUPS = {
    "speed": ("ours", "peers"),
    "defaults": ("defaults",),
    "start": ("ours", "peers"),
    "memory": ("ours", "peers"),
    "settings": ("settings",),
    "gains": ("ours", "gains"),
}


@dataclass(frozen=True)
class Job:
    """One run to be had."""

    kind: str
    workload: str
    mode: str
    contender: Contender
    repeat: int

    @property
    def key(self) -> dict[str, Any]:
        """What a result is known by."""
        return {
            "kind": self.kind,
            "workload": self.workload,
            "mode": self.mode,
            "contender": self.contender.name,
            "repeat": self.repeat,
        }

    def steps(self) -> list[str]:
        """Plans of the workload, the warm-up first."""
        timed = {"start": [], "memory": ["longest"]}.get(self.kind, [self.contender.plan])
        return ["warm", *timed]

    def environment(self) -> dict[str, str]:
        """The process's environment, less what it can't know before it starts."""
        tuned = set(TUNED_ENVIRONMENT)
        inherited = {name: each for name, each in os.environ.items() if name not in tuned}
        environment = inherited | ENVIRONMENT | self.contender.environment
        if self.kind != "defaults":
            environment |= TUNED_ENVIRONMENT
        if self.kind in ("speed", "settings", "gains"):
            environment[TOUCHED] = str(TOUCHED_GB[self.workload])
        return environment


def jobs(
    kinds: list[str], cells: list[tuple[str, str]], names: list[str] | None, repeats: int | None
) -> Iterator[Job]:
    """All runs in the order in which they are had: contenders alternate within a cell."""
    for kind in kinds:
        for workload, mode in cells:
            contenders = [
                each
                for each in CONTENDERS.values()
                if each.group in _GROUPS[kind]
                and mode in each.modes
                and (names is None or each.name in names)
            ]
            for repeat in range(repeats or _REPEATS[kind]):
                first = repeat % max(1, len(contenders))
                for contender in contenders[first:] + contenders[:first]:
                    yield Job(kind, workload, mode, contender, repeat)


class Results:
    """Runs so far, in a file that is whole after each of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, Any] = {"commands": [], "machine": {}, "runs": []}
        if path.exists():
            self.data = json.loads(path.read_text(encoding="utf-8"))

    def begin(self, command: str, machine: dict[str, Any]) -> None:
        """Note what was asked for, and where."""
        self.data["machine"] = machine
        if command not in self.data["commands"]:
            self.data["commands"].append(command)

    def quiet(self, job: Job) -> bool:
        """Whether ``job`` has a run that others did not disturb, or failed for good."""
        return any(
            all(run[name] == each for name, each in job.key.items())
            and (run.get("failed") or not run["disturbed"])
            for run in self.data["runs"]
        )

    def forget(self, selected: list[Job]) -> None:
        """Drop the runs of these jobs."""
        keys = [job.key for job in selected]
        self.data["runs"] = [
            run for run in self.data["runs"] if {name: run[name] for name in keys[0]} not in keys
        ]

    def add(self, run: dict[str, Any]) -> None:
        """Keep a run."""
        self.data["runs"].append(run)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.data, indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.path)


def measure(job: Job, pythons: dict[str, str], folder: Path) -> dict[str, Any]:
    """Run ``job`` in its process and return what it says of itself."""
    request = {
        "workload": str((folder / job.workload).resolve()),
        "mode": job.mode,
        "steps": job.steps(),
        "settings": job.contender.settings_for(job.mode),
    }
    command = [pythons[job.contender.python], job.contender.worker, json.dumps(request)]
    started = time.time()
    busy_before, own_before = machine_busy_s(), _children_s()
    try:
        process = subprocess.run(
            command,
            cwd=HERE,
            env={**job.environment(), STARTED: str(started)},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        answer = _answer(process)
    except subprocess.TimeoutExpired:
        answer = {"failed": f"no end after {_LIMIT_S} s"}
    wall = time.time() - started
    busy = machine_busy_s() - busy_before - (_children_s() - own_before)
    whole = max(0.0, busy) / wall / (os.cpu_count() or 1)
    # Where nothing is timed but the start, the whole process is what others may disturb.
    timed = None if job.kind in ("start", "memory") else answer.get("others_share")
    return {
        **job.key,
        **answer,
        "others_share_of_process": whole,
        "wall_s": wall,
        "disturbed": (whole if timed is None else timed) > TOLERATED_OTHERS_SHARE,
        "settings": request["settings"],
    }


def _answer(process: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    lines = [line for line in process.stdout.splitlines() if line.startswith('{"tokens_per_s"')]
    if process.returncode or not lines:
        reason = process.stderr.strip().splitlines()[-1:] or ["no answer"]
        return {"failed": reason[0][:300]}
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def _children_s() -> float:
    """CPU seconds of finished children."""
    times = os.times()
    return times.children_user + times.children_system


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory: what the figures belong to."""
    from laras.runs.machine import describe_machine as described

    found: dict[str, Any] = described()
    return found


def main() -> None:
    """Have the runs that are missing, print the tables, keep them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/bench/training"))
    for name in PYTHONS:
        parser.add_argument(f"--{name}", help="python of this environment; left out without it")
    parser.add_argument("--only", help="cells: S-full,S-lora,M-full,M-lora")
    parser.add_argument("--kinds", default="speed,start,memory")
    parser.add_argument("--contenders", help="names, see contenders.py")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--attempts", type=int, default=3, help="at a run that others disturb")
    parser.add_argument("--again", action="store_true", help="drop what is there of the selection")
    parser.add_argument("--results", type=Path, default=RESULTS / "training.json")
    arguments = parser.parse_args()
    make(arguments.folder)
    # As an installer does with every package, the peers' too.
    compileall.compile_dir(Path(laras.__file__).parent, quiet=1)
    pythons = {"own": sys.executable}
    for name in PYTHONS:
        if getattr(arguments, name):
            # Not resolved: a virtual environment is known by the link's own place.
            pythons[name] = str(Path(getattr(arguments, name)).absolute())
    cells = [(workload, mode) for workload in WORKLOADS for mode in MODES]
    if arguments.only:
        cells = [cell for cell in cells if "-".join(cell) in arguments.only.split(",")]
    names = arguments.contenders.split(",") if arguments.contenders else None
    selected = [
        job
        for job in jobs(arguments.kinds.split(","), cells, names, arguments.repeats)
        if job.contender.python in pythons
    ]
    results = Results(arguments.results)
    if arguments.again:
        results.forget(selected)
    results.begin(command_line(), describe_machine())
    for job in selected:
        for _attempt in range(arguments.attempts):
            if results.quiet(job):
                break
            run = measure(job, pythons, arguments.folder)
            results.add(run)
            print(_line(run), flush=True)
    text = summary(results.data)
    arguments.results.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def _line(run: dict[str, Any]) -> str:
    head = f"{run['kind']} {run['workload']}-{run['mode']} {run['contender']} #{run['repeat']}: "
    if "failed" in run:
        return f"{head}failed: {run['failed']}"
    speed = run["tokens_per_s"]
    return (
        f"{head}{speed and round(speed)} tokens/s, first step after "
        f"{run['start_to_first_step_s']:.1f} s, {run['peak_memory_bytes'] / 1e9:.2f} GB, "
        f"{run['wall_s']:.0f} s in all{', disturbed' if run['disturbed'] else ''}"
    )


if __name__ == "__main__":
    main()
