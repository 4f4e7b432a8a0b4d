"""Threads keep their cores while these are idle, and nobody else's settings are touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from laras import threads

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="threads are bound on Linux, with more than one core",
)

# What a process sees after `import laras` and torch's first parallel step.
SEEN = """
import json, os, sys
import laras
from laras import threads
import torch
torch.ones(1_000_000).add_(1)
def cores():
    threads = map(int, os.listdir("/proc/self/task"))
    return {tid: sorted(os.sched_getaffinity(tid)) for tid in threads}
facts = {
    "bound": threads.setting().bound, "reason": threads.setting().reason,
    "waiting": threads.setting().waiting, "threads": torch.get_num_threads(),
    "here": sorted(os.sched_getaffinity(0)), "first": sorted(threads.setting().first),
    "pinned": sorted(map(sorted, (c for c in cores().values() if len(c) == 1))),
    "environment": {k: v for k, v in os.environ.items() if k.startswith(("OMP_", "GOMP_"))},
}
"""


def seen(more: str = "", **environment: str) -> dict[str, Any]:
    """``SEEN`` and ``more`` in a process of its own, without this one's choices."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "KMP_"))}
    kept.pop("LARAS_MACHINE", None)
    done = subprocess.run(
        [sys.executable, "-c", SEEN + textwrap.dedent(more) + "\nprint(json.dumps(facts))"],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """A process that nobody has set anything for."""
    facts = seen(
        """
        with threads.placed() as look:
            placement = look.__self__
            placement._keep()
            kept = cores()
            started = __import__("concurrent.futures").futures.ThreadPoolExecutor(
                1, initializer=threads.run_anywhere)
            other = sorted(started.submit(os.sched_getaffinity, 0).result())
            placement.move()
            moved = cores()
        after = cores()
        child = __import__("subprocess").check_output([sys.executable, "-c",
            "import os; print(sorted(os.sched_getaffinity(0)))"], text=True).strip()
        me = os.getpid()
        facts |= {"kept": kept[me], "other": other, "moved": list(moved.values()),
                  "after": after[me], "child": child}
        """
    )
    if not facts["bound"]:
        pytest.skip(f"not bound on this machine: {facts['reason']}")
    return facts


def test_openmp_threads_have_cores_of_their_own(plain: dict[str, Any]) -> None:
    assert len(plain["pinned"]) == plain["threads"] - 1
    assert plain["first"] not in plain["pinned"]


def test_the_first_thread_is_bound_within_a_computation_only(plain: dict[str, Any]) -> None:
    everywhere = sorted(os.sched_getaffinity(0))
    assert plain["here"] == plain["after"] == everywhere
    assert plain["kept"] == plain["first"]


def test_threads_and_processes_that_are_started_inherit_no_core(plain: dict[str, Any]) -> None:
    everywhere = sorted(os.sched_getaffinity(0))
    assert plain["other"] == everywhere
    assert plain["child"] == str(everywhere)
    assert plain["environment"] == {"OMP_WAIT_POLICY": "PASSIVE"}


def test_all_threads_move_when_others_want_the_cores(plain: dict[str, Any]) -> None:
    everywhere = sorted(os.sched_getaffinity(0))
    assert all(cores == everywhere for cores in plain["moved"])


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("LARAS_MACHINE", "off", "switched-off"),
        ("OMP_WAIT_POLICY", "ACTIVE", "chosen"),
        ("GOMP_SPINCOUNT", "7", "chosen"),
        ("OMP_PROC_BIND", "false", "chosen"),
    ],
)
def test_what_the_user_has_chosen_stays(variable: str, value: str, reason: str) -> None:
    facts = seen(**{variable: value})
    assert (facts["bound"], facts["reason"], facts["waiting"]) == (False, reason, "chosen")
    expected = {} if variable == "LARAS_MACHINE" else {variable: value}
    assert facts["environment"] == expected
    assert facts["pinned"] == []


def test_who_limits_the_threads_shares_the_machine_and_nothing_is_bound() -> None:
    facts = seen(OMP_NUM_THREADS="1")
    assert (facts["bound"], facts["reason"]) == (False, "shared-cores")
    assert facts["environment"] == {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@pytest.mark.parametrize("driver", [True, False])
@pytest.mark.parametrize("mine", [None, *threads._GPU_MEMORY])
def test_gpu_memory_grows_where_nobody_chose_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, mine: str | None
) -> None:
    for name in threads._GPU_MEMORY:
        monkeypatch.delenv(name, raising=False)
    if mine is not None:
        monkeypatch.setenv(mine, "max_split_size_mb:64")
    monkeypatch.setattr(
        threads, "_NVIDIA", (tmp_path / "no", tmp_path if driver else tmp_path / "no")
    )
    threads._let_segments_grow()
    found = {name: os.environ[name] for name in threads._GPU_MEMORY if name in os.environ}
    grown = {"PYTORCH_ALLOC_CONF": "expandable_segments:True"} if driver else {}
    assert found == (grown if mine is None else {mine: "max_split_size_mb:64"})


def test_where_torch_came_first_its_threads_are_left_alone() -> None:
    code = "import torch, laras.threads as t; print(t.setting().reason)"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_", "KMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "torch-loaded"
