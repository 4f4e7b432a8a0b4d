"""Freed memory is used again during the work, and given back after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from laras.runs.machine import huge_pages

CODE = """
import json, os, resource
import torch
from laras.runs import heap

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024

def huge():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return int(next(line for line in lines if line.startswith("AnonHugePages")).split()[1]) // 1024

def faults():
    for _ in range(3):
        torch.ones(10 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(10 << 20)  # 40 MiB: glibc learns to keep up to 32 by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
with heap.reused_memory():
    within, held = faults(), resident()
    kept = torch.ones(50 << 20)  # 200 MiB
    huge_mib = huge()
    del kept
print(json.dumps({"allocator": heap.allocator(), "before": before, "within": within,
                  "held": held, "after": resident(), "huge_mib": huge_mib}))
"""


def measured(**environment: str) -> dict[str, int]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "LARAS_MACHINE"))}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, int] = json.loads(done.stdout)
    return answer


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_pages_are_used_again_within_the_work_and_given_back_after_it() -> None:
    facts = measured()
    if facts["allocator"] != "glibc":
        pytest.skip("another allocator")
    assert facts["within"] < facts["before"] / 10
    assert facts["after"] < facts["held"] - 15


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
@pytest.mark.parametrize(
    ("variable", "value"), [("LARAS_MACHINE", "off"), ("MALLOC_TOP_PAD_", "131072")]
)
def test_an_allocator_that_the_user_has_set_is_left_alone(variable: str, value: str) -> None:
    assert measured(**{variable: value})["allocator"] == "chosen"


@pytest.mark.skipif(huge_pages() != "madvise", reason="huge pages are not for those who ask")
def test_huge_pages_are_asked_for() -> None:
    # Some memory may be too scattered for it.
    assert measured()["huge_mib"] >= 100
    assert measured(LARAS_MACHINE="off")["huge_mib"] < 20
