"""``laras doctor`` tells facts and judges them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from laras.cli.examination import examine, judge


@pytest.fixture(scope="module")
def examined() -> dict[str, Any]:
    """This machine's facts; asking torch takes seconds, so once is enough."""
    return examine()


@pytest.fixture
def facts(examined: dict[str, Any]) -> dict[str, Any]:
    """A copy that a test may change."""
    return copy.deepcopy(examined)


def levels(facts: dict[str, Any]) -> dict[str, str]:
    return {finding.subject: finding.level for finding in judge(facts)}


def test_this_machine_can_be_examined(facts: dict[str, Any]) -> None:
    assert facts["machine"]["cores"] >= 1
    assert facts["machine"]["memory_bytes"] > 2**28
    assert facts["torch"]["version"]
    assert facts["missing"] == []
    assert levels(facts)["PyTorch"] == "good"


def test_what_is_wrong_is_judged_so(facts: dict[str, Any]) -> None:
    facts["torch"] = {"error": "No module named 'torch'"}
    facts["missing"] = ["peft"]
    facts["starter"] = None
    facts["folder_writable"] = False
    found = levels(facts)
    assert [found[name] for name in ("PyTorch", "Packages", "Starter model", "Disk")] == ["bad"] * 4


def test_a_gpu_that_torch_can_not_use_is_pointed_out(facts: dict[str, Any]) -> None:
    facts["torch"] = {"version": "2.13.0+cpu", "devices": [], "threads": 2}
    facts["machine"]["accelerators"] = ["NVIDIA H200"]
    (finding,) = [item for item in judge(facts) if item.subject == "Accelerator"]
    assert finding.level == "bad"
    assert "NVIDIA H200" in finding.message


def test_idle_cores_and_slow_arithmetic_are_noted(facts: dict[str, Any]) -> None:
    facts["machine"] |= {"cores": 8, "instruction_sets": ["avx2"]}
    facts["threads"] = {"OMP_NUM_THREADS": "1"}
    found = levels(facts)
    assert (found["Processor"], found["Arithmetic"]) == ("note", "note")


def messages(facts: dict[str, Any]) -> dict[str, str]:
    return {finding.subject: finding.message for finding in judge(facts)}


@pytest.mark.parametrize(
    ("settings", "threads", "allocator"),
    [
        ({"bound": True, "reason": "", "allocator": "glibc"}, "keeps its core", "is kept"),
        (
            {"bound": False, "reason": "switched-off", "allocator": "chosen"},
            "LARAS_MACHINE=off",
            "LARAS_MACHINE",
        ),
        (
            {"bound": False, "reason": "chosen", "allocator": "other"},
            "OMP_PROC_BIND",
            "left alone",
        ),
        (
            {"bound": False, "reason": "shared-cores", "threads": 3, "allocator": "glibc"},
            "limited to 3",
            "is kept",
        ),
    ],
)
def test_what_is_set_on_this_machine_is_told_with_who_has_set_it(
    facts: dict[str, Any], settings: dict[str, Any], threads: str, allocator: str
) -> None:
    chosen = {"LARAS_MACHINE": "off", "OMP_PROC_BIND": "true"}
    facts["settings"] |= {"threads": None, "chosen": chosen, **settings}
    assert threads in messages(facts)["Threads"]
    assert allocator in messages(facts)["Allocator"]


def test_every_reason_not_to_bind_threads_has_its_words(facts: dict[str, Any]) -> None:
    for reason in (
        *("switched-off", "chosen", "torch-loaded", "one-core", "shared-cores"),
        *("unequal-cores", "other-runtime"),
    ):
        facts["settings"] |= {"bound": False, "reason": reason}
        assert messages(facts)["Threads"]
