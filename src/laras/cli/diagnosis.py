"""What the facts of ``laras doctor`` mean, each in a sentence, and whether it is a problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from laras import threads
from laras.runs import heap
from laras.translation import _

_LEAST_MEMORY_BYTES = 4 * 2**30
_LEAST_DISK_BYTES = 5 * 2**30

Level = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One judged fact. ``level``: good, a note, or bad (something will not work)."""

    subject: str
    level: Level
    message: str


def judge(facts: dict[str, Any]) -> list[Finding]:
    """The facts as findings, the order in which one would ask."""
    machine = facts["machine"]
    return [
        _packages(facts),
        *_torch(facts["torch"], machine),
        _cores(machine, facts["threads"]),
        _arithmetic(machine),
        *_engine(facts["engine"], facts["torch"]),
        _settings_of_threads(facts["settings"], facts["torch"]),
        _allocator(facts["settings"]),
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


def _engine(engine: dict[str, Any], torch: dict[str, Any]) -> list[Finding]:
    """Who computes the steps between matrix products, and attention."""
    if "error" in torch:  # said already
        return []
    if "error" in engine:
        message = _("the engine can't be asked: {reason}").format(reason=engine["error"])
        return [Finding(_("Kernels"), "bad", message)]
    fast = engine["triton"] if engine["device"] == "cuda" else engine["kernels"] == "c"
    level: Level = "good" if fast and engine["device"] != "mps" else "note"
    if engine["device"] == "cuda":
        kernels = (
            _("on the GPU, torch.compile")
            if engine["triton"]
            else _("on the GPU, plain PyTorch: torch.compile needs Triton, which is not installed")
        )
        kernels += "; " + _("on the processor, {kernels}").format(kernels=engine["description"])
        attention = {
            "varlen": _("PyTorch's kernel for rows of several examples"),
            "flex": _("flex attention, by torch.compile"),
        }[engine["attention_on_gpu"]]
    elif engine["device"] == "mps":
        kernels = attention = _("those of the model's own modules, on padded rows")
    else:
        kernels = engine["description"]
        attention = _("in C where it can serve, else in matrix products")
        if not fast:
            attention = _("in matrix products of PyTorch")
    return [
        Finding(_("Kernels"), level, kernels),
        Finding(_("Attention"), level, attention),
    ]


def _settings_of_threads(settings: dict[str, Any], torch: dict[str, Any]) -> Finding:
    message = _placement_of_threads(settings)
    if settings["threads"]:
        message += "; " + _("limited to {number} by a control group").format(
            number=settings["threads"]
        )
    elif "threads" in torch:
        message += "; " + _("PyTorch uses {number}").format(number=torch["threads"])
    return Finding(_("Threads"), "good", message)


def _placement_of_threads(settings: dict[str, Any]) -> str:
    if settings["bound"]:
        return _(
            "each keeps its core while Laras computes and the cores are otherwise idle "
            "(LARAS_MACHINE=off switches it off)"
        )
    return {
        threads.SWITCHED_OFF: _("left alone: LARAS_MACHINE=off is set"),
        threads.CHOSEN: _("left alone: set by {names}").format(
            names=", ".join(name for name in settings["chosen"] if name in threads.CHOICES)
        ),
        threads.TORCH_LOADED: _("run on any core: PyTorch was imported before Laras"),
        threads.ONE_CORE: _("there is only one core"),
        threads.SHARED: _("run on any core: they may be fewer than these, so others use them, too"),
        threads.UNEQUAL: _("run on any core: there are fast ones and slow ones"),
        threads.OTHER_RUNTIME: _("run on any core: Laras can't bind them on this system"),
    }[settings["reason"]]


def _allocator(settings: dict[str, Any]) -> Finding:
    choices = (threads.SWITCH, *heap.CHOICES)
    messages = {
        "glibc": _("while Laras computes, freed memory is kept for the next step"),
        "chosen": _("left alone: set by {names}").format(
            names=", ".join(name for name in settings["chosen"] if name in choices)
        ),
        "other": _("the system's own, left alone"),
    }
    message = messages[settings["allocator"]]
    if pages := _huge_pages(settings):
        message += "; " + pages
    if settings["gpu_memory"]:
        message += "; " + _("on the GPU: {setting}").format(setting=settings["gpu_memory"])
    return Finding(_("Allocator"), "good", message)


def _huge_pages(settings: dict[str, Any]) -> str | None:
    asked = settings["huge_pages_asked_for"]
    return {
        "always": _("huge pages wherever they fit"),
        "madvise": _("huge pages are asked for")
        if asked
        else _("huge pages are not asked for (THP_MEM_ALLOC_ENABLE=1 does)"),
        "never": _("no huge pages: the system gives none"),
    }.get(settings["huge_pages"])


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
