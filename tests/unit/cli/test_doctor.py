"""``laras doctor`` tells facts and judges them."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from typing import Any

import pytest

from laras.cli.diagnosis import judge
from laras.cli.examination import ask_torch, examine, machine_settings
from laras.translation import using


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


def messages(facts: dict[str, Any]) -> dict[str, str]:
    return {finding.subject: finding.message for finding in judge(facts)}


def test_this_machine_can_be_examined(facts: dict[str, Any]) -> None:
    assert facts["machine"]["cores"] >= 1
    assert facts["machine"]["memory_bytes"] > 2**28
    assert facts["torch"]["version"]
    assert facts["missing"] == []
    assert levels(facts)["PyTorch"] == "good"
    assert facts["engine"]["description"] in messages(facts)["Kernels"]


def test_what_is_wrong_is_judged_so(facts: dict[str, Any]) -> None:
    facts["torch"] = facts["engine"] = {"error": "No module named 'torch'"}
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


@pytest.mark.parametrize(
    ("engine", "level", "kernels", "attention"),
    [
        ({"device": "cpu", "kernels": "c"}, "good", "by: gcc", "in C"),
        ({"device": "cpu", "kernels": "torch"}, "note", "by: gcc", "matrix products of PyTorch"),
        ({"device": "mps", "kernels": "c"}, "note", "padded rows", "padded rows"),
        (
            {"device": "cuda", "triton": True, "attention_on_gpu": "varlen"},
            *("good", "torch.compile; on the processor, C", "rows of several examples"),
        ),
        (
            {"device": "cuda", "triton": False, "attention_on_gpu": "flex"},
            *("note", "Triton, which is not installed", "flex attention"),
        ),
    ],
)
def test_who_computes_is_told_for_every_kind_of_device(
    facts: dict[str, Any], engine: dict[str, Any], level: str, kernels: str, attention: str
) -> None:
    facts["engine"] = {"kernels": "c", "description": "C, compiled by: gcc", **engine}
    assert (levels(facts)["Kernels"], levels(facts)["Attention"]) == (level, level)
    assert kernels in messages(facts)["Kernels"]
    assert attention in messages(facts)["Attention"]


def test_an_engine_that_can_not_be_imported_is_no_fault_of_torch(facts: dict[str, Any]) -> None:
    facts["engine"] = {"error": "ImportError: no kernels"}
    found = levels(facts)
    assert (found["PyTorch"], found["Kernels"]) == ("good", "bad")
    assert "no kernels" in messages(facts)["Kernels"]


def test_the_engine_is_asked_with_the_settings_and_in_the_language_of_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LARAS_KERNELS", "torch")
    with using("id"):
        _torch, engine = ask_torch()
    assert engine["kernels"] == "torch"
    assert "LARAS_KERNELS" in engine["description"]
    assert "is set" not in engine["description"]


@pytest.mark.parametrize(
    ("pages", "asked", "told"),
    [
        ("always", False, "wherever they fit"),
        ("madvise", False, "not asked for"),
        ("madvise", True, "huge pages are asked for"),
        ("never", True, "gives none"),
    ],
)
def test_huge_pages_are_told_as_the_system_gives_them(
    facts: dict[str, Any], pages: str, asked: bool, told: str
) -> None:
    facts["settings"] |= {"huge_pages": pages, "huge_pages_asked_for": asked}
    assert told in messages(facts)["Allocator"]
    facts["settings"]["huge_pages"] = None  # not Linux
    assert "huge pages" not in messages(facts)["Allocator"]


@pytest.mark.parametrize(
    ("name", "value", "asked"),
    [
        ("THP_MEM_ALLOC_ENABLE", "1", True),
        ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", True),
        ("THP_MEM_ALLOC_ENABLE", "0", False),
    ],
)
def test_who_asks_for_huge_pages_beside_laras_is_seen(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, asked: bool
) -> None:
    monkeypatch.setenv("LARAS_MACHINE", "off")
    monkeypatch.setenv(name, value)
    assert machine_settings()["huge_pages_asked_for"] is asked


def test_how_memory_of_gpus_is_handed_out_is_told_where_it_is_set(facts: dict[str, Any]) -> None:
    facts["settings"]["gpu_memory"] = "expandable_segments:True"
    assert "on the GPU: expandable_segments:True" in messages(facts)["Allocator"]


def test_what_laras_has_set_itself_is_not_called_chosen() -> None:
    program = "from laras.cli.examination import machine_settings as m; print(m())"
    cleared = {name: value for name, value in os.environ.items() if "OMP" not in name}
    done = subprocess.run(
        [sys.executable, "-c", program], env=cleared, capture_output=True, text=True, check=True
    )
    assert "OMP_WAIT_POLICY" not in done.stdout
