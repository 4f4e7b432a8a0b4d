"""What ``laras doctor`` finds out: facts about this machine, and a judgement of each.

torch is asked in a child process: a broken installation may crash instead of raising, and a
doctor who dies with the patient is of no use.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import laras
from laras import threads
from laras.runs.machine import describe_machine, huge_pages, library_versions
from laras.translation import _, language
from laras.tuning import heap

_TORCH_QUESTIONS = """
import json, torch
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
}))
"""
_TORCH_TIMEOUT_S = 120
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_EXTRAS = {"ray": "ray"}  # extra of ours: the package that it brings
_LEAST_MEMORY_BYTES = 4 * 2**30
_LEAST_DISK_BYTES = 5 * 2**30

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # at the start of a requirement

Level = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One judged fact. ``level``: good, a note, or bad (something will not work)."""

    subject: str
    level: Level
    message: str


def examine() -> dict[str, Any]:
    """All facts, as JSON knows them."""
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
        "torch": ask_torch(),
        "starter": starter_bytes(),
    }


def machine_settings() -> dict[str, Any]:
    """What Laras has set, or will set while it computes, and why not; what the user has set."""
    setting = threads.setting()
    names = (threads.SWITCH, *threads.CHOICES, *heap.CHOICES)
    return {
        "waiting": setting.waiting,
        "bound": setting.bound,
        "reason": setting.reason,
        "threads": setting.threads,
        "allocator": heap.allocator(),
        "huge_pages": huge_pages(),
        "chosen": {name: os.environ[name] for name in names if name in os.environ},
    }


def ask_torch() -> dict[str, Any]:
    """What torch says about itself and its devices; ``{"error": ...}`` if it can't."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TORCH_QUESTIONS],
            capture_output=True,
            text=True,
            timeout=_TORCH_TIMEOUT_S,
            check=False,
        )
        if done.returncode == 0:
            answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return answer
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return {"error": last}
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        return {"error": str(error)}


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


def judge(facts: dict[str, Any]) -> list[Finding]:
    """The facts as findings, the order in which one would ask."""
    machine = facts["machine"]
    return [
        _packages(facts),
        *_torch(facts["torch"], machine),
        _cores(machine, facts["threads"]),
        _settings_of_threads(facts["settings"]),
        _allocator(facts["settings"]),
        _arithmetic(machine),
        _memory(machine),
        _disk(facts),
        _starter(facts["starter"]),
        *_extras(facts["extras"]),
    ]


def _packages(facts: dict[str, Any]) -> Finding:
    if facts["missing"]:
        names = ", ".join(facts["missing"])
        message = _("missing: {names}; install Laras again with pip").format(names=names)
        return Finding(_("Packages"), "bad", message)
    return Finding(_("Packages"), "good", _("all there"))


def _torch(torch: dict[str, Any], machine: dict[str, Any]) -> list[Finding]:
    if "error" in torch:
        message = _("can't be imported: {reason}").format(reason=torch["error"])
        return [Finding("PyTorch", "bad", message)]
    findings = [Finding("PyTorch", "good", torch["version"])]
    for device in torch["devices"]:
        size = gigabytes(device["memory_bytes"])
        findings.append(Finding(_("Accelerator"), "good", f"{device['name']}, {size}"))
    if not torch["devices"] and machine["accelerators"]:
        message = _(
            "{name} is there, but PyTorch can't use it; install a build of PyTorch for CUDA"
        ).format(name=machine["accelerators"][0])
        findings.append(Finding(_("Accelerator"), "bad", message))
    elif not torch["devices"]:
        message = _("none; small models can be tuned on the processor")
        findings.append(Finding(_("Accelerator"), "note", message))
    return findings


def _cores(machine: dict[str, Any], variables: dict[str, str | None]) -> Finding:
    message = _("{processor}, {cores} cores to use").format(
        processor=machine["processor"], cores=machine["cores"]
    )
    limited = {name: value for name, value in variables.items() if value}
    for name, value in limited.items():
        if value.isdecimal() and int(value) < machine["cores"]:
            message += "; " + _("{name}={value} leaves some of them idle").format(
                name=name, value=value
            )
            return Finding(_("Processor"), "note", message)
    return Finding(_("Processor"), "good", message)


def _settings_of_threads(settings: dict[str, Any]) -> Finding:
    if settings["bound"]:
        message = _(
            "each keeps its core while Laras computes and the cores are otherwise idle "
            "(LARAS_MACHINE=off switches it off)"
        )
        return Finding(_("Threads"), "good", message)
    reasons = {
        threads.SWITCHED_OFF: _("left alone: LARAS_MACHINE=off is set"),
        threads.CHOSEN: _("left alone: set by {names}").format(
            names=", ".join(name for name in settings["chosen"] if name in threads.CHOICES)
        ),
        threads.TORCH_LOADED: _("run on any core: PyTorch was imported before Laras"),
        threads.ONE_CORE: _("there is only one core"),
        threads.SHARED: _("run on any core: they may be fewer than these, so others use them, too"),
        threads.UNEQUAL: _("run on any core: there are fast ones and slow ones"),
        threads.OTHER_RUNTIME: _("run on any core: Laras can't bind them on this system"),
    }
    message = reasons[settings["reason"]]
    if settings["threads"]:
        message += "; " + _("limited to {number} by a control group").format(
            number=settings["threads"]
        )
    return Finding(_("Threads"), "good", message)


def _allocator(settings: dict[str, Any]) -> Finding:
    messages = {
        "glibc": _("while Laras computes, freed memory is kept for the next step"),
        "chosen": _("left alone: set by {names}").format(
            names=", ".join(name for name in settings["chosen"] if name not in threads.CHOICES)
        ),
        "other": _("the system's own, left alone"),
    }
    message = messages[settings["allocator"]]
    if settings["huge_pages"] == "madvise":
        message += "; " + _("huge pages are not asked for (THP_MEM_ALLOC_ENABLE=1 does)")
    return Finding(_("Allocator"), "good", message)


def _arithmetic(machine: dict[str, Any]) -> Finding:
    flags = machine["instruction_sets"]
    if any(flag in flags for flag in ("amx_bf16", "avx512_bf16", "bf16")):
        message = _("computes bfloat16 natively ({flags})").format(flags=", ".join(flags))
        return Finding(_("Arithmetic"), "good", message)
    message = _("no native bfloat16; float32 is used on the processor ({flags})").format(
        flags=", ".join(flags) or "–"
    )
    return Finding(_("Arithmetic"), "note", message)


def _memory(machine: dict[str, Any]) -> Finding:
    size = machine["memory_bytes"]
    if size < _LEAST_MEMORY_BYTES:
        message = _("{size}; enough for the starter, little for more").format(size=gigabytes(size))
        return Finding(_("Memory"), "note", message)
    return Finding(_("Memory"), "good", gigabytes(size))


def _disk(facts: dict[str, Any]) -> Finding:
    free = _("{size} free here").format(size=gigabytes(facts["disk_free_bytes"]))
    if not facts["folder_writable"]:
        message = _("this folder can't be written to; choose another with --run")
        return Finding(_("Disk"), "bad", message)
    if facts["disk_free_bytes"] < _LEAST_DISK_BYTES:
        return Finding(_("Disk"), "note", free)
    return Finding(_("Disk"), "good", free)


def _starter(size: int | None) -> Finding:
    if size is None:
        message = _("not there; set model.base to a model of your own")
        return Finding(_("Starter model"), "bad", message)
    return Finding(_("Starter model"), "good", f"{size / 2**20:.0f} MiB")


def _extras(extras: dict[str, bool]) -> list[Finding]:
    return [
        Finding(
            _("Extra {name}").format(name=extra),
            "good" if there else "note",
            _("installed")
            if there
            else _('not installed; pip install "laras[{name}]" adds it').format(name=extra),
        )
        for extra, there in extras.items()
    ]


def gigabytes(size: int) -> str:
    """Bytes as GiB, in one digit after the point."""
    return f"{size / 2**30:.1f} GiB"
