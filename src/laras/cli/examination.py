"""What ``laras doctor`` finds out about this machine; ``diagnosis.py`` judges it.

torch, and the engine that runs on it, are asked in a child process: a broken installation may crash
instead of raising, and a doctor who dies with the patient is of no use.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import laras
from laras import threads
from laras.runs import heap
from laras.runs.machine import describe_machine, huge_pages, library_versions
from laras.translation import language

# A line about torch, then one about the engine: if that ends the process, the first stands.
# laras comes before torch, whose threads it sets. The argument is the language to answer in.
_TORCH_QUESTIONS = """
import json, sys
import laras
import torch
devices = []
if torch.cuda.is_available():
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        devices.append({"name": properties.name, "memory_bytes": properties.total_memory})
print(json.dumps({
    "version": torch.__version__,
    "threads": torch.get_num_threads(),
    "devices": devices,
    "bfloat16_on_device": bool(devices) and torch.cuda.is_bf16_supported(),
}), flush=True)

from importlib.util import find_spec
from laras.translation import set_language
from laras.kernels.attention_cuda import describe
from laras.kernels import backends
set_language(sys.argv[1])
device = "cuda" if devices else "mps" if torch.backends.mps.is_available() else "cpu"
row = torch.empty(1, 1, 64, dtype=torch.bfloat16, device=device)
print(json.dumps({
    "device": device,
    "kernels": backends.backend(),
    "description": backends.description(),
    "triton": find_spec("triton") is not None,
    "attention_on_gpu": describe(row) if devices else None,
}))
"""
_TORCH_TIMEOUT_S = 120
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_EXTRAS = {"ray": "ray", "harness": "lm_eval"}  # extra of ours: the package that it brings
# PyTorch reads it: large tensors in pages of 2 MiB, where the system gives them to who asks.
_HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
# How PyTorch hands out the memory of GPUs; the first that is set counts.
_GPU_MEMORY = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # at the start of a requirement


def examine() -> dict[str, Any]:
    """All facts, as JSON knows them."""
    torch, engine = ask_torch()
    return {
        "laras": laras.__version__,
        "python": platform.python_version(),
        "language": language(),
        "machine": describe_machine(),
        "disk_free_bytes": shutil.disk_usage(Path.cwd()).free,
        "folder_writable": os.access(Path.cwd(), os.W_OK),
        "threads": {name: os.environ.get(name) for name in _THREAD_VARIABLES},
        "settings": machine_settings(),
        "libraries": library_versions(),
        "missing": missing_requirements(),
        "extras": {extra: _installed(package) for extra, package in _EXTRAS.items()},
        "torch": torch,
        "engine": engine,
        "starter": starter_bytes(),
    }


def machine_settings() -> dict[str, Any]:
    """What Laras has set, or will set while it computes, and why not; what the user has set."""
    setting = threads.setting()
    names = [threads.SWITCH, *heap.CHOICES, _HUGE_PAGES]
    if setting.waiting == "chosen":  # else those that are set now are Laras's own
        names += threads.CHOICES
    return {
        "waiting": setting.waiting,
        "bound": setting.bound,
        "reason": setting.reason,
        "threads": setting.threads,
        "allocator": heap.allocator(),
        "gpu_memory": next((os.environ[name] for name in _GPU_MEMORY if name in os.environ), None),
        "huge_pages": huge_pages(),
        "huge_pages_asked_for": _asks_for_huge_pages(),
        "chosen": {name: os.environ[name] for name in names if name in os.environ},
    }


def _asks_for_huge_pages() -> bool:
    """Laras does while it computes, where it sets the allocator; else the user may have."""
    tuned = "glibc.malloc.hugetlb=" in os.environ.get("GLIBC_TUNABLES", "")
    return heap.allocator() == "glibc" or os.environ.get(_HUGE_PAGES) == "1" or tuned


def ask_torch() -> tuple[dict[str, Any], dict[str, Any]]:
    """What torch says about itself and its devices, and what Laras's engine computes with here
    (``description`` in the language in use); each ``{"error": ...}`` if it can't be asked."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TORCH_QUESTIONS, language()],
            capture_output=True,
            text=True,
            timeout=_TORCH_TIMEOUT_S,
            check=False,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
        reason = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        answers, reason = [], str(error)
    torch, engine = (*answers, {"error": reason}, {"error": reason})[:2]
    return torch, engine


def missing_requirements() -> list[str]:
    """Packages that Laras needs and this Python does not have."""
    try:
        lines = requires("laras") or []
    except PackageNotFoundError:  # run from its source, not installed
        return []
    needed = [_NAME.match(line) for line in lines if "extra ==" not in line]
    return [name[0] for name in needed if name and not _installed(name[0])]


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def starter_bytes() -> int | None:
    """Size of the starter model that ships with Laras; None if it is not there."""
    folder = Path(str(files("laras"))) / "models" / "starter"
    if not (folder / "config.json").exists():
        return None
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
