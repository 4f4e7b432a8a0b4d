"""What this machine is, without saying whose: processor, memory, accelerator, versions.

Nothing here imports torch: a run's manifest and ``laras doctor`` need answers when torch can't
be imported, too.
"""

from __future__ import annotations

import contextlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# What decides a result, the weights first; a test compares these with what Laras depends on.
LIBRARIES = (
    *("torch", "transformers", "peft", "tokenizers", "safetensors", "numpy", "pyarrow", "daft"),
    *("pydantic", "ruamel.yaml", "jinja2", "gigatoken", "xxhash", "huggingface-hub"),
    *("pypdfium2", "trafilatura", "selectolax", "python-calamine", "python-oxmsg", "striprtf"),
    *("docutils", "bibtexparser", "rispy", "pylatexenc", "lxml", "lxml-html-clean"),
    *("charset-normalizer", "ftfy", "py3langid", "phonenumbers", "httpx2"),
    *("sacrebleu", "rouge-score", "scikit-learn", "scipy", "optuna", "altair"),
    "vl-convert-python",
)
# Of the environment: what decides how numbers are computed, and nothing that may be a secret.
_VARIABLES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "LARAS_KERNELS", "CUDA_VISIBLE_DEVICES"),
    *("CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "WORLD_SIZE"),
)
# What makes training on a processor fast, in the names that the kernel gives.
_INSTRUCTION_SETS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
    "sve",
)


def describe_machine() -> dict[str, Any]:
    """Processor, cores that this process may use, memory in bytes, accelerators, system."""
    import psutil

    processor, flags = _processor()
    return {
        "processor": processor,
        "architecture": platform.machine(),
        "cores": usable_cores(),
        "physical_cores": psutil.cpu_count(logical=False),
        "memory_bytes": memory_bytes(),
        "instruction_sets": flags,
        "accelerators": accelerators(),
        "system": platform.system(),
        "system_release": platform.release(),
    }


def usable_cores() -> int:
    """Cores that this process may run on (a container or ``taskset`` may allow fewer)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or less where a control group says so."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limit = (Path("/sys/fs/cgroup") / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if limit.isdecimal():
            total = min(total, int(limit))
    return total


def available_memory_bytes() -> int:
    """Memory that this process could still get without making others swap."""
    import psutil

    available = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # no such limit: "max", or no control group
        used = int((group / "memory.current").read_text("ascii"))
        statistics = (group / "memory.stat").read_text("ascii").split()
        # Files that were read count as used, and go when memory is wanted.
        used -= int(statistics[statistics.index("inactive_file") + 1])
        available = min(available, int((group / "memory.max").read_text("ascii")) - used)
    return max(0, available)


def huge_pages() -> str | None:
    """When Linux gives a process pages of 2 MiB: always, madvise (if asked to) or never."""
    try:
        ways = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text("ascii").split()
    except OSError:
        return None
    return next((way.strip("[]") for way in ways if way.startswith("[")), None)


def _processor() -> tuple[str, list[str]]:
    facts: dict[str, str] = {}
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, separator, value = line.partition(":")
        if separator:
            facts.setdefault(key.strip().lower(), value.strip())
    flags = set((facts.get("flags") or facts.get("features") or "").split())
    name = facts.get("model name") or platform.processor() or platform.machine()
    return name, [flag for flag in _INSTRUCTION_SETS if flag in flags]


def accelerators() -> list[str]:
    """Names of NVIDIA devices that the driver knows, asked through its files."""
    names = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _separator, value = line.partition(":")
            if key.strip() == "Model":
                names.append(value.strip())
    return names


def library_versions() -> dict[str, str | None]:
    """Versions of the libraries that results depend on; None for one that is not installed."""
    return {name: _version(name) for name in LIBRARIES}


def environment() -> dict[str, str]:
    """What is set of the variables that decide how numbers are computed."""
    return {name: os.environ[name] for name in _VARIABLES if name in os.environ}


@cache  # each is looked up on the disk
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
